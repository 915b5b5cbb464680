// policyd/checks/dnsbl_settings.hh -- the settings of the DNS lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

#include "policyd/checks/own_networks.hh"

namespace policy {

struct DnsblSettings {
  base::Words dnsbl_zones;
  std::int64_t dnsbl_threshold = 0;
  std::string dnsbl_action;
  std::string dnsbl_on_error;
  std::string dnsbl_text;
  base::Words dnsbl_skip_networks;
  base::Words dnsbl_untested;
  base::Duration dnsbl_test_interval{};
  std::int64_t dnsbl_break_after = 0;
  base::Duration dnsbl_pause{};
};

template <typename S>
inline constexpr base::Setting<S> dnsbl_rows[] = {
    {"dnsbl_zones", &S::dnsbl_zones, "", "", base::Reload::live,
     "DNS lists that are asked about a mail, all at once, as in postscreen_dnsbl_sites: "
     "ZONE=PATTERN*WEIGHT. Answers within PATTERN add WEIGHT to the score; without a pattern that "
     "is 127.0.0.0/8 but for 127.0.0.1, without a weight 1. An octet of a pattern is a number, or "
     "in brackets numbers, ranges (2..11) and masks (&6), separated by semicolons. A weight below "
     "0 makes it a list of the good, which also spares mail the greylist. A zone is asked about "
     "the client's address; with sender:, helo: or name: before it about the domain of the sender, "
     "the name in HELO or the client's verified name, with rhsbl: about all three. Answers within "
     "127.255.255.0/24 never count: so a zone says that it refuses us."},
    {"dnsbl_threshold", &S::dnsbl_threshold, "1", "1..10000", base::Reload::live,
     "From this score on dnsbl_action follows."},
    {"dnsbl_action", &S::dnsbl_action, "reject", "dunno|defer|reject", base::Reload::live,
     "What follows at the threshold: dunno goes on with the next check, defer tells it to come "
     "back, reject refuses for good."},
    {"dnsbl_on_error", &S::dnsbl_on_error, "dunno", "dunno|defer", base::Reload::live,
     "What follows below the threshold when zones that did not answer could have made the "
     "difference: dunno goes on, defer tells the mail to come back. A zone that is not used "
     "because it failed before is left out of this."},
    {"dnsbl_text", &S::dnsbl_text, "{what} is listed by {zones}. {reason}", "", base::Reload::live,
     "Text of a refusal, behind the status code. Places: {what} is listed, the address or name; "
     "{zone} has the most weight, {zones} are all; {answer} and {reason} are what that zone "
     "answers, as address and as text (TXT); {score}, {client}, {sender}, {helo}, {recipient}. As "
     "{client:url} a value is encoded for a link, such as "
     "https://www.example.org/why?ip={client:url}."},
    {"dnsbl_skip_networks", &S::dnsbl_skip_networks, own_networks, "", base::Reload::live,
     "Clients that are not looked up: add your backup MX."},
    {"dnsbl_untested", &S::dnsbl_untested, "", "", base::Reload::live,
     "Zones that have no test entries and are used without the test. Every other zone must list "
     "127.0.0.2 and not 127.0.0.1 (RFC 5782), a zone of names test and not invalid; for IPv6 "
     "clients ::ffff:7f00:2 and not ::ffff:7f00:1, else it is not asked about them. A zone is not "
     "used until its test has passed."},
    {"dnsbl_test_interval", &S::dnsbl_test_interval, "1h", "1s..7d", base::Reload::live,
     "How often a zone is tested again."},
    {"dnsbl_break_after", &S::dnsbl_break_after, "5", "1..100000", base::Reload::live,
     "A zone that fails so often in a row is left out until its test passes, so that mail does not "
     "wait for it."},
    {"dnsbl_pause", &S::dnsbl_pause, "1m", "1s..1d", base::Reload::live,
     "How long after a failure a zone is tested again."},
};

}  // namespace policy
