// maildir-lib/account_files.hh -- every message file of an account, and the lock to change them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// For what looks after stored mail: statistics, compression, packs, tiers. One lstat(2) a file, no
// file is opened. A mail that is renamed while its folder is read may be missing; it is never there
// twice. Blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/handle.hh"
#include "base/result.hh"

#include "maildir-lib/beneath.hh"
#include "maildir-lib/folder.hh"
#include "maildir-lib/replace.hh"

namespace maildir {

// What is found under a name in new/ or cur/.
struct MailFile {
  std::size_t folder = 0;  // in AccountFiles::folders
  std::string name;
  bool in_new = false;
  Stamp stamp;
  std::uint64_t links = 1;
  std::uint64_t disk_bytes = 0;  // blocks that it takes
  bool is_link = false;
  std::string target;  // of a symbolic link
};

struct AccountFiles {
  std::string maildir;
  std::vector<Folder> folders;
  std::vector<MailFile> files;

  std::string folder_path(std::size_t folder) const;
  MailPlace place(const MailFile& file) const;
};

// not_found when there is no Maildir.
base::Result<AccountFiles> list_account(const std::string& maildir);
// "folder/name".
std::string path_in(const std::string& folder, const std::string& name);

// What all symbolic links anywhere in a Maildir point to: in tmp/ too, and in what is no folder to
// us. An error when any of it cannot be read: then nothing is known to be unused.
base::Result<std::set<std::string>> all_link_targets(const std::string& maildir);

// How the bytes of a mail are kept.
enum class Storage {
  plain,
  compressed,  // zstd, or what Dovecot's plugin zlib wrote
  packed,      // a link into a pack
  tiered,      // a link to a file elsewhere
};
// The first octets of a file are only read when its size is not that of its name.
Storage storage_of(const AccountFiles& account, const MailFile& file);
bool is_compressed(std::string_view start);  // by any of the five methods that Dovecot reads

// Held by whoever compresses, packs, tiers or rewrites in an account: one at a time. Deliveries and
// sessions know nothing of it.
class AccountLock {
 public:
  // unavailable when another process has it. Makes `packs/lock`.
  static base::Result<AccountLock> take(const std::string& maildir);

 private:
  explicit AccountLock(base::Fd fd) : fd_(std::move(fd)) {}
  base::Fd fd_;
};

// Which mail something is done to.
struct Policy {
  std::chrono::seconds older_than{0};  // since its arrival
  std::uint64_t larger_than = 0;       // octets of the mail
  std::vector<std::string> folders;    // patterns such as "Archive/*"; "!Trash" excepts; empty: all
  std::vector<std::string> flags;      // "seen", "unflagged"; all must hold
};
// malformed for a flag that is none.
base::Result<void> check_policy(const Policy& policy);
bool fits_folder(const Policy& policy, const Folder& folder);
bool fits(const Policy& policy, const AccountFiles& account, const MailFile& file,
          base::WallTime now);

}  // namespace maildir
