// policyd/checks/greylist_sources.cc -- counting first attempts in a table of fixed size.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist_sources.hh"

#include <algorithm>
#include <limits>

namespace policy {

namespace {

// A clock set back counts as no time.
bool is_over(Seconds since, Seconds now, Seconds span) {
  return now > since && now - since >= span;
}

}  // namespace

std::uint64_t SourceWatch::tag_of(const Key& network) {
  std::uint64_t tag = 0;
  const std::string_view bytes = network.bytes();
  std::memcpy(&tag, bytes.data(), std::min(bytes.size(), sizeof tag));
  return tag == 0 ? 1 : tag;
}

const SourceWatch::Entry* SourceWatch::find(const Key& network) const {
  if (table_.empty()) {
    return nullptr;
  }
  const std::uint64_t tag = tag_of(network);
  const Set& set = table_[tag % sets];
  const auto found =
      std::find_if(set.begin(), set.end(), [tag](const Entry& entry) { return entry.tag == tag; });
  return found == set.end() ? nullptr : &*found;
}

std::uint32_t SourceWatch::firsts_of(const Key& network, Seconds now,
                                     const SourceRules& rules) const {
  const Entry* entry = find(network);
  return entry == nullptr || is_over(entry->since, now, rules.window) ? 0 : entry->firsts;
}

SourceState SourceWatch::state_of(const Key& network, Seconds now, const SourceRules& rules) const {
  const std::uint32_t firsts = rules.after == 0 ? 0 : firsts_of(network, now, rules);
  if (rules.rows > 0 && firsts >= rules.rows) {
    return SourceState::full;
  }
  const bool is_slow =
      firsts > 0 && firsts >= rules.after && is_over(find(network)->since, now, rules.grace);
  return is_slow ? SourceState::slow : SourceState::usual;
}

void SourceWatch::count_first(const Key& network, Seconds now, const SourceRules& rules) {
  if (rules.after == 0) {
    return;
  }
  table_.resize(sets);
  const std::uint64_t tag = tag_of(network);
  Set& set = table_[tag % sets];
  // Its own place, or the least worth keeping: a free one, one whose window is over, the one with
  // the fewest.
  const auto worth = [&](const Entry& entry) {
    if (entry.tag == tag) {
      return std::int64_t{-2};
    }
    return entry.tag == 0 || is_over(entry.since, now, rules.window) ? std::int64_t{-1}
                                                                     : std::int64_t{entry.firsts};
  };
  Entry& entry = *std::min_element(
      set.begin(), set.end(), [&](const Entry& a, const Entry& b) { return worth(a) < worth(b); });
  if (entry.tag != tag || is_over(entry.since, now, rules.window)) {
    entry = {tag, now, 0};
  }
  if (entry.firsts < std::numeric_limits<std::uint32_t>::max()) {
    ++entry.firsts;
  }
}

void SourceWatch::came_back(const Key& network) {
  if (table_.empty()) {
    return;
  }
  const std::uint64_t tag = tag_of(network);
  for (Entry& entry : table_[tag % sets]) {
    if (entry.tag == tag) {
      entry = {};
    }
  }
}

}  // namespace policy
