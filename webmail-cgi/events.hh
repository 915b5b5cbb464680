// webmail-cgi/events.hh -- the log events of the webmail.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>

#include "base/log.hh"

namespace webmail {

extern const base::Event& login_ok;
extern const base::Event& login_refused;
extern const base::Event& login_limited;
extern const base::Event& login_unavailable;
extern const base::Event& login_home;
extern const base::Event& auth_down;
extern const base::Event& csrf_refused;
extern const base::Event& method_failed;
extern const base::Event& request_failed;
extern const base::Event& fastcgi_closed;
extern const base::Event& sessions_kept;
extern const base::Event& sessions_lost;
extern const base::Event& session_ended;
extern const base::Event& index_rebuilt;
extern const base::Event& index_stopped;
extern const base::Event& session_over;

// All of the above, for docs/events.md.
std::span<const base::Event> events();

}  // namespace webmail
