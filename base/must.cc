// base/must.cc -- the end of a process whose invariant is broken.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/must.hh"

#include <cstdio>
#include <cstdlib>

namespace base {

void must_failed(std::string_view why, const char* file, int line) {
  (void)std::fprintf(stderr, "bug: %s:%d: broken invariant: %.*s\n", file, line,
                     static_cast<int>(why.size()), why.data());
  std::abort();
}

}  // namespace base
