// policyd/settings.hh -- the settings of policyd.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/loop/daemon.hh"
#include "base/loop/resolver.hh"
#include "base/settings.hh"

#include "policyd/accounts_settings.hh"
#include "policyd/action_settings.hh"
#include "policyd/checks/dnsbl_settings.hh"
#include "policyd/checks/greylist_settings.hh"
#include "policyd/checks/list_settings.hh"
#include "policyd/checks/quota_settings.hh"
#include "policyd/checks/rate_settings.hh"
#include "policyd/checks/sender_login_settings.hh"
#include "policyd/checks/spf_settings.hh"
#include "policyd/checks/trap_settings.hh"
#include "policyd/checks/user_list_settings.hh"

namespace policy {

// Each check has its struct and its table of rows beside it.
struct Settings : loop::DaemonSettings,
                  loop::ResolverSettings,
                  AccountsSettings,
                  ActionSettings,
                  ListSettings,
                  UserListSettings,
                  SenderLoginSettings,
                  RateSettings,
                  QuotaSettings,
                  TrapSettings,
                  SpfSettings,
                  DnsblSettings,
                  GreylistSettings {
  base::Words listen;
  std::int64_t max_connections = 0;
  base::Duration idle_timeout{};
  base::Duration request_deadline{};
  base::Duration lookup_deadline{};
  base::Words dry_run;
  std::string shadow_settings;
  std::string state_file;
  base::Bytes state_size_limit;
  base::Duration state_check_limit{};
};

using base::Reload;

inline constexpr base::Setting<Settings> daemon_rows[] = {
    loop::log_to_setting<Settings>(),
    loop::log_level_setting<Settings>(),
    loop::control_socket_setting<Settings>("/run/posthouse/policyd/control"),
    loop::control_users_setting<Settings>(""),
    {"listen", &Settings::listen, "unix:/var/spool/postfix/posthouse/policyd/socket", "",
     Reload::restart,
     "Where Postfix asks: unix:PATH (as Postfix sees it: below its queue directory when smtpd runs "
     "in a chroot) or inet:ADDRESS:PORT; Spam Locker listened on inet:127.0.0.1:10030."},
    {"max_connections", &Settings::max_connections, "10000", "1..1000000", Reload::live,
     "At this many clients the one that was idle longest is closed for the next; Postfix connects "
     "again by itself. Needs as many file descriptors."},
    {"idle_timeout", &Settings::idle_timeout, "10m", "1s..7d", Reload::live,
     "A client that asks nothing for so long is closed. Postfix closes after 5m itself."},
    {"request_deadline", &Settings::request_deadline, "10s", "1s..10m", Reload::live,
     "A client that has begun a request and not ended it after so long is closed."},
    {"lookup_deadline", &Settings::lookup_deadline, "5s", "10ms..1m", Reload::live,
     "How long a request may wait in all for the DNS and other services. What has not come by then "
     "counts as failed, and the check that asked does what its own setting says of that."},
    {"dry_run", &Settings::dry_run, "", "", Reload::live,
     "Names of checks whose refusals are logged and counted (policyd.dry_run) and have no effect, "
     "to try them out."},
    {"shadow_settings", &Settings::shadow_settings, "", "", Reload::live,
     "Another settings file, tried on every request beside this one without any effect: where it "
     "would have answered otherwise that is logged (policyd.shadow.differs) and counted. Its "
     "checks, lists and texts count; its sockets, log and state_file do not."},
    {"state_file", &Settings::state_file, "/var/lib/posthouse/policyd/state.mdb", "",
     Reload::restart,
     "The file that keeps the greylist; its folder must be ours alone. See the section on a "
     "damaged state file."},
    {"state_size_limit", &Settings::state_size_limit, "16G", "1M..1024G", Reload::restart,
     "The most the state file may grow to. Only address space is taken for it, not disk; a triplet "
     "takes about 250 bytes."},
    {"state_check_limit", &Settings::state_check_limit, "1m", "1ms..1h", Reload::restart,
     "How long the check of the state file at the start may take. When it has not ended within a "
     "second, policyd begins to serve and answers as greylist_on_error says until it has; after "
     "the limit the file is used as it is."},
    loop::resolver_setting<Settings>(),
    loop::trust_anchor_setting<Settings>(),
};

inline constexpr auto all_rows =
    base::join(daemon_rows, action_rows<Settings>, accounts_rows<Settings>, list_rows<Settings>,
               user_list_rows<Settings>, sender_login_rows<Settings>, rate_rows<Settings>,
               quota_rows<Settings>, trap_rows<Settings>, spf_rows<Settings>, dnsbl_rows<Settings>,
               greylist_rows<Settings>);
inline constexpr auto& settings_table = all_rows.rows;
static_assert(base::is_documented(settings_table));

// What one row alone cannot say: addresses, paths, and times that contradict each other.
base::Result<void> check_settings(const Settings& settings);

}  // namespace policy
