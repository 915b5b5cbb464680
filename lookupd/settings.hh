// lookupd/settings.hh -- the settings of posthouse-lookupd.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>

#include "base/loop/daemon.hh"
#include "base/settings.hh"

namespace lookup {

struct Settings : loop::DaemonSettings {
  std::string listen;
  std::string directory_settings;
  std::int64_t max_connections = 0;
  std::int64_t threads = 0;
  base::Duration lookup_timeout{};
  base::Duration idle_timeout{};
  base::Bytes cache_size;
  base::Duration cache_time{};
  base::Duration cache_negative_time{};
  base::Words own_hosts;
  bool catch_all_senders = true;
};

// Rows 0 to 3 are those of every daemon.
inline constexpr base::Setting<Settings> settings_table[] = {
    loop::log_to_setting<Settings>(),
    loop::log_level_setting<Settings>(),
    loop::control_socket_setting<Settings>("/run/posthouse/lookupd/control"),
    loop::control_users_setting<Settings>(""),
    {"listen", &Settings::listen, "unix:/var/spool/postfix/posthouse/lookupd/socket", "",
     base::Reload::restart,
     "Where Postfix asks: unix:PATH or inet:ADDRESS:PORT. The default lies below Postfix's queue "
     "directory, so that its services reach it from their chroot. Whoever may connect may ask for "
     "every name."},
    {"directory_settings", &Settings::directory_settings, "/etc/posthouse/directory.conf", "",
     base::Reload::live, "The file that says where the accounts are; a reload reads it again."},
    {"max_connections", &Settings::max_connections, "10000", "1..100000", base::Reload::live,
     "Connections served at a time; more wait to be accepted."},
    {"threads", &Settings::threads, "4", "1..64", base::Reload::restart,
     "How many questions the directory is asked at a time."},
    {"lookup_timeout", &Settings::lookup_timeout, "10s", "100ms..90s", base::Reload::live,
     "How long one question may take, waiting included, before Postfix is told to try later. "
     "Postfix itself gives up after 100s."},
    {"idle_timeout", &Settings::idle_timeout, "1h", "10s..7d", base::Reload::live,
     "A connection on which nothing is asked so long is closed; Postfix opens another when it "
     "needs one."},
    {"cache_size", &Settings::cache_size, "16M", "0B..4G", base::Reload::live,
     "Memory for remembered answers; 0B remembers nothing."},
    {"cache_time", &Settings::cache_time, "30s", "0s..1h", base::Reload::live,
     "How long an answer is remembered. A deleted or disabled account is accepted no longer than "
     "this; 0s asks anew each time."},
    {"cache_negative_time", &Settings::cache_negative_time, "2s", "0s..10m", base::Reload::live,
     "How long it is remembered that a name does not exist. A new account works after this time at "
     "the latest."},
    {"own_hosts", &Settings::own_hosts, "", "", base::Reload::live,
     "Names by which users' mail hosts mean this host: mailboxes there have no transport, so that "
     "Postfix delivers them as virtual_transport says. The same as own_hosts of "
     "dovecot-plugin.conf; empty on a host that holds no mailboxes."},
    {"catch_all_senders", &Settings::catch_all_senders, "yes", "", base::Reload::live,
     "Whether the mailboxes behind a domain's catch-all may send as the addresses of the domain "
     "that nobody has (senderlogins)."},
};
static_assert(base::is_documented(settings_table));

}  // namespace lookup
