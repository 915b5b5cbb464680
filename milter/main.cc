// milter/main.cc -- posthouse-milter(8).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/daemon.hh"

#include "milter/events.hh"
#include "milter/service.hh"

int main(int argc, char** argv) {
  const loop::DaemonSpec<milter::Settings> spec{
      .name = "milter",
      .events = milter::events,
      .check = [](const milter::Settings& settings) -> base::Result<void> {
        const auto rules = milter::make_rules(settings);
        return rules ? base::Result<void>() : rules.error();
      },
      .start = milter::Milter::start};
  return loop::daemon_main(argc, argv, milter::settings_table, spec);
}
