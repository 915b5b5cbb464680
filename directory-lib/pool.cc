// directory-lib/pool.cc -- taking and giving back opened directories.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/pool.hh"

namespace directory {

base::Result<std::unique_ptr<Directory>> Pool::take(OpenAs mode) {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto one = std::move(idle_.back());
      idle_.pop_back();
      return one;
    }
  }
  return open(settings_, mode);
}

void Pool::give(std::unique_ptr<Directory> directory) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(directory));
}

}  // namespace directory
