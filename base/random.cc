// base/random.cc -- getrandom(2) without its short reads.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.hh"

#include <cerrno>

#include <sys/random.h>

#include "base/must.hh"

namespace base {

std::string random_bytes(std::size_t size) {
  std::string out(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::getrandom(out.data() + filled, size - filled, 0);
    must(got > 0 || errno == EINTR, "getrandom() with no flags fails only by EINTR");
    filled += got > 0 ? static_cast<std::size_t>(got) : 0;
  }
  return out;
}

}  // namespace base
