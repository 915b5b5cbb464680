// maildir-lib/replace.hh -- other bytes, or a symbolic link, in the place of a message file.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// For compressing, packing, tiering and their ways back, while Dovecot delivers into the folder,
// changes flags (renames), copies and expunges there. The new file is made in tmp/ and durable;
// then one renameat2(2) with RENAME_EXCHANGE puts it where the old one is. That call never makes a
// name: when the mail was renamed or expunged meanwhile it fails, and the mail is looked for by its
// base name. The old file, now in tmp/, goes once the exchange is durable. Killed at any step, the
// mail is there once, old or new, and at most a rest lies in tmp/ (remove_rests).
//
// File systems without that call (NFS) are served under Dovecot's lock on the folder's uidlist: a
// rename, then a look whether the base name is there twice, as it would be after somebody without
// the lock renamed the mail in between; then ours goes again. docs/notes/0094-replacing-in-place.md
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

#include "maildir-lib/beneath.hh"
#include "maildir-lib/delivery.hh"

namespace maildir {

// A name of a message file, as last seen.
struct MailPlace {
  std::string folder;  // the path of the folder with tmp/, new/ and cur/
  std::string name;
  bool in_new = false;

  std::string path() const { return folder + (in_new ? "/new/" : "/cur/") + name; }
};

// What comes into the place of a message file.
struct Substitute {
  std::string bytes;     // of the file; of the link what it points to
  bool is_link = false;  // a symbolic link
};

enum class Replaced {
  done,
  gone,     // expunged meanwhile
  changed,  // it is another file by now than the one that was read
};

// Several at a time: the fsyncs of folders are shared. One thread, one account; who uses it holds
// the account's lock, so that nobody else replaces there.
class Replacements {
 public:
  explicit Replacements(const base::Clock& clock, DiskCalls& calls = DiskCalls::real())
      : clock_(clock), calls_(calls) {}
  Replacements(const Replacements&) = delete;
  Replacements& operator=(const Replacements&) = delete;
  Replacements(Replacements&&) = delete;
  Replacements& operator=(Replacements&&) = delete;
  ~Replacements();  // what was not committed is removed

  // Writes what will take the place. `names` are all of the file's links that are to be replaced,
  // at least one; `seen` is what lstat(2) told of it: its time stays. After an error nothing is
  // added.
  base::Result<void> add(std::vector<MailPlace> names, const Stamp& seen, const Substitute& by);

  // Does it to all that were added, and makes it durable. One answer each, in order; of several
  // links: done when it was done to one. An error is the disk's: what was not replaced is as it
  // was, and all of it is forgotten here.
  base::Result<std::vector<Replaced>> commit();

  std::size_t size() const { return added_.size(); }

 private:
  struct Link {
    MailPlace place;
    std::string rest;         // in tmp/: the new file, after the exchange the old one; or empty
    bool may_remove = false;  // the exchange is done, or there will be none
  };
  struct Added {
    std::vector<Link> links;
    Stamp seen;
    Stamp made;  // of the new file
  };

  base::Result<void> make(Added& mail, const Substitute& by);
  base::Result<void> write_file(const std::string& path, const Stamp& seen, std::string_view bytes,
                                unsigned mode);
  base::Result<Replaced> exchange(Added& mail, Link& link);
  base::Result<Replaced> exchange_found(Added& mail, Link& link);
  base::Result<Replaced> put_back(const Added& mail, Link& link);
  base::Result<std::optional<Replaced>> rename_over(Link& link);
  base::Result<Replaced> rename_locked(Added& mail, Link& link);
  base::Result<void> sync_folders(bool with_mail);
  void forget();

  const base::Clock& clock_;
  DiskCalls& calls_;
  std::vector<Added> added_{};
};

// One mail. `names` and `seen` as above.
base::Result<Replaced> replace_in_place(std::vector<MailPlace> names, const Stamp& seen,
                                        const Substitute& by, const base::Clock& clock,
                                        DiskCalls& calls = DiskCalls::real());

// Where a mail is now: its place with the name it has. False when it is gone.
base::Result<bool> find_again(MailPlace& place);

// Removes from tmp/ what killed runs left there; how many. Under the account's lock.
base::Result<std::size_t> remove_rests(const std::string& folder,
                                       DiskCalls& calls = DiskCalls::real());

}  // namespace maildir
