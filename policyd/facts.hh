// policyd/facts.hh -- what is known of a message beyond the text of one request.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Some facts cost time to find. A check that misses one answers Waits (chain.hh); the owner of the
// run finds what it names (gather.hh in the daemon), puts it here, and asks the check again. What
// cannot be found in time is put here as failed, so that no question is ever asked twice.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/ip.hh"
#include "base/settings.hh"

#include "auth-lib/dns_view.hh"
#include "auth-lib/spf.hh"

#include "policyd/account.hh"
#include "policyd/quota.hh"
#include "policyd/request.hh"

namespace policy {

class RateHold;

// What a check has to be told before it can answer.
struct Waits {
  std::vector<auth::DnsQuestion> dns{};
  std::vector<std::string> accounts{};  // addresses in lower case
  // At most so long after the request began to wait; zero: as long as lookup_deadline allows. For
  // questions to strangers, who could use up the time of the checks behind.
  base::Duration within{};

  std::vector<QuotaQuestion> quotas{};

  bool empty() const { return dns.empty() && accounts.empty() && quotas.empty(); }
};

// What SPF says of client and sender (checks/spf.hh).
struct SpfFinding {
  auth::SpfOutcome sender{};  // of MAIL FROM; for the null sender of HELO (RFC 7208 s2.4)
  auth::SpfOutcome helo{};    // of HELO; none when it was not checked
  std::string domain{};       // the one `sender` speaks of, in lower case
};

// An entry of a DNS list that the message met.
struct DnsblHit {
  std::string zone{};
  std::string what{};      // that is listed: the client's address, or a name
  std::string question{};  // the name that was asked for
  base::IpAddress answer{};
  int weight = 0;
};

// What the DNS lists say of a message (checks/dnsbl.hh).
struct DnsblFinding {
  int score = 0;
  int missing = 0;  // how much zones that failed could have added
  std::vector<DnsblHit> hits{};
  std::vector<std::string> notes{};  // filled in a rehearsal

  // Lists of the good outweigh: the client is known to send wanted mail.
  bool is_welcome() const { return score < 0; }
};

// Requests of one message carry the same `instance=` and share these: client and sender are theirs
// in common. What belongs to one recipient alone is keyed by its address.
struct Facts {
  std::string instance{};
  std::string sender{};                     // as written
  std::optional<base::IpAddress> client{};  // nothing when Postfix says "unknown"
  auth::DnsAnswers dns{};
  // What the directory knows of addresses, by the address in lower case.
  std::map<std::string, std::shared_ptr<const Account>, std::less<>> accounts{};
  // Null: not asked yet.
  const Account* account(std::string_view address) const;
  std::map<QuotaQuestion, Quota> quotas{};
  // What the message has reserved of its rates (checks/rate_ledger.hh); null: nothing.
  std::shared_ptr<RateHold> rate_hold{};
  bool is_suspect = false;  // no check makes an exception for the client
  // What the message was told already (action_type.hh).
  bool is_spam = false;
  std::string given_header{};
  std::optional<base::WallTime> spf_began{};
  std::optional<SpfFinding> spf{};  // once a check has asked: use spf_of()
  bool has_spf_header = false;
  std::optional<DnsblFinding> dnsbl{};  // once the check has asked
  // A header that the first answer without objection gives to the message: "Name: value".
  std::string header{};
};
Facts facts_of(const Request& request);

// True when the facts of the message before hold for this request too.
bool is_same_message(const Facts& facts, const Request& request);

}  // namespace policy
