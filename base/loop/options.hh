// base/loop/options.hh -- the command line of every daemon.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>

#include "base/result.hh"
#include "base/settings.hh"

namespace loop {

enum class DaemonAction { serve, check, settings, events, metrics, version, help };

struct DaemonOptions {
  DaemonAction action = DaemonAction::serve;
  std::string config;         // empty: the default file
  base::SettingsForm form{};  // for DaemonAction::settings
};

// malformed, with the whole usage as hint, for what is no option.
base::Result<DaemonOptions> parse_daemon_options(std::string_view program,
                                                 std::span<const char* const> arguments);
std::string daemon_usage(std::string_view program);

}  // namespace loop
