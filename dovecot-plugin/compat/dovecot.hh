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

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

extern "C" {
// config.h comes first, then lib.h.
// clang-format off
#include <config.h>
#include <lib.h>
#include <auth-request.h>
#include <auth-cache.h>
#include <lib-event.h>
#include <module-dir.h>
#include <passdb.h>
#include <password-scheme.h>
#include <userdb.h>
// clang-format on
}

#include POSTHOUSE_DOVECOT_SHIM
