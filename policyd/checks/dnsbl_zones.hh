// policyd/checks/dnsbl_zones.hh -- the health of DNS lists: tested at the start, left out when bad.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A zone is used while it is `good`. It becomes so by passing its test (RFC 5782 s5), and ceases
// to when it fails a test, or fails to answer several times in a row; then it is tested again after
// a pause. So no mail pays for finding out whether a dead zone lives again. Pure: whoever owns the
// loop asks what due() names and gives the answers to learn().
#pragma once

#include <array>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/log.hh"
#include "base/metrics.hh"
#include "base/settings.hh"

#include "auth-lib/dns_view.hh"

#include "policyd/checks/dnsbl_rule.hh"

namespace policy {

// What one answer of a zone says.
enum class DnsblOutcome { hit, miss, failed, refused };

class DnsblZone {
 public:
  DnsblZone(std::string domain, bool is_of_addresses);

  const std::string& domain() const { return domain_; }
  bool is_of_addresses() const { return is_of_addresses_; }
  bool is_good() const { return state_ == State::good; }
  bool takes_ipv6() const { return takes_ipv6_; }
  // For people: "good", "not tested yet", "failed its test: ...", "did not answer".
  std::string state_text() const;

  void count(DnsblOutcome outcome) { answers_[static_cast<std::size_t>(outcome)]->add(); }
  void count_skipped() { skipped_->add(); }

 private:
  friend class DnsblZones;
  enum class State { untested, good, wrong, broken };

  std::string domain_;
  bool is_of_addresses_;
  bool is_wanted_ = true;  // named by the settings in force
  bool is_exempt_ = false;
  State state_ = State::untested;
  bool takes_ipv6_ = false;
  std::string problem_{};
  int failures_ = 0;
  base::WallTime next_test_{};
  bool is_being_tested_ = false;
  base::WallTime last_complaint_{};
  std::array<base::CounterFamily::Child*, 4> answers_{};
  base::CounterFamily::Child* skipped_ = nullptr;
};

struct DnsblHealthRules {
  int break_after = 5;
  base::Duration test_interval{};
  base::Duration pause{};
};

class DnsblZones {
 public:
  // Only who `tells` logs how zones fare, and counts it.
  explicit DnsblZones(base::Log& log, bool tells = true) : log_(log), tells_(tells) {}
  DnsblZones(const DnsblZones&) = delete;
  DnsblZones& operator=(const DnsblZones&) = delete;
  ~DnsblZones() = default;

  // New settings: no zone is wanted until use() names it. Zones known before keep their state.
  void begin(const DnsblHealthRules& health);
  // The zone of the rule, valid as long as this; one that is exempt is used without a test.
  DnsblZone& use(const DnsblRule& rule, bool is_exempt);

  // A zone answered a question about a mail, or failed to.
  void answered(DnsblZone& zone, DnsblOutcome outcome, base::WallTime now);

  // Zones to be tested now; each is given out until learn() is called for it.
  std::vector<DnsblZone*> due(base::WallTime now);
  static std::vector<auth::DnsQuestion> test_questions(const DnsblZone& zone);
  // The answers to the zone's test_questions(), all of them.
  void learn(DnsblZone& zone, const auth::DnsView& answers, base::WallTime now);

 private:
  void turn_good(DnsblZone& zone, bool takes_ipv6, base::WallTime now);
  void turn_bad(DnsblZone& zone, DnsblZone::State state, std::string problem, base::WallTime now);
  void count_good() const;

  base::Log& log_;
  bool tells_;
  DnsblHealthRules health_{};
  std::map<std::pair<std::string, bool>, DnsblZone> zones_{};
};

struct DnsblReply {
  DnsblOutcome outcome = DnsblOutcome::miss;
  base::IpAddress address{};  // of a hit
};
DnsblReply read_dnsbl_answer(const auth::DnsAnswer& answer, const DnsblPattern& pattern);

}  // namespace policy
