// maildir-lib/mutf7.hh -- folder names on disk: the modified UTF-7 of IMAP (RFC 3501 s5.1.3).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hh"

namespace maildir {

// UTF-8 of a name in modified UTF-7; malformed when it is none, or not in its one canonical form.
base::Result<std::string> from_mutf7(std::string_view name);

// The canonical modified UTF-7 of valid UTF-8; malformed otherwise.
base::Result<std::string> to_mutf7(std::string_view name);

}  // namespace maildir
