// base/handle.cc -- closing a descriptor.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/handle.hh"

#include <unistd.h>

namespace base {

void Fd::reset(int fd) {
  if (fd_ >= 0 && fd_ != fd) {
    ::close(fd_);
  }
  fd_ = fd;
}

}  // namespace base
