// cli/alias_warnings.hh -- what is told of aliases that lead, or will lead, to nobody.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/result.hh"

#include "directory-lib/directory.hh"

namespace cli {

// Of an alias that was just stored: its targets that nobody has.
std::vector<std::string> warnings_of(directory::Directory& accounts, const directory::Alias& alias);

// Of addresses and domains that were just removed: the aliases that lead there. An
// ItemVerb::look_back.
base::Result<std::vector<std::string>> warn_of_aliases(directory::Directory& accounts,
                                                       const std::vector<std::string>& objects);

}  // namespace cli
