// base/lru_cache.hh -- values remembered for a while, within a fixed amount of memory.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// How long a value lives is a rule over the value. When the memory is used up, what was asked for
// least recently goes first. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/clock.hh"

namespace base {

template <typename Value>
class LruCache {
 public:
  struct Rules {
    std::size_t bytes = 0;  // 0 remembers nothing
    // Zero: such a value is not remembered.
    std::function<std::chrono::milliseconds(const Value&)> lifetime{};
    // The memory a value points to.
    std::function<std::size_t(const Value&)> cost{};
  };

  explicit LruCache(const Clock& clock) : clock_(clock) {}  // remembers nothing yet

  // Takes effect at once: what does not fit or is older than now allowed is forgotten.
  void set_rules(Rules rules) {
    rules_ = std::move(rules);
    for (auto entry = entries_.begin(); entry != entries_.end();) {
      const auto next = std::next(entry);
      if (!is_fresh(*entry)) {
        erase(entry);
      }
      entry = next;
    }
    shrink();
  }

  // The value of `key`, or null; valid until the next call.
  const Value* find(std::string_view key) {
    const auto found = index_.find(key);
    if (found == index_.end()) {
      return nullptr;
    }
    const auto entry = found->second;
    if (!is_fresh(*entry)) {
      erase(entry);
      return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, entry);
    return &entry->value;
  }

  // Forgets what `key` had before, also when the new value is not remembered.
  void put(std::string_view key, Value value) {
    if (const auto old = index_.find(key); old != index_.end()) {
      erase(old->second);
    }
    if (rules_.bytes == 0) {
      return;
    }
    Entry entry{std::string(key), std::move(value), clock_.ticks()};
    if (!is_fresh(entry) || cost_of(entry) > rules_.bytes) {
      return;
    }
    entries_.push_front(std::move(entry));
    index_.emplace(entries_.front().key, entries_.begin());
    bytes_ += cost_of(entries_.front());
    shrink();
  }

  void clear() {
    index_.clear();
    entries_.clear();
    bytes_ = 0;
  }

  std::size_t size() const { return index_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    Value value;
    SteadyTime born;
  };
  using Entries = std::list<Entry>;  // most recently used first

  // What a list node, an index node and their malloc heads take.
  static constexpr std::size_t overhead = 200;

  std::size_t cost_of(const Entry& entry) const {
    return overhead + entry.key.size() + rules_.cost(entry.value);
  }
  bool is_fresh(const Entry& entry) const {
    return clock_.ticks() - entry.born < rules_.lifetime(entry.value);
  }
  void erase(typename Entries::iterator entry) {
    bytes_ -= cost_of(*entry);
    index_.erase(entry->key);
    entries_.erase(entry);
  }
  void shrink() {
    while (bytes_ > rules_.bytes) {
      erase(std::prev(entries_.end()));
    }
  }

  const Clock& clock_;
  Rules rules_{};
  Entries entries_{};
  std::unordered_map<std::string_view, typename Entries::iterator> index_{};  // into the entries
  std::size_t bytes_ = 0;
};

}  // namespace base
