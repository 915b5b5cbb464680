// cli/password_prompt.hh -- a password from a terminal without echo, or from standard input.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hh"

namespace cli {

// Asks twice at the terminal when standard input is one; otherwise, or when `from_stdin`, takes the
// first line of standard input. malformed when the two differ or there is none; denied when the
// person gave up (Ctrl-C). The caller wipes it (directory::wipe).
base::Result<std::string> read_new_password(std::string_view whose, bool from_stdin);

}  // namespace cli
