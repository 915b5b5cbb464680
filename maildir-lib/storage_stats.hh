// maildir-lib/storage_stats.hh -- how much mail an account has, and how it is kept.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hh"

#include "maildir-lib/account_files.hh"

namespace maildir {

// Files, each counted once whatever its links.
struct Amount {
  std::uint64_t mails = 0;
  std::uint64_t octets = 0;      // of the mails
  std::uint64_t disk_bytes = 0;  // of what they are kept in; packs are counted apart
  Amount& operator+=(const Amount& more);
};

struct FolderStats {
  Folder folder;
  std::uint64_t names = 0;             // what a client counts
  std::array<Amount, 4> by_storage{};  // index: Storage
  std::uint64_t missing = 0;           // links to a pack or a tier that is not there
};

// A file of which some links are in other accounts.
struct SharedFile {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t disk_bytes = 0;
};

struct AccountStats {
  std::vector<FolderStats> folders;  // a file with names in several is counted in the first
  std::uint64_t packs = 0;
  std::uint64_t pack_bytes = 0;  // on disk
  std::vector<SharedFile> shared;

  FolderStats total() const;
};

base::Result<AccountStats> count_account(const std::string& maildir);

}  // namespace maildir
