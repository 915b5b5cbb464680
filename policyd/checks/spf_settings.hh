// policyd/checks/spf_settings.hh -- the settings of the SPF check.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

#include "policyd/checks/own_networks.hh"

namespace policy {

struct SpfSettings {
  bool spf = true;
  std::string spf_fail_action;
  std::string spf_softfail_action;
  std::string spf_neutral_action;
  std::string spf_none_action;
  std::string spf_pass_action;
  std::string spf_permerror_action;
  std::string spf_temperror_action;
  std::string spf_helo_fail_action;
  base::Words spf_skip_networks;
  base::Duration spf_deadline{};
  std::string spf_text;
  bool spf_header = false;
  std::string spf_host_name;
};

inline constexpr std::string_view spf_actions = "dunno|defer|reject";

template <typename S>
inline constexpr base::Setting<S> spf_rows[] = {
    {"spf", &S::spf, "yes", "", base::Reload::live,
     "Whether the sender's domain is asked if the client may send its mail (SPF, RFC 7208). "
     "Authenticated clients are never checked. When every spf_*_action is dunno and spf_header is "
     "off, the DNS is asked only if another check wants to know."},
    {"spf_fail_action", &S::spf_fail_action, "reject", spf_actions, base::Reload::live,
     "What follows when the domain says that the client may not: dunno goes on with the next "
     "check, defer tells it to come back, reject refuses for good."},
    {"spf_softfail_action", &S::spf_softfail_action, "dunno", spf_actions, base::Reload::live,
     "What follows when the domain says that the client probably may not."},
    {"spf_neutral_action", &S::spf_neutral_action, "dunno", spf_actions, base::Reload::live,
     "What follows when the domain says nothing of the client."},
    {"spf_none_action", &S::spf_none_action, "dunno", spf_actions, base::Reload::live,
     "What follows when the domain has no SPF record."},
    {"spf_pass_action", &S::spf_pass_action, "dunno", spf_actions, base::Reload::live,
     "What follows when the client may send for the domain. Anybody can publish a record, so a "
     "pass alone lets no mail in; it is what the greylist builds on."},
    {"spf_permerror_action", &S::spf_permerror_action, "dunno", spf_actions, base::Reload::live,
     "What follows when the domain's record is wrong. Many are: reject refuses wanted mail."},
    {"spf_temperror_action", &S::spf_temperror_action, "dunno", spf_actions, base::Reload::live,
     "What follows when the DNS does not answer within spf_deadline. With defer a failing "
     "resolver of our own holds up all mail."},
    {"spf_helo_fail_action", &S::spf_helo_fail_action, "reject", "off|dunno|defer|reject",
     base::Reload::live,
     "What follows when the client may not call itself what it said in HELO; the sender is looked "
     "at all the same. With off, HELO counts for the null sender alone."},
    {"spf_skip_networks", &S::spf_skip_networks, own_networks, "", base::Reload::live,
     "Clients that no SPF record can know, or that forward mail to us: add your backup MX."},
    {"spf_deadline", &S::spf_deadline, "3s", "10ms..1m", base::Reload::live,
     "How much of lookup_deadline SPF may use up: the sender's domain can make it last, and what "
     "comes behind it needs time too."},
    {"spf_text", &S::spf_text,
     "SPF {result} of {identity} {domain} for client {client}. {explanation}", "",
     base::Reload::live,
     "Text of a refusal, behind the status code 5.7.23 (or 5.7.24 for an error). Places: {result}, "
     "{identity} (MAIL FROM or HELO), {domain}, {client}, {sender}, {helo}, {recipient} and "
     "{explanation}, what the domain itself says of a fail; as {sender:url} a value is encoded for "
     "a link, such as https://www.example.org/why?sender={sender:url}."},
    {"spf_header", &S::spf_header, "no", "", base::Reload::live,
     "Whether a Received-SPF header is put on mail that is not refused."},
    {"spf_host_name", &S::spf_host_name, "", "", base::Reload::live,
     "Our name in that header and for the macro r; empty for the machine's host name."},
};

}  // namespace policy
