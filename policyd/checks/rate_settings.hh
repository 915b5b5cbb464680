// policyd/checks/rate_settings.hh -- the settings of the rate limits.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

namespace policy {

struct RateSettings {
  base::Words rate_user_messages;
  base::Words rate_user_recipients;
  base::Words rate_user_domain_messages;
  base::Words rate_user_domain_recipients;
  base::Words rate_client_messages;
  base::Words rate_client_recipients;
  base::Words rate_domain_messages;
  base::Words rate_domain_recipients;
  std::int64_t rate_ipv4_prefix = 0;
  std::int64_t rate_ipv6_prefix = 0;
  base::Duration rate_reservation_time{};
  std::string rate_action;
  std::string rate_text;
  std::string rate_on_error;
};

template <typename S>
inline constexpr base::Setting<S> rate_rows[] = {
    {"rate_user_messages", &S::rate_user_messages, "", "", base::Reload::live,
     "How many messages one login may send within any such time, as in 100/1h, 500/1d; up to four "
     "limits, all of which hold. Empty is no limit, as in all settings of rates. Postfix must ask "
     "at RCPT and at END-OF-MESSAGE: what is refused or given up is not counted in the end."},
    {"rate_user_recipients", &S::rate_user_recipients, "", "", base::Reload::live,
     "How many recipients one login may reach, each copy of a message counted."},
    {"rate_user_domain_messages", &S::rate_user_domain_messages, "", "", base::Reload::live,
     "How many messages all logins together may send from one sender domain."},
    {"rate_user_domain_recipients", &S::rate_user_domain_recipients, "", "", base::Reload::live,
     "How many recipients all logins together may reach from one sender domain."},
    {"rate_client_messages", &S::rate_client_messages, "", "", base::Reload::live,
     "How many messages one client network may send without a login."},
    {"rate_client_recipients", &S::rate_client_recipients, "", "", base::Reload::live,
     "How many recipients one client network may reach without a login."},
    {"rate_domain_messages", &S::rate_domain_messages, "", "", base::Reload::live,
     "How many messages may come from one sender domain without a login. Senders can be forged, so "
     "that a stranger can use up such a limit."},
    {"rate_domain_recipients", &S::rate_domain_recipients, "", "", base::Reload::live,
     "How many recipients may be reached from one sender domain without a login."},
    {"rate_ipv4_prefix", &S::rate_ipv4_prefix, "32", "8..32", base::Reload::live,
     "How many bits of an IPv4 client address count."},
    {"rate_ipv6_prefix", &S::rate_ipv6_prefix, "64", "16..128", base::Reload::live,
     "How many bits of an IPv6 client address count."},
    {"rate_reservation_time", &S::rate_reservation_time, "10m", "10s..1d", base::Reload::live,
     "A recipient counts for so long after its RCPT while the end of its message is awaited; it is "
     "given back sooner when the client begins another message."},
    {"rate_action", &S::rate_action, "defer", "defer|reject", base::Reload::live,
     "What is answered beyond a limit."},
    {"rate_text", &S::rate_text, "4.7.1 Too much mail for now, try again in {wait} s", "",
     base::Reload::live,
     "Enhanced status code and text of that answer; {wait} stands for the seconds until there is "
     "room again. Postfix makes the first digit agree with the action."},
    {"rate_on_error", &S::rate_on_error, "dunno", "dunno|defer", base::Reload::live,
     "What is answered when the state file cannot be used."},
};

}  // namespace policy
