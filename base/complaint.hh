// base/complaint.hh -- a log line that trouble would repeat, held to one a minute.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace base {

// One for each such line. One thread.
class Complaint {
 public:
  static constexpr std::chrono::milliseconds interval{60'000};

  // When the line is due: how many were held back since the last. Nothing: this one is held back.
  // A clock that was set back makes it due.
  template <typename Time>
  std::optional<std::int64_t> due(Time now) {
    const auto at = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    if (last_ && at >= *last_ && at < *last_ + interval) {
      ++held_back_;
      return std::nullopt;
    }
    last_ = at;
    return std::exchange(held_back_, 0);
  }

 private:
  std::optional<std::chrono::milliseconds> last_{};
  std::int64_t held_back_ = 0;
};

}  // namespace base
