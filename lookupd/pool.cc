// lookupd/pool.cc -- taking and giving back opened directories.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/pool.hh"

namespace lookup {

base::Result<std::unique_ptr<directory::Directory>> DirectoryPool::take(directory::OpenAs mode) {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto one = std::move(idle_.back());
      idle_.pop_back();
      return one;
    }
  }
  return directory::open(settings_, mode);
}

void DirectoryPool::give(std::unique_ptr<directory::Directory> directory) {
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(directory));
}

}  // namespace lookup
