// base/loop/events.cc -- the table of loop.* and daemon.* events, and tables as Markdown.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/events.hh"

#include <array>

namespace loop {

namespace {

using base::Level;

constexpr std::array<base::Event, 12> table{{
    {"loop.stall", Level::warning, "callback ms",
     "A callback held the event loop for too long; all clients waited. Report it as a defect."},
    {"loop.bug", Level::error, "callback error",
     "An unexpected exception ended the work on one connection. Report it as a defect."},
    {"loop.accept.failed", Level::warning, "address reason",
     "New connections wait. Raise LimitNOFILE of the service when descriptors ran out."},
    {"loop.workers.abandoned", Level::error, "pool threads",
     "At the end, worker threads still hung in their work. Look for a dead disk or server."},
    {"loop.resolver.narrow", Level::warning, "questions limit",
     "Fewer DNS questions at a time than planned. Raise LimitNOFILE of the service."},
    {"loop.control.denied", Level::warning, "uid",
     "A user not in control_users asked the control socket. Add the user or find out why."},
    {"daemon.ready", Level::info, "version config", "The daemon serves from now on."},
    {"daemon.failed", Level::error, "reason",
     "The daemon could not start. Mend what the reason names and start it again."},
    {"daemon.reload.done", Level::info, "config", "The new settings are in force."},
    {"daemon.reload.failed", Level::error, "reason",
     "The new settings are wrong; the old ones stay in force. Try --check, mend, reload."},
    {"daemon.reload.restart", Level::warning, "setting",
     "A changed setting takes effect at the next restart only."},
    {"daemon.stopped", Level::info, "", "The daemon ended because it was told to."},
}};

}  // namespace

const base::Event& loop_stall = table[0];
const base::Event& loop_bug = table[1];
const base::Event& accept_failed = table[2];
const base::Event& workers_abandoned = table[3];
const base::Event& resolver_narrow = table[4];
const base::Event& control_denied = table[5];
const base::Event& daemon_ready = table[6];
const base::Event& daemon_failed = table[7];
const base::Event& daemon_reloaded = table[8];
const base::Event& daemon_reload_failed = table[9];
const base::Event& daemon_restart_needed = table[10];
const base::Event& daemon_stopped = table[11];

std::span<const base::Event> events() {
  return table;
}

std::string events_markdown(std::span<const base::Event> room) {
  std::string text =
      "| event | level | fields | meaning, and what to do |\n| --- | --- | --- | --- |\n";
  for (const std::span<const base::Event> rows : {room, events()}) {
    for (const base::Event& row : rows) {
      text.append("| ").append(row.name).append(" | ").append(base::level_name(row.level));
      text.append(" | ").append(row.fields).append(" | ").append(row.action).append(" |\n");
    }
  }
  return text;
}

}  // namespace loop
