// cli/directory_check.hh -- `posthouse directory check`, a verb of cli/directory.cc.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/result.hh"

#include "cli/accounts.hh"

namespace cli {

inline constexpr Option directory_check_options[] = {
    {"no-disk", "", "Look at the directory alone."},
};

// Prints what does not fit. corrupt when there was anything.
base::Result<void> directory_check(Call& call);

}  // namespace cli
