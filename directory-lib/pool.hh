// directory-lib/pool.hh -- opened directories, one for each worker that asks at the same time.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/result.hh"

#include "directory-lib/directory.hh"

namespace directory {

// Any thread; every call may block.
class Pool {
 public:
  explicit Pool(Settings settings) : settings_(std::move(settings)) {}

  // One of the opened, or a new one. Errors as open().
  base::Result<std::unique_ptr<Directory>> take(OpenAs mode = OpenAs::reader);

  // For the next take(). One that failed is not given back: the next question opens anew.
  void give(std::unique_ptr<Directory> directory);

 private:
  Settings settings_;
  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<Directory>> idle_;
};

}  // namespace directory
