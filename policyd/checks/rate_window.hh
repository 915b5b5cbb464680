// policyd/checks/rate_window.hh -- counting within a sliding time, and the syntax of limits.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pure. A window of length L is cut into at most 31 slots of whole seconds and remembers one more:
// what is counted falls out of the sum between L and two slots later. So the sum is never less than
// what came within the last L, and no border lets twice the limit through.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"
#include "base/settings.hh"

#include "policyd/store/store.hh"

namespace policy {

// At most `most` within any `window` seconds.
struct RateLimit {
  std::uint32_t most = 0;
  Seconds window = 0;
  bool operator==(const RateLimit&) const = default;
};
// In one setting.
inline constexpr std::size_t rate_limits_at_most = 4;

// "100/1h" each; malformed with a hint: also for a window that is named twice, and for a shorter
// one that allows no less than a longer, which has no effect.
base::Result<std::vector<RateLimit>> parse_rate_limits(const base::Words& words);

class RateWindow {
 public:
  static constexpr std::size_t slots = 32;

  RateWindow() = default;
  explicit RateWindow(Seconds length) : length_(length) {}
  // `newest` is the slot number of counts[0]; each later count is one slot older.
  RateWindow(Seconds length, std::uint32_t newest, const std::array<std::uint32_t, slots>& counts)
      : length_(length), newest_(newest), counts_(counts) {}

  void add(Seconds now, std::uint32_t count);
  std::uint64_t sum(Seconds now) const;
  // How long until the sum is at most `most`, when nothing is added.
  Seconds wait(Seconds now, std::uint64_t most) const;
  // From then on the sum is zero.
  Seconds ends() const;

  Seconds length() const { return length_; }
  std::uint32_t newest() const { return newest_; }
  const std::array<std::uint32_t, slots>& counts() const { return counts_; }
  bool operator==(const RateWindow&) const = default;

 private:
  // How many slots count, the newest included.
  std::uint32_t kept() const { return (length_ + slot() - 1) / slot() + 1; }
  Seconds slot() const { return length_ < slots - 1 ? 1 : (length_ + slots - 2) / (slots - 1); }
  // How many slots have gone by since the newest. A clock set back a little counts as standing
  // still; set back by more than the window, it makes all that is known forgotten.
  std::uint32_t age(Seconds now) const;

  Seconds length_ = 0;
  std::uint32_t newest_ = 0;
  std::array<std::uint32_t, slots> counts_{};
};

}  // namespace policy
