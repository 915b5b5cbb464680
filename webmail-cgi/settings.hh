// webmail-cgi/settings.hh -- what an administrator can set in webmail.conf.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "base/loop/daemon.hh"
#include "base/result.hh"
#include "base/settings.hh"

namespace webmail {

struct Settings : loop::DaemonSettings {
  std::string listen;
  std::string listen_mode;
  std::string public_origin;
  std::string mail_root;
  std::string maildir;
  base::Words tier_roots;
  std::string auth_socket;
  std::string userdb_socket;
  std::string state_directory;
  std::string index_directory;
  base::Duration auth_timeout{};
  base::Duration basic_lifetime{};
  base::Duration session_check{};
  base::Duration session_idle{};
  base::Duration session_lifetime{};
  std::int64_t sessions_per_user = 0;
  std::int64_t user_failures = 0;
  std::int64_t net_failures = 0;
  base::Duration failure_window{};
  std::int64_t workers = 0;
  std::int64_t max_connections = 0;
  std::int64_t max_waiting = 0;
  base::Duration receive_timeout{};
  base::Duration request_timeout{};
  base::Duration send_timeout{};
  base::Bytes max_request;
  base::Bytes max_headers;
  base::Bytes max_held;
  std::int64_t max_calls = 0;
  std::int64_t max_objects = 0;
};

inline constexpr std::size_t settings_count = 34;
extern const base::Setting<Settings> (&settings_table)[settings_count];

// What the table cannot see: malformed with a hint when an origin, path or address will not do.
base::Result<void> check_settings(const Settings& settings);

// "https://host[:port]", or http for localhost and *.localhost alone; lower case, no path.
base::Result<void> check_origin(std::string_view origin);

// True when `path` is absolute, has no "", "." or ".." part, and lies below `root`.
bool is_below(std::string_view path, std::string_view root);

}  // namespace webmail
