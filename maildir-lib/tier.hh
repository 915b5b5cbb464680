// maildir-lib/tier.hh -- mail on a second, cheaper disk, with a symbolic link in its place.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   ROOT/posthouse-tier                 tells that the disk is there, and not just its mount point
//   ROOT/HOME/FOLDER/BASE               a mail, plain or zstd in two frames; FOLDER is INBOX or
//   .A.B ROOT/HOME/unused                    what no link leads to any more (unused.hh)
//
// Stock Dovecot follows the links. A COPY is one more link to the same file: so a file goes only
// when no link of the account leads to it, twice, 36 hours apart.
#pragma once

#include <string>
#include <vector>

#include "base/result.hh"

#include "maildir-lib/upkeep.hh"

namespace maildir {

inline constexpr const char* tier_mark = "posthouse-tier";

struct Tier {
  std::vector<std::string> roots;  // absolute paths, all that may hold mail; the first takes new
  std::string home;                // of the account, relative to the mail root
  int zstd_level = 6;              // for mail that is not compressed yet
};

struct TierCounts {
  UpkeepCounts mails;
  std::size_t removed = 0;  // unused files of the tiers
};

// Moves what the policy chooses to the first root. unavailable: it is not there.
base::Result<TierCounts> tier_account(const std::string& maildir, const Upkeep& how,
                                      const Tier& tier, Watcher& watcher);
// Brings it home from any of them. A file that is not there is a problem of that mail.
base::Result<TierCounts> untier_account(const std::string& maildir, const Upkeep& how,
                                        const Tier& tier, Watcher& watcher);

// Whether a link's target is a file of these tiers: ROOT/..., with no way out.
bool is_in_tier(const std::vector<std::string>& roots, const std::string& target);

}  // namespace maildir
