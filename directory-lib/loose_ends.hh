// directory-lib/loose_ends.hh -- aliases that lead to an address that nobody has.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "directory-lib/directory.hh"

namespace directory {

// Whether mail for a target of an alias reaches a mailbox or an alias, or leaves our domains: of
// those, and of domains that who acts may not see, nothing is known. Errors as resolve().
base::Result<bool> leads_somewhere(Directory& directory, const std::string& target,
                                   base::WallTime now);

// The targets of the alias that lead nowhere; at most the first loose_end_lookups are looked at.
inline constexpr std::size_t loose_end_lookups = 1000;
base::Result<std::vector<std::string>> loose_targets(Directory& directory, const Alias& alias,
                                                     base::WallTime now);

struct LooseEnd {
  std::string alias;
  std::string target;
};
// Aliases that lead to what has gone, or is about to: addresses, and whole domains, in lower case.
// Walks all aliases that who acts may see: for commands.
base::Result<std::vector<LooseEnd>> aliases_to(Directory& directory,
                                               const std::set<std::string, std::less<>>& gone);

}  // namespace directory
