// maildir-lib/test_watcher.hh -- a watcher that keeps what it is told, for tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "maildir-lib/upkeep.hh"

namespace maildir {

class TestWatcher final : public Watcher {
 public:
  void progress(std::uint64_t done, std::uint64_t total) override {
    last_done = done;
    last_total = total;
  }
  void problem(const std::string& text) override { problems.push_back(text); }
  std::uint64_t last_done = 0;
  std::uint64_t last_total = 0;
  std::vector<std::string> problems{};
};

}  // namespace maildir
