// maildir-lib/index.hh -- the index of one account: its folders, e-mails, threads and changes.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A cache over the Maildir, which is the truth: SQLite on local disk, one writer, deleted and made
// anew at will; only the numbers of e-mails and folders (ids.log) outlive it. refresh() brings it
// up to date: stamps tell which folders to read, names which messages are new, and only those are
// opened. All files with one GUID are one Email. Everything blocks; one thread at a time.
//
// A first build takes in names and dates at once, so that lists are there, and leaves contents and
// threads to build(), in slices. Others who need the account (packs, tiers, full-text search) read
// the same tables: docs/formats/index.md.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hh"
#include "base/handle.hh"
#include "base/result.hh"

#include "maildir-lib/beneath.hh"
#include "maildir-lib/filename.hh"
#include "maildir-lib/folder.hh"
#include "maildir-lib/folder_scan.hh"
#include "maildir-lib/id_book.hh"
#include "maildir-lib/index_db.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/uidlist.hh"

namespace maildir {

struct IndexOptions {
  std::string maildir;  // the account's Maildir
  std::string ids;      // its ids.log
  std::string file;     // the index
  TierRoots tiers;      // where old mail may have been moved to
};

struct FolderCounts {
  std::int64_t emails = 0;
  std::int64_t unread = 0;  // neither seen nor draft
  std::int64_t threads = 0;
  std::int64_t unread_threads = 0;
  bool operator==(const FolderCounts&) const = default;
};

struct IndexedFolder {
  std::int64_t number = 0;
  Folder folder;
  std::string guid;
  Keywords keywords;
  bool is_subscribed = false;
  FolderCounts counts;
};

// One file of an Email that is not flagged deleted.
struct Place {
  std::int64_t folder = 0;
  Flags flags;
  bool operator==(const Place&) const = default;
};

struct Email {
  std::int64_t number = 0;
  std::int64_t thread = 0;
  std::int64_t received = 0;  // seconds
  std::uint64_t size = 0;
  std::int64_t created = 0;   // when, in the order of changes
  std::vector<Place> places;  // never empty; by folder
  bool has_content = false;   // the rest is known
  bool has_attachment = false;
  std::uint32_t omitted = 0;  // of Summary
  std::string preview;
  std::string header;  // of Summary

  bool is_seen() const;       // every copy is
  bool has(Flag flag) const;  // any copy has
};

// A line of a list; lists are sorted by these, oldest first.
struct ListEntry {
  std::int64_t received = 0;
  std::int64_t number = 0;
  std::int64_t thread = 0;
};
using List = std::vector<ListEntry>;

enum class Kind { email = 1, folder = 2 };

struct Changes {
  std::vector<std::int64_t> created;
  std::vector<std::int64_t> updated;
  std::vector<std::int64_t> destroyed;
  std::int64_t until = 0;  // the state they lead to
  bool has_more = false;
  bool only_counts = false;  // of folders: nothing but their counts changed
};

class Index {
 public:
  // corrupt: remove the file (IndexDb::remove) and open it again.
  static base::Result<std::unique_ptr<Index>> open(const IndexOptions& options);

  // Takes over what changed in the Maildir. not_found without one.
  base::Result<void> refresh(base::WallTime now);

  // Goes on with contents and threads until all are known or `until` has passed.
  base::Result<void> build(base::SteadyTime until);
  bool is_complete() const { return unthreaded_ == 0; }

  const std::vector<IndexedFolder>& folders() const { return folders_; }
  const IndexedFolder* find_folder(std::int64_t number) const;

  // The Emails of a folder, of all folders for 0. Valid until the next refresh() or build().
  base::Result<const List*> list(std::int64_t folder);
  // not_found when there is no such Email.
  base::Result<Email> email(std::int64_t number);
  // Reads and keeps the contents of those that lack them: before email() is asked for rows.
  base::Result<void> fill(std::span<const std::int64_t> numbers);
  // Its Emails, oldest first; empty when there is no such thread.
  base::Result<List> thread(std::int64_t number);
  // The Email of a GUID, for those who know mail by it; and where it is: folder and UID.
  base::Result<std::optional<std::int64_t>> find_guid(std::string_view guid);
  struct Uid {
    std::int64_t folder = 0;
    std::uint32_t uid = 0;  // 0: Dovecot has not numbered it yet
  };
  base::Result<std::vector<Uid>> uids(std::int64_t email);

  // The message of an Email, for reading; unavailable when its pack or tier is missing.
  base::Result<Message> open_message(std::int64_t email, Packs* packs = nullptr) const;

  // States: an epoch that ends with the file, and a number that grows.
  const std::string& epoch() const { return epoch_; }
  std::int64_t state(Kind kind) const { return kind == Kind::email ? email_state_ : folder_state_; }
  // not_found when it is not known what changed since then.
  base::Result<Changes> changes(Kind kind, std::int64_t since, std::size_t limit);

  std::int64_t size() const { return emails_; }
  bool is_in_place() const { return db_->is_in_place(); }

