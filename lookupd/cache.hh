// lookupd/cache.hh -- answers remembered for a short while, within a fixed amount of memory.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Only what is certain is remembered: an ok for one time, a not_found for a shorter one. When the
// memory is used up, what was asked for least recently goes first. One thread.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hh"
#include "base/settings.hh"

#include "directory-lib/socketmap.hh"

namespace lookup {

struct CacheLimits {
  std::size_t bytes = 0;  // 0 remembers nothing
  base::Duration time{};
  base::Duration negative_time{};
};

class Cache {
 public:
  explicit Cache(const base::Clock& clock) : clock_(clock) {}  // remembers nothing yet

  // Takes effect at once: what does not fit or is older than now allowed is forgotten.
  void set_limits(const CacheLimits& limits);

  // The answer to `question`, or null; valid until the next call.
  const directory::SocketmapReply* find(std::string_view question);
  void put(std::string_view question, const directory::SocketmapReply& reply);
  void clear();

  std::size_t size() const { return index_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string question;
    directory::SocketmapReply reply;
    base::SteadyTime born;
  };
  using Entries = std::list<Entry>;  // most recently used first

  static std::size_t cost_of(const Entry& entry);
  bool is_fresh(const Entry& entry) const;
  void erase(Entries::iterator entry);
  void shrink();

  const base::Clock& clock_;
  CacheLimits limits_;
  Entries entries_;
  std::unordered_map<std::string_view, Entries::iterator> index_;  // views into the entries
  std::size_t bytes_ = 0;
};

}  // namespace lookup
