// dovecot-plugin/compat/dovecot.hh -- the one place that sees Dovecot's headers.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What differs between Dovecot's versions has one name here, in plugin::dovecot, and a body in
// v2_3.hh or v2_4.hh; meson chooses by the ABI version (POSTHOUSE_DOVECOT_SHIM) and stops on a
// version that neither knows. No other file tests for a version.
//
// Rules for guests: no exception crosses a callback; what Dovecot keeps is copied into its pools;
// no object of ours lives across a call that may not return (i_fatal, i_panic).
#pragma once

// Dovecot's headers include these inside extern "C", where C++ would break them.
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

extern "C" {
// config.h comes first, then lib.h.
// clang-format off
#include <config.h>
#include <lib.h>
#include <auth-common.h>
#include <auth-request.h>
#include <auth-settings.h>
#include <auth-cache.h>
#include <lib-event.h>
#include <module-dir.h>
#include <passdb.h>
#include <password-scheme.h>
#include <userdb.h>
// clang-format on
}

#include POSTHOUSE_DOVECOT_SHIM

namespace plugin::dovecot {

// A changed password, a disabled account: the old answer may be given for five seconds, no longer.
// Dovecot counts whole seconds, and keeps an entry up to one more than its setting says.
inline constexpr unsigned longest_cache_ttl = 4;

// Whether Dovecot's auth cache may keep our answers. It is never told of a change, and accounts are
// changed by programs and hosts that know nothing of it. Refusals may not be kept at all: after a
// wrong guess Dovecot would refuse a new password too.
inline bool forgets_soon_enough() {
  const auto* settings = global_auth_settings;
  if (settings == nullptr || settings->cache_size == 0) {
    return true;
  }
  if (settings->cache_ttl <= longest_cache_ttl && settings->cache_negative_ttl == 0) {
    return true;
  }
  static bool is_told = worker;  // by the auth process, once
  if (!std::exchange(is_told, true)) {
    i_warning(
        "posthouse: answers are not kept in the auth cache, since changed passwords and disabled "
        "accounts would go on working: set auth_cache_ttl to %u secs or less, and "
        "auth_cache_negative_ttl to 0",
        longest_cache_ttl);
  }
  return false;
}

}  // namespace plugin::dovecot
