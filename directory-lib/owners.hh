// directory-lib/owners.hh -- whose an address is, and so who may send as it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "directory-lib/directory.hh"

namespace directory {

struct Owners {
  enum class State {
    foreign,  // in no domain of ours, or no address
    nobody,   // in a domain of ours, and nobody has it
    found,
  };
  State state = State::foreign;
  bool is_catch_all = false;             // nobody has exactly this address
  bool leaves = false;                   // its mail also goes to addresses that are not ours
  std::vector<std::string> mailboxes{};  // ours that get its mail, aliases expanded; lower case
};

// An alias beyond the limits above is found, and nobody in particular has it. Errors as
// find_alias(), without not_found and malformed.
base::Result<Owners> owners_of(Directory& directory, std::string_view address, base::WallTime now);

}  // namespace directory
