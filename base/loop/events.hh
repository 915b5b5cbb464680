// base/loop/events.hh -- the log events of the loop and of the daemon skeleton.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "base/log.hh"

namespace loop {

extern const base::Event& loop_stall;
extern const base::Event& loop_bug;
extern const base::Event& accept_failed;
extern const base::Event& workers_abandoned;
extern const base::Event& resolver_narrow;
extern const base::Event& control_denied;
extern const base::Event& daemon_ready;
extern const base::Event& daemon_failed;
extern const base::Event& daemon_reloaded;
extern const base::Event& daemon_reload_failed;
extern const base::Event& daemon_restart_needed;
extern const base::Event& daemon_stopped;

// All of the above, for docs/events.md.
std::span<const base::Event> events();

// A room's rows, then those of all daemons, as one Markdown table.
std::string events_markdown(std::span<const base::Event> room);

}  // namespace loop
