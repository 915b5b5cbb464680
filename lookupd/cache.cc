// lookupd/cache.cc -- which answers are remembered, and for how long.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/cache.hh"

namespace lookup {

void Cache::set_limits(const CacheLimits& limits) {
  using directory::SocketmapReply;
  using directory::SocketmapStatus;
  set_rules({.bytes = limits.bytes,
             .lifetime =
                 [limits](const SocketmapReply& reply) {
                   switch (reply.status) {
                     case SocketmapStatus::ok:
                       return limits.time;
                     case SocketmapStatus::not_found:
                       return limits.negative_time;
                     default:
                       return base::Duration::zero();
                   }
                 },
             .cost = [](const SocketmapReply& reply) { return reply.text.size(); }});
}

}  // namespace lookup
