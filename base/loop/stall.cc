// base/loop/stall.cc -- reading the run-queue delay of the loop's thread.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/stall.hh"

#include <array>
#include <charconv>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

#include "base/files.hh"

namespace loop {

namespace {

constexpr std::chrono::milliseconds sample_interval{50};

}  // namespace

void StallWatch::attach() {
  if (auto file = base::open_file("/proc/thread-self/schedstat", O_RDONLY)) {
    schedstat_ = std::move(*file);
  }
  sampled_ = base::system_clock().ticks();
  delay_ = queue_delay();
}

void StallWatch::begin() {
  if (depth_++ > 0) {
    return;
  }
  started_ = base::system_clock().ticks();
  if (started_ - sampled_ > sample_interval) {
    sampled_ = started_;
    delay_ = queue_delay();
  }
}

std::chrono::microseconds StallWatch::end() {
  if (--depth_ > 0) {
    return {};
  }
  const auto took = base::system_clock().ticks() - started_;
  if (took <= limit) {
    return {};
  }
  const auto delay = queue_delay();
  const auto own = took - (delay - delay_);
  delay_ = delay;
  return own > limit ? own : std::chrono::microseconds{};
}

// The file reads "running waiting slices", both times in nanoseconds.
std::chrono::microseconds StallWatch::queue_delay() const {
  std::array<char, 96> buffer{};
  if (!schedstat_.is_open()) {
    return {};
  }
  const ssize_t got = ::pread(schedstat_.get(), buffer.data(), buffer.size(), 0);
  if (got <= 0) {
    return {};
  }
  const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
  const std::size_t blank = text.find(' ');
  if (blank == std::string_view::npos) {
    return {};
  }
  std::int64_t waited = 0;
  std::from_chars(text.data() + blank + 1, text.data() + text.size(), waited);
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::nanoseconds(waited));
}

}  // namespace loop
