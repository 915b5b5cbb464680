// maildir-lib/folder_scan.hh -- what changed in one folder since it was looked at last.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Only what has another stamp is read: new/ without cur/ after a delivery, and of dovecot-uidlist
// what was appended. A stamp younger than two seconds is not trusted (what happens within the grain
// of the clock would not show). Known names cost no stat(). A name that is missing while somebody
// works in the folder is looked for again: a rename can hide a file from one reading of a
// directory. Reads alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "maildir-lib/beneath.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/uidlist.hh"

namespace maildir {

// FNV-1a of a base name: a file's key in its folder.
std::int64_t name_hash(std::string_view text);
std::uint32_t short_hash(std::string_view text);

// What is remembered of a file to know it again.
struct KnownFile {
  std::int64_t base = 0;   // name_hash
  std::uint32_t info = 0;  // short_hash of what follows the base name
  std::uint32_t uid = 0;   // 0: not in the uidlist yet
  std::uint32_t guid = 0;  // short_hash of key G; of "" without one
  bool in_new = false;
};

struct UidEntry {
  std::uint32_t uid = 0;
  std::string guid;  // empty: the base name
};

// How far dovecot-uidlist was read, and what tells that it was only appended to since.
struct UidlistPlace {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t end = 0;   // behind the last whole line
  std::uint32_t head = 0;  // of the first line
  std::uint32_t tail = 0;  // of the octets before `end`
};

// What a folder looked like; kept between runs as text.
struct FolderStamps {
  // The four as they are now.
  static FolderStamps of(const Directory& folder);
  bool looks_like(const FolderStamps& other) const;  // the four are equal
  bool is_trusted() const;                           // none will have to be read again

  std::optional<Stamp> fresh;  // new/
  std::optional<Stamp> cur;
  std::optional<Stamp> uidlist;
  std::optional<Stamp> keywords;
  UidlistPlace place;

  std::string text() const;
  static FolderStamps parse(std::string_view text);  // anything else: nothing is known
};

struct FoundFile {
  std::string name;
  bool in_new = false;
  // Of added files:
  Stamp stamp;
  UidEntry entry;
  bool is_recorded = false;  // entry is from the uidlist
  bool may_be_link = false;
};

struct NumberedFile {
  std::int64_t base = 0;
  UidEntry entry;
};

struct FolderChanges {
  FolderStamps seen;    // as they were before the folder was read
  FolderStamps stamps;  // the same; what will have to be read again has one that nothing equals
  std::vector<FoundFile> added;
  std::vector<FoundFile> renamed;      // known base name, other flags or directory
  std::vector<std::int64_t> removed;   // base hashes
  std::vector<NumberedFile> numbered;  // known files with another UID or GUID than before
  std::optional<std::string> guid;     // of the folder, when the uidlist was read
  std::optional<Keywords> keywords;    // when dovecot-keywords was read
};

class FolderScan {
 public:
  // Everything as it was after the last scan; `known` sorted by base.
  FolderScan(const FolderStamps& before, base::WallTime now, const TierRoots& tiers)
      : before_(before), now_(now), tiers_(tiers) {}

  // False when nothing changed. Then read() is not needed.
  bool has_changed(const Directory& folder);

  // `early` holds records whose file was not there yet when they were read.
  base::Result<FolderChanges> read(const Directory& folder, const std::vector<KnownFile>& known,
                                   std::map<std::int64_t, UidEntry>& early);

 private:
  base::Result<void> find_files(const Directory& folder, const std::vector<KnownFile>& known,
                                FolderChanges& out);
  base::Result<void> list(const Directory& folder, bool in_new, const std::vector<KnownFile>& known,
                          std::vector<bool>& met, FolderChanges& out);
  base::Result<void> list_again(const Directory& folder, const std::vector<KnownFile>& known,
                                std::vector<bool>& met, FolderChanges& out);
  void stat_added(const Directory& folder, FolderChanges& out);
  base::Result<void> read_uidlist(const Directory& folder, const std::vector<KnownFile>& known,
                                  std::map<std::int64_t, UidEntry>& early, FolderChanges& out);
  void distrust_young();

  const FolderStamps& before_;
  base::WallTime now_;
  const TierRoots& tiers_;
  FolderStamps found_;
  bool reads_new_ = false;
  bool reads_cur_ = false;
};

// A stamp that no folder has: what it stands for is read again.
inline constexpr Stamp distrusted{};

// The GUID in the head of a folder's dovecot-uidlist; empty when it has none.
std::string folder_guid(const Directory& folder);

}  // namespace maildir
