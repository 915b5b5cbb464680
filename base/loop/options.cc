// base/loop/options.cc -- reading --config, --check and the printing options.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/options.hh"

#include "base/text.hh"

namespace loop {

std::string daemon_usage(std::string_view program) {
  const std::string name(program);
  return "usage: " + name + " [--config FILE] [--check]\n       " + name +
         " --settings=conf|man|json | --events | --metrics | --version | --help";
}

base::Result<DaemonOptions> parse_daemon_options(std::string_view program,
                                                 std::span<const char* const> arguments) {
  constexpr std::string_view config = "--config";
  constexpr std::string_view settings = "--settings=";
  DaemonOptions options;
  const auto refuse = [&](std::string_view what) {
    return base::make_error(base::Errc::malformed, base::printable(what, 80),
                            daemon_usage(program));
  };
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string_view word = arguments[i];
    if (word == config) {
      if (++i == arguments.size()) {
        return refuse("--config needs a file");
      }
      options.config = arguments[i];
    } else if (word.starts_with("--config=")) {
      options.config = word.substr(config.size() + 1);
    } else if (word.starts_with(settings)) {
      const auto form = base::parse_settings_form(word.substr(settings.size()));
      if (!form) {
        return refuse(word);
      }
      options.action = DaemonAction::settings;
      options.form = *form;
    } else if (word == "--check") {
      options.action = DaemonAction::check;
    } else if (word == "--events") {
      options.action = DaemonAction::events;
    } else if (word == "--metrics") {
      options.action = DaemonAction::metrics;
    } else if (word == "--version") {
      options.action = DaemonAction::version;
    } else if (word == "--help") {
      options.action = DaemonAction::help;
    } else {
      return refuse("unknown option " + std::string(word));
    }
  }
  return options;
}

}  // namespace loop
