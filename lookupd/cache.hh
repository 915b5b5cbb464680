// lookupd/cache.hh -- answers remembered for a short while, within a fixed amount of memory.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Only what is certain is remembered: an ok for one time, a not_found for a shorter one. One
// thread.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/lru_cache.hh"
#include "base/settings.hh"

#include "directory-lib/socketmap.hh"

namespace lookup {

struct CacheLimits {
  std::size_t bytes = 0;  // 0 remembers nothing
  base::Duration time{};
  base::Duration negative_time{};
};

class Cache : public base::LruCache<directory::SocketmapReply> {
 public:
  using LruCache::LruCache;

  // Takes effect at once: what does not fit or is older than now allowed is forgotten.
  void set_limits(const CacheLimits& limits);
};

}  // namespace lookup
