// policyd/checks/greylist_sources.hh -- client networks that come first and never come back.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Held in memory alone, in a table that never grows: what a flood of networks pushes out, or a
// restart forgets, is counted anew. So a hostile network costs no disk for being watched.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "policyd/store/store.hh"

namespace policy {

struct SourceRules {
  std::uint32_t after = 100;  // first attempts; 0: no network is ever throttled
  std::uint32_t rows = 1000;  // triplets kept of one network; 0: any number
  Seconds grace = 3600;       // since the network's first: who is honest has come back by then
  Seconds window = 86'400;    // then counting begins anew
};

// What a network without a success is told.
enum class SourceState {
  usual,
  slow,  // it waits longer
  full,  // nothing more is remembered of it
};

class SourceWatch {
 public:
  SourceWatch() = default;

  // `network` is network_key(): its bytes are a keyed hash, so nobody can choose where it lies.
  SourceState state_of(const Key& network, Seconds now, const SourceRules& rules) const;
  std::uint32_t firsts_of(const Key& network, Seconds now, const SourceRules& rules) const;
  void count_first(const Key& network, Seconds now, const SourceRules& rules);
  // It has come back: it is as any other again.
  void came_back(const Key& network);

 private:
  struct Entry {
    std::uint64_t tag = 0;  // 0: free
    Seconds since = 0;
    std::uint32_t firsts = 0;
  };
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t sets = 16'384;
  using Set = std::array<Entry, ways>;

  static std::uint64_t tag_of(const Key& network);
  const Entry* find(const Key& network) const;

  std::vector<Set> table_{};  // empty until the first count
};

}  // namespace policy
