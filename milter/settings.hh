// milter/settings.hh -- the settings of posthouse-milter, and the rules made of them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

#include "base/loop/daemon.hh"
#include "base/loop/resolver.hh"
#include "base/result.hh"
#include "base/settings.hh"

#include "milter/network.hh"

namespace milter {

struct Settings : loop::DaemonSettings, loop::ResolverSettings {
  std::string listen;
  std::string authserv_id;
  base::Words also_strip;
  base::Words trusted_networks;
  base::Duration dns_deadline{};
};

inline constexpr base::Setting<Settings> settings_table[] = {
    {"listen", &Settings::listen, "unix:/var/spool/postfix/posthouse/milter/socket", "",
     base::Reload::restart,
     "Where Postfix finds this daemon (its smtpd_milters): unix:/path, with mode 0660, or "
     "inet:127.0.0.1:PORT."},
    {"authserv_id", &Settings::authserv_id, "", "", base::Reload::live,
     "The name in which results are stamped (RFC 8601); empty for the myhostname of Postfix; "
     "fields of strangers in this name are removed."},
    {"also_strip", &Settings::also_strip, "", "", base::Reload::live,
     "More names whose Authentication-Results fields are removed from incoming mail, such as those "
     "of the other mail hosts of this site when nothing but the internet stands before this one."},
    {"trusted_networks", &Settings::trusted_networks, "127.0.0.0/8, [::1]/128", "",
     base::Reload::live,
     "Client networks that get no iprev result, as in the mynetworks of Postfix."},
    {"dns_deadline", &Settings::dns_deadline, "5s", "50ms..60s", base::Reload::live,
     "How long the DNS may take for one client; then the result is temperror."},
    loop::resolver_setting<Settings>(),
    loop::trust_anchor_setting<Settings>(),
    loop::log_to_setting<Settings>(),
    loop::log_level_setting<Settings>(),
    loop::control_socket_setting<Settings>("/run/posthouse/milter/control"),
    loop::control_users_setting<Settings>(""),
};
static_assert(base::is_documented(settings_table));

// What a session needs of the settings; read by many threads, changed by none.
struct Rules {
  std::string authserv_id;  // empty: Postfix's myhostname
  std::vector<std::string> also_strip;
  std::vector<Network> trusted;
  base::Duration dns_deadline{};
};

// malformed, the setting named, for what the table could not see.
base::Result<Rules> make_rules(const Settings& settings);

}  // namespace milter