 private:
  // What a folder needs beside what is told of it; of the same index as in folders_.
  struct FolderWork {
    std::uint64_t inode = 0;
    FolderStamps stamps;
    std::optional<std::vector<KnownFile>> known;  // read from the file when first needed
    std::map<std::int64_t, UidEntry> early;
    std::optional<List> list;
    FolderCounts saved;  // the counts as they stand in the file
  };
  struct Scanned {
    std::size_t folder = 0;
    FolderChanges changes;
  };
  struct Seed {  // what is known of an Email that may have to be made
    std::int64_t received = 0;
    std::uint64_t size = 0;
  };
  struct Touch {
    std::optional<Seed> seed;
    bool shows = false;  // clients see a change even if flags and folders are the same
  };
  using Touched = std::map<std::int64_t, Touch>;

  Index(IndexOptions options, std::unique_ptr<IndexDb> db)
      : options_(std::move(options)), db_(std::move(db)), ids_(*db_, options_.ids) {}

  // index.cc
  base::Result<void> try_refresh(base::WallTime now);
  base::Result<void> load();
  base::Result<void> shorten_log();
  base::Result<void> load_folders();
  base::Result<void> load_known(std::size_t folder);
  base::Result<std::vector<Scanned>> scan(const Directory& root, base::WallTime now);
  bool is_still(const Directory& root, const std::vector<Scanned>& scanned) const;
  base::Result<void> save_states();
  base::Result<Directory> open_folder(const Directory& root, std::size_t folder) const;

  // index_folders.cc
  struct Present;
  base::Result<void> refresh_folders(const Directory& root, base::WallTime now);
  base::Result<void> take_folders(const Directory& root, bool is_same,
                                  std::vector<Present>& present, base::WallTime now);
  void match_folders(const Directory& root, std::vector<Present>& present) const;
  base::Result<void> store_folders(std::vector<Present>& present, base::WallTime now);
  base::Result<IdWish> wish_for(const Present& folder, const std::vector<Present>& present);
  base::Result<void> store_folder(const Present& folder, std::int64_t number);
  base::Result<void> remove_folder(std::int64_t number);
  base::Result<void> note_subscriptions(const Subscriptions& subscriptions);
  base::Result<void> learn_guid(std::size_t folder, const std::string& guid, base::WallTime now);

  // index_apply.cc: what a scan found
  base::Result<void> apply(std::vector<Scanned>& scanned, base::WallTime now);
  base::Result<void> add_files(std::vector<Scanned>& scanned, base::WallTime now, Touched& touched);
  base::Result<void> hold_back(Scanned& scanned, base::WallTime now);
  base::Result<void> add_file(std::size_t folder, const FoundFile& file, std::int64_t email,
                              Touched& touched);
  base::Result<void> change_files(const Scanned& scanned, base::WallTime now, Touched& touched);
  base::Result<void> rename_file(std::size_t folder, const FoundFile& file, Touched& touched);
  base::Result<void> remove_file(std::size_t folder, std::int64_t base, Touched& touched);
  base::Result<void> number_file(std::size_t folder, const NumberedFile& file, base::WallTime now,
                                 Touched& touched);
  base::Result<void> apply_keywords(const Scanned& scanned, Touched& touched);
  base::Result<void> save_scan(const Scanned& scanned);
  base::Result<void> finish_new();

  // index_settle.cc: what follows for Emails, lists and counts
  base::Result<void> settle(std::int64_t email, const Touch& touch);
  base::Result<void> create(std::int64_t email, const Touch& touch, std::vector<Place> places);
  base::Result<void> change(const Email& before, std::vector<Place> places);
  base::Result<void> destroy(const Email& before);
  base::Result<Seed> look_at(std::int64_t email) const;
  base::Result<void> enlist(const Email& before, const Email& after);
  base::Result<void> enlist_in(std::size_t folder, const Email& before, const Email& after);
  base::Result<void> count_thread(std::size_t folder, std::int64_t thread, int emails, int unread);
  base::Result<void> note_gone(Kind kind, std::int64_t number, std::int64_t created);
  base::Result<void> save_counts();
  void note_thread(const Email& email);

  // index_build.cc: contents and threads
  Packs* reading_packs();
  base::Result<bool> take_content(std::int64_t email, std::vector<std::int64_t>* keys);
  base::Result<void> take_thread(std::int64_t email);
  base::Result<std::int64_t> choose_thread(std::int64_t email,
                                           const std::vector<std::int64_t>& keys);

  // index_read.cc
  base::Result<std::optional<Email>> load_email(std::int64_t number);
  base::Result<bool> is_known_state(std::int64_t since);
  base::Result<std::vector<Place>> places_of(std::int64_t email);

  std::int64_t next_modseq() { return ++modseq_; }
  std::optional<std::size_t> index_of(std::int64_t folder) const;

  IndexOptions options_;
  std::unique_ptr<IndexDb> db_;
  IdBook ids_;
  std::string epoch_;
  std::int64_t modseq_ = 0;
  std::int64_t email_state_ = 0;
  std::int64_t folder_state_ = 0;
  std::int64_t emails_ = 0;
  std::int64_t unthreaded_ = 0;
  std::optional<Stamp> root_stamp_;
  std::optional<Stamp> subscriptions_stamp_;
  std::vector<IndexedFolder> folders_;  // INBOX first, then by name on disk
  std::vector<FolderWork> work_;
  std::optional<List> all_;
  std::optional<Packs> packs_;       // of the contents that are taken in
  std::vector<std::int64_t> fresh_;  // Emails made by the change under way
  bool is_loaded_ = false;
};

}  // namespace maildir
