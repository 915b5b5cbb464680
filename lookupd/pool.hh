// lookupd/pool.hh -- opened directories, one for each worker that asks at the same time.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/result.hh"

#include "directory-lib/directory.hh"

namespace lookup {

// Any thread; every call may block.
class DirectoryPool {
 public:
  explicit DirectoryPool(directory::Settings settings) : settings_(std::move(settings)) {}

  // One of the opened, or a new one. Errors as directory::open().
  base::Result<std::unique_ptr<directory::Directory>> take(
      directory::OpenAs mode = directory::OpenAs::reader);

  // For the next take(). One that failed is not given back: the next question opens anew.
  void give(std::unique_ptr<directory::Directory> directory);

 private:
  directory::Settings settings_;
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<directory::Directory>> idle_;
};

}  // namespace lookup
