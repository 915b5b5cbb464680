// base/must.hh -- must(): a broken invariant ends the process, in release builds too.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string_view>

namespace base {

// Logs `why` to stderr and aborts. The service manager restarts us.
[[noreturn]] void must_failed(std::string_view why, const char* file, int line);

// Call as must(condition, "why it always holds").
inline void must(bool condition, std::string_view why, const char* file = __builtin_FILE(),
                 int line = __builtin_LINE()) {
  if (!condition) [[unlikely]] {
    must_failed(why, file, line);
  }
}

}  // namespace base
