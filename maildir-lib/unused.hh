// maildir-lib/unused.hh -- files that nothing points to any more, and for how long that is known.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A pack or a tier's file is never removed by the run that finds it unused: somebody may be copying
// the last link to it just then, or have the mail open. It is written down, and goes in a run at
// least 36 hours later that finds it unused again.
//
//   list = *(seconds SP name LF)        seconds since 1970, UTC; name of a file
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

namespace maildir {

inline constexpr std::chrono::hours unused_grace{36};

// `unused` is what this run found, `list` the file of what runs before found. Names that are unused
// since long enough go to `remove`; the others are the new list. Whatever was touched since
// (`changed_at`, seconds) counts from then.
base::Result<std::size_t> remove_unused(
    const std::string& list, const std::vector<std::string>& unused, base::WallTime now,
    const std::function<std::int64_t(const std::string&)>& changed_at,
    const std::function<base::Result<void>(const std::string&)>& remove);

}  // namespace maildir
