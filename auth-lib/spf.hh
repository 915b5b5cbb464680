// auth-lib/spf.hh -- Sender Policy Framework (RFC 7208) as a pure function over a view of the DNS.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   DnsAnswers known;
//   for (;;) {
//     auto checked = check_spf(input, known);
//     if (checked.questions.empty()) return checked.outcome;
//     ... resolve checked.questions, add the answers to `known` ...
//   }
//
// Each call walks the record from its start; answers that are there cost a map look-up. The walk is
// bounded by the limits of s4.6.4, so the loop ends after at most some twenty rounds.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/ip.hh"

#include "auth-lib/dns_view.hh"

namespace auth {

// RFC 7208 s2.6.
enum class SpfResult {
  none,       // no record, or no domain to ask
  neutral,    // the owner says nothing of this client
  pass,       // the client may send for the domain
  fail,       // it may not
  softfail,   // it probably may not
  temperror,  // the DNS did not answer; a later try may
  permerror,  // the published record is wrong
};
std::string_view spf_result_name(SpfResult result);

struct SpfInput {
  base::IpAddress client{};
  std::string helo{};
  std::string sender{};    // MAIL FROM without brackets; empty for the null sender: helo is checked
  std::string receiver{};  // our host name, for %{r}
  base::WallTime now{};    // for %{t}
};

// Of one message's check. The numbers are those of RFC 7208 s4.6.4.
struct SpfLimits {
  int lookups = 10;        // terms that ask the DNS
  int void_lookups = 2;    // of their questions, how many may have no answer
  std::size_t names = 10;  // names of one MX or PTR answer
};

// One term that was looked at, for people: "example.org  include:_spf.example.net  pass".
struct SpfStep {
  std::string domain{};
  std::string term{};
  std::string found{};  // "match", "no match", "temperror", "permerror", or a result name
};

struct SpfOutcome {
  SpfResult result = SpfResult::none;
  std::string domain{};       // whose record decided
  std::string explanation{};  // exp= text of the domain's owner on fail: hostile, may be empty
  std::string problem{};      // why temperror or permerror
  std::vector<SpfStep> trail{};
};

struct SpfChecked {
  SpfOutcome outcome{};                  // to be read only when `questions` is empty
  std::vector<DnsQuestion> questions{};  // what must be resolved before the next call
};

SpfChecked check_spf(const SpfInput& input, const DnsView& view, const SpfLimits& limits = {});

}  // namespace auth
