// directory-lib/reverse.hh -- from a mailbox back to the addresses whose mail reaches it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "directory-lib/directory.hh"

namespace directory {

// The user's own address first, then each alias that leads to it, over any number of aliases, and
// the same local part of each domain that stands for the user's domain. A catch-all leads to it
// from any address, so it names none. Walks all aliases: for commands, not for each mail.
// not_found: no such user. Else as list_aliases().
base::Result<std::vector<std::string>> addresses_of(Directory& directory, std::string_view user,
                                                    base::WallTime now);

}  // namespace directory
