// policyd/checks/trap_settings.hh -- the settings of spamtraps.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

namespace policy {

struct TrapSettings {
  bool trap = true;
  base::Words trap_addresses;
  std::string trap_file;
  bool trap_null_sender = false;
  std::string trap_answer;
  std::string trap_answer_text;
  base::Duration trap_lifetime{};
  std::int64_t trap_client_score = 0;
  std::int64_t trap_network_score = 0;
  std::int64_t trap_refuse_at = 0;
  std::int64_t trap_suspect_at = 0;
  std::string trap_text;
};

template <typename S>
inline constexpr base::Setting<S> trap_rows[] = {
    {"trap", &S::trap, "yes", "", base::Reload::live,
     "Whether clients that have written to a spamtrap are known to the checks. Clients who have "
     "logged in are never asked. Without the state file nobody is known."},
    {"trap_addresses", &S::trap_addresses, "", "", base::Reload::live,
     "Addresses that nobody uses and that only spammers write to: alice@example.org, "
     "@trap.example.org, *-trap@example.org, as in a list of addresses. Postfix must know them as "
     "recipients, or refuses them before it asks."},
    {"trap_file", &S::trap_file, "", "", base::Reload::live,
     "A file with more of them, one a line; read at the start and by a reload. Empty for none."},
    {"trap_null_sender", &S::trap_null_sender, "no", "", base::Reload::live,
     "Whether mail from the null sender counts too. Bounces and callouts for a forged sender that "
     "is a trap come from innocent servers."},
    {"trap_answer", &S::trap_answer, "reject", "reject|accept|discard", base::Reload::live,
     "What the mail to a trap gets: accept takes it past the checks that follow, so that it can be "
     "learned from (action_type); discard takes it and throws it away for all its recipients."},
    {"trap_answer_text", &S::trap_answer_text, "5.1.1 No such user here", "", base::Reload::live,
     "Enhanced status code and text when a trap's mail is rejected."},
    {"trap_lifetime", &S::trap_lifetime, "7d", "1s..1000d", base::Reload::live,
     "A client, and its network of /24 or /64, is forgotten when it has not written to a trap for "
     "so long."},
    {"trap_client_score", &S::trap_client_score, "10", "0..1000", base::Reload::live,
     "How much each hit of the client itself counts; at most one hit a second is counted."},
    {"trap_network_score", &S::trap_network_score, "3", "0..1000", base::Reload::live,
     "How much each hit of its network counts, those of the client included."},
    {"trap_refuse_at", &S::trap_refuse_at, "10", "0..1000000", base::Reload::live,
     "From this score on a client is refused; 0 for never."},
    {"trap_suspect_at", &S::trap_suspect_at, "3", "0..1000000", base::Reload::live,
     "From this score on no exception lets a client pass the greylist without a delay; 0 for "
     "never."},
    {"trap_text", &S::trap_text, "5.7.1 Your network has sent mail to a spamtrap", "",
     base::Reload::live, "Enhanced status code and text of a refusal."},
};

}  // namespace policy
