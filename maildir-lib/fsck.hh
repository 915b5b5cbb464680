// maildir-lib/fsck.hh -- looking for what does not fit in the stored mail of an account.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Names against bytes, links against packs and tiers, packs against themselves. Repairing changes
// only what is certain: a link whose pack is missing, or has no mail there, is set to another
// record of the same base name and size; what a killed run left is removed. Nothing else is
// deleted.
#pragma once

#include <string>
#include <vector>

#include "base/result.hh"

#include "maildir-lib/upkeep.hh"

namespace maildir {

struct Fault {
  std::string what;  // a word: doubled, dangling, size, unreadable, unfinished, damaged, lost
  std::string path;
  std::string detail;
  bool is_repaired = false;
};

struct FsckOptions {
  bool repairs = false;
  // Also makes a link for every record of a pack whose mail has no name anywhere: after names were
  // lost. Mail that was deleted since its pack was written comes back too.
  bool restores = false;
  bool reads_all = false;  // every mail, to the last octet
  std::vector<std::string> tier_roots;
};

struct FsckReport {
  std::vector<Fault> faults;
  std::uint64_t mails = 0;
  std::uint64_t packs = 0;
  std::uint64_t unlinked = 0;  // records of packs without a name: deleted or replaced mail, usually
};

base::Result<FsckReport> fsck_account(const std::string& maildir, const Upkeep& how,
                                      const FsckOptions& options, Watcher& watcher);

}  // namespace maildir
