// base/loop/daemon.hh -- the skeleton of every daemon: options, settings, log, signals, readiness.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A room's main.cc holds a DaemonSpec and calls daemon_main(). Life: options; settings (--config,
// or defaults when the default file is missing); log; RLIMIT_NOFILE to the hard limit; Loop;
// control socket; the room's start(); `daemon.ready` and READY=1 to the service manager. SIGHUP
// reads the settings again and calls reload(); wrong ones are logged and the old stay. SIGTERM and
// SIGINT call stop(), and the loop ends; then the Service is destroyed, then control socket and
// Loop. Exit status: 0 told to end, 1 wrong settings or failed start, 2 wrong options.
#pragma once

#include <any>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hh"
#include "base/loop/control.hh"
#include "base/loop/loop.hh"
#include "base/result.hh"
#include "base/settings.hh"

namespace loop {

// The settings all daemons have; a room's struct derives from it and its table opens with these
// rows.
struct DaemonSettings {
  std::string log_to;
  std::string log_level;
  std::string control_socket;
  base::Words control_users;
};

template <typename S>
constexpr base::Setting<S> log_to_setting() {
  return {"log_to",
          &S::log_to,
          "syslog",
          "",
          base::Reload::restart,
          "Where the log goes: syslog (facility mail), stderr, or the absolute path of a file, "
          "which SIGHUP opens again."};
}
template <typename S>
constexpr base::Setting<S> log_level_setting() {
  return {"log_level",
          &S::log_level,
          "info",
          "error|warning|info|debug",
          base::Reload::live,
          "How much is logged: info is a line a verdict, warning and error are for trouble alone."};
}
template <typename S>
constexpr base::Setting<S> control_socket_setting(std::string_view fallback) {
  return {"control_socket",
          &S::control_socket,
          fallback,
          "",
          base::Reload::restart,
          "Path of the control socket, by which the posthouse command and the web speak to this "
          "daemon and by which it tells its metrics; empty for none."};
}
template <typename S>
constexpr base::Setting<S> control_users_setting(std::string_view fallback) {
  return {"control_users",
          &S::control_users,
          fallback,
          "",
          base::Reload::live,
          "Users that may use the control socket, besides root and the user of this daemon."};
}

// What the skeleton lends to a room; all of it outlives the room's Service.
struct DaemonContext {
  Loop& loop;
  base::Log& log;
  ControlServer* control;  // null when the setting is empty
};

// A room at work.
template <typename S>
class Service {
 public:
  virtual ~Service() = default;
  // New settings, already checked. On an error the old ones must still be in force.
  virtual base::Result<void> reload(const S& settings) = 0;
  // The daemon is told to end; the loop stops after this returns.
  virtual void stop() {}
};

template <typename S>
struct DaemonSpec {
  std::string_view name;  // "policyd": posthouse-policyd, /etc/posthouse/policyd.conf
  std::span<const base::Event> events{};  // the room's, for --events
  // What the table alone cannot see; malformed with detail and hint. Also used by --check.
  // Optional.
  std::function<base::Result<void>(const S&)> check{};
  // What --check alone looks at besides, because a running daemon can bear it: errors as above.
  // May block. Optional.
  std::function<base::Result<void>(const S&)> examine{};
  std::function<base::Result<std::unique_ptr<Service<S>>>(const S&, const DaemonContext&)> start;
};

// The untyped half.
struct DaemonParts {
  std::string_view name;
  std::span<const base::Event> events;
  std::vector<base::SettingRow> rows;
  // A shared_ptr to the room's settings, seen as their common part, from the text of a file.
  std::function<base::Result<std::shared_ptr<const DaemonSettings>>(std::string_view file,
                                                                    std::string_view text)>
      read;
  std::function<base::Result<void>(const DaemonSettings&)> examine;
  std::function<base::Result<void>(const DaemonSettings&, const DaemonContext&)> start;
  std::function<base::Result<void>(const DaemonSettings&)> reload;
  std::function<void()> stop;
  std::function<void()> destroy;
};
int run_daemon(int argc, char** argv, const DaemonParts& parts);

template <typename S, std::size_t n>
int daemon_main(int argc, char** argv, const base::Setting<S> (&table)[n],
                const DaemonSpec<S>& spec) {
  std::unique_ptr<Service<S>> service;
  DaemonParts parts{};
  parts.name = spec.name;
  parts.events = spec.events;
  parts.rows = base::rows_of(table);
  parts.read = [&](std::string_view file,
                   std::string_view text) -> base::Result<std::shared_ptr<const DaemonSettings>> {
    auto settings = base::settings_from_text(table, file, text);
    if (!settings) {
      return settings.error();
    }
    if (spec.check) {
      if (auto checked = spec.check(*settings); !checked) {
        return checked.error();
      }
    }
    return std::shared_ptr<const DaemonSettings>(std::make_shared<S>(std::move(*settings)));
  };
  parts.examine = [&](const DaemonSettings& settings) {
    return spec.examine ? spec.examine(static_cast<const S&>(settings)) : base::Result<void>();
  };
  parts.start = [&](const DaemonSettings& settings, const DaemonContext& context) {
    auto started = spec.start(static_cast<const S&>(settings), context);
    if (!started) {
      return base::Result<void>(started.error());
    }
    service = std::move(*started);
    return base::Result<void>();
  };
  parts.reload = [&](const DaemonSettings& settings) {
    return service->reload(static_cast<const S&>(settings));
  };
  parts.stop = [&] { service->stop(); };
  parts.destroy = [&] { service.reset(); };
  return run_daemon(argc, argv, parts);
}

// Raises RLIMIT_NOFILE to the hard limit; the limit then in force.
std::uint64_t raise_descriptor_limit();

// Sends `state` ("READY=1") to the service manager when NOTIFY_SOCKET names one.
void notify_manager(std::string_view state);

}  // namespace loop
