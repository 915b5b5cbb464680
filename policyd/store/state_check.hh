// policyd/store/state_check.hh -- walking a whole state file, in a child that may die of it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "base/result.hh"

namespace policy {

// Reads every row of every table, the order of the keys, the expiry index and the list of free
// pages. Gives the number of rows; corrupt when anything is wrong. A damaged file may also kill
// the process that calls this.
base::Result<std::uint64_t> walk_state_file(const std::string& path);

struct StateCheck {
  enum class Outcome { sound, damaged, ended } outcome = Outcome::sound;  // ended: at the limit
  std::uint64_t rows = 0;
  std::string error{};  // what is damaged
};

// walk_state_file() in a child process, ended after `limit`. Blocks. The child dies with the
// calling thread. unavailable when no child can be made, or the file cannot be opened at all.
base::Result<StateCheck> check_state_file(const std::string& path, std::chrono::milliseconds limit);

}  // namespace policy
