// base/clock.hh -- the only source of time, so that tests can turn the clock by hand.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <string>

namespace base {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, std::chrono::microseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;      // calendar time; may jump
  virtual SteadyTime ticks() const = 0;  // never goes back; for durations

 protected:
  Clock() = default;
  Clock(const Clock&) = default;
  Clock& operator=(const Clock&) = default;
};

// The machine's clock; lives as long as the process. Any thread.
const Clock& system_clock();

// A clock that stands still until it is moved. One thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start) : now_(start) {}
  WallTime now() const override { return now_; }
  SteadyTime ticks() const override {
    return SteadyTime(
        std::chrono::duration_cast<std::chrono::microseconds>(now_.time_since_epoch()));
  }
  void advance(std::chrono::milliseconds step) { now_ += step; }

 private:
  WallTime now_;
};

// "2026-01-31T12:00:00Z" (RFC 3339, UTC, whole seconds).
std::string rfc3339(WallTime time);

}  // namespace base
