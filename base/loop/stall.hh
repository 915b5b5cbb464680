// base/loop/stall.hh -- how long a callback held the loop, without blaming it for a busy machine.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Time in which the kernel had other work for the processor (the run-queue delay of
// /proc/thread-self/schedstat) does not count: it is not the callback's. The delay is read at most
// every 50 ms, so a busy machine excuses a little too much, an idle one nothing.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/clock.hh"
#include "base/handle.hh"

namespace loop {

class StallWatch {
 public:
  static constexpr std::chrono::microseconds limit{20'000};

  // Called on the thread to be watched, before the first begin(). Without the kernel's schedstat
  // all time counts.
  void attach();

  // Around a callback; may nest, then only the outermost counts.
  void begin();
  // The time it held the loop when that was over the limit, else zero.
  std::chrono::microseconds end();

 private:
  std::chrono::microseconds queue_delay() const;

  base::Fd schedstat_;
  int depth_ = 0;
  base::SteadyTime started_;
  base::SteadyTime sampled_;
  std::chrono::microseconds delay_{};
};

}  // namespace loop
