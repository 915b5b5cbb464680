// policyd/settings.hh -- the settings of policyd.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/loop/daemon.hh"
#include "base/settings.hh"

namespace policy {

struct Settings : loop::DaemonSettings {
  base::Words listen;
  std::int64_t max_connections = 0;
  base::Duration idle_timeout{};
  base::Duration request_deadline{};
  std::string list_folder;
  std::string list_white_action;
  std::string list_black_text;
  std::string state_file;
  base::Bytes state_size_limit;
  base::Duration state_check_limit{};
  bool greylist = true;
  base::Duration greylist_delay{};
  base::Duration greylist_retry_window{};
  base::Duration greylist_lifetime{};
  std::int64_t greylist_auto_whitelist = 0;
  base::Duration greylist_auto_whitelist_lifetime{};
  std::int64_t greylist_ipv4_prefix = 0;
  std::int64_t greylist_ipv6_prefix = 0;
  std::string greylist_null_sender;
  std::string greylist_on_error;
  std::string greylist_text;
};

using base::Reload;

inline constexpr base::Setting<Settings> settings_table[] = {
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
    {"list_folder", &Settings::list_folder, "/etc/posthouse/lists", "", Reload::live,
     "Folder of the files whitelist, blacklist (clients: names, globs, addresses, networks), "
     "sender_whitelist, sender_blacklist, recip_whitelist and recip_blacklist (addresses, domains, "
     "globs), as Spam Locker had them. Each may be missing. Read at the start and on reload."},
    {"list_white_action", &Settings::list_white_action, "dunno", "dunno|ok", Reload::live,
     "What a whitelist hit answers: dunno skips our other checks and lets Postfix go on with its "
     "own, ok ends Postfix's whole restriction list."},
    {"list_black_text", &Settings::list_black_text,
     "5.7.1 Blocked by local policy, contact the postmaster", "", Reload::live,
     "Enhanced status code and text of the rejection after a blacklist hit."},
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
    {"greylist", &Settings::greylist, "yes", "", Reload::live,
     "Whether unknown senders are asked to come back later."},
    {"greylist_delay", &Settings::greylist_delay, "4m", "1s..1d", Reload::live,
     "How long a new triplet of client network, sender and recipient waits. Postfix tries again "
     "after 5m by default: a shorter delay costs its mail nothing more."},
    {"greylist_retry_window", &Settings::greylist_retry_window, "2d", "1m..60d", Reload::live,
     "Who has not come back within this time after the first attempt starts again."},
    {"greylist_lifetime", &Settings::greylist_lifetime, "35d", "1h..1000d", Reload::live,
     "A triplet that has passed is known until it has not been seen for so long."},
    {"greylist_auto_whitelist", &Settings::greylist_auto_whitelist, "5", "0..1000000", Reload::live,
     "A client network is trusted, and its new triplets wait no more, once so many different "
     "triplets of it have come back after their delay; 0 for never."},
    {"greylist_auto_whitelist_lifetime", &Settings::greylist_auto_whitelist_lifetime, "35d",
     "1h..1000d", Reload::live, "A network is trusted until it has sent nothing for so long."},
    {"greylist_ipv4_prefix", &Settings::greylist_ipv4_prefix, "24", "8..32", Reload::live,
     "How many bits of an IPv4 client address count. A change makes known triplets unknown."},
    {"greylist_ipv6_prefix", &Settings::greylist_ipv6_prefix, "64", "16..128", Reload::live,
     "How many bits of an IPv6 client address count. A change makes known triplets unknown."},
    {"greylist_null_sender", &Settings::greylist_null_sender, "end_of_message",
     "end_of_message|rcpt|never", Reload::live,
     "Where mail from the null sender waits: at the end of the message, so that other servers that "
     "verify an address and hang up are not told to wait (this needs check_policy_service in "
     "smtpd_end_of_data_restrictions too), at each recipient, or never."},
    {"greylist_on_error", &Settings::greylist_on_error, "dunno", "dunno|defer", Reload::live,
     "What the greylist answers when its state cannot be used: dunno lets mail in, defer tells it "
     "to come back."},
    {"greylist_text", &Settings::greylist_text,
     "4.7.1 Greylisted, please try again in a few minutes", "", Reload::live,
     "Enhanced status code and text for mail that waits; {wait} stands for the seconds left."},
};
static_assert(base::is_documented(settings_table));

// What one row alone cannot say: addresses, paths, and times that contradict each other.
base::Result<void> check_settings(const Settings& settings);

}  // namespace policy
