// policyd/checks/dnsbl_zones.cc -- testing zones, and leaving out those that do harm.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/dnsbl_zones.hh"

#include <algorithm>

#include "policyd/events.hh"

namespace policy {

namespace {

using auth::DnsAnswer;
using auth::DnsQuestion;
using auth::DnsType;

base::CounterFamily count_answers("policyd_dnsbl_answers",
                                  "What DNS lists said of mail, cached answers too; skipped: not "
                                  "asked, because the zone is not fit to be used.",
                                  "zone, outcome");
base::Gauge zones_in_use("policyd_dnsbl_zones", "DNS lists in the settings.");
base::Gauge zones_good("policyd_dnsbl_good_zones",
                       "DNS lists that passed their test and answer; the others are not asked.");

constexpr std::array<std::string_view, 4> outcome_words{"hit", "miss", "failed", "refused"};
constexpr std::chrono::minutes complaint_interval{1};

// The entries of RFC 5782 s5 and s2.4: the first must be listed, the second must not.
struct TestPoints {
  std::string_view listed;
  std::string_view unlisted;
};
constexpr TestPoints ipv4_points{"2.0.0.127", "1.0.0.127"};
constexpr TestPoints name_points{"test", "invalid"};
constexpr TestPoints ipv6_points{"2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
                                 "1.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"};

DnsQuestion question_of(std::string_view label, const DnsblZone& zone) {
  return {std::string(label) + "." + zone.domain(), DnsType::a};
}

enum class Tested { passed, not_listed, lists_all, refused, failed };

Tested test(const TestPoints& points, const DnsblZone& zone, const auth::DnsView& answers) {
  const DnsblPattern any;
  const DnsAnswer* listed = answers.find(question_of(points.listed, zone));
  const DnsAnswer* unlisted = answers.find(question_of(points.unlisted, zone));
  if (listed == nullptr || unlisted == nullptr) {
    return Tested::failed;
  }
  const DnsblOutcome of_listed = read_dnsbl_answer(*listed, any).outcome;
  const DnsblOutcome of_unlisted = read_dnsbl_answer(*unlisted, any).outcome;
  if (of_listed == DnsblOutcome::refused || of_unlisted == DnsblOutcome::refused) {
    return Tested::refused;
  }
  if (of_unlisted == DnsblOutcome::hit) {
    return Tested::lists_all;
  }
  if (of_listed == DnsblOutcome::failed || of_unlisted == DnsblOutcome::failed) {
    return Tested::failed;
  }
  return of_listed == DnsblOutcome::hit ? Tested::passed : Tested::not_listed;
}

std::string problem_of(Tested tested, const TestPoints& points) {
  switch (tested) {
    case Tested::passed:
      break;
    case Tested::not_listed:
      return "does not list its test entry " + std::string(points.listed);
    case Tested::lists_all:
      return "lists " + std::string(points.unlisted) + ", which no list may";
    case Tested::refused:
      return "refuses us, or its name is in other hands";
    case Tested::failed:
      return "did not answer its test";
  }
  return {};
}

}  // namespace

DnsblReply read_dnsbl_answer(const DnsAnswer& answer, const DnsblPattern& pattern) {
  if (answer.outcome == DnsAnswer::Outcome::failed) {
    return {DnsblOutcome::failed};
  }
  // Whoever answers with other addresses keeps no list: a parked domain, a resolver that lies.
  const auto is_refusal = [](const base::IpAddress& address) {
    return !is_dnsbl_answer(address) || is_dnsbl_refusal(address);
  };
  if (std::any_of(answer.addresses.begin(), answer.addresses.end(), is_refusal)) {
    return {DnsblOutcome::refused};
  }
  const auto hit =
      std::find_if(answer.addresses.begin(), answer.addresses.end(),
                   [&pattern](const base::IpAddress& address) { return pattern.matches(address); });
  return hit == answer.addresses.end() ? DnsblReply{} : DnsblReply{DnsblOutcome::hit, *hit};
}

DnsblZone::DnsblZone(std::string domain, bool is_of_addresses)
    : domain_(std::move(domain)), is_of_addresses_(is_of_addresses) {
  const auto counter = [this](std::string_view outcome) {
    return &count_answers.with("zone=\"" + domain_ + "\",outcome=\"" + std::string(outcome) + "\"");
  };
  for (std::size_t i = 0; i < answers_.size(); ++i) {
    answers_[i] = counter(outcome_words[i]);
  }
  skipped_ = counter("skipped");
}

std::string DnsblZone::state_text() const {
  switch (state_) {
    case State::untested:
      return "not tested yet";
    case State::good:
      return "good";
    case State::wrong:
    case State::broken:
      return problem_;
  }
  return {};
}

void DnsblZones::begin(const DnsblHealthRules& health) {
  health_ = health;
  for (auto& [key, zone] : zones_) {
    zone.is_wanted_ = false;
  }
  count_good();
}

DnsblZone& DnsblZones::use(const DnsblRule& rule, bool is_exempt) {
  DnsblZone& zone = zones_
                        .try_emplace(std::pair(rule.domain, rule.is_of_addresses()), rule.domain,
                                     rule.is_of_addresses())
                        .first->second;
  zone.is_wanted_ = true;
  zone.is_exempt_ = is_exempt;
  if (is_exempt && zone.state_ != DnsblZone::State::broken) {
    zone.state_ = DnsblZone::State::good;
    zone.takes_ipv6_ = true;
  }
  count_good();
  return zone;
}

void DnsblZones::answered(DnsblZone& zone, DnsblOutcome outcome, base::WallTime now) {
  zone.count(outcome);
  if (outcome == DnsblOutcome::hit || outcome == DnsblOutcome::miss) {
    zone.failures_ = 0;
    return;
  }
  if (outcome == DnsblOutcome::refused &&
      (now >= zone.last_complaint_ + complaint_interval || now < zone.last_complaint_)) {
    zone.last_complaint_ = now;
    log_.write(event::dnsbl_refused, {{"zone", zone.domain_}});
  }
  if (++zone.failures_ >= health_.break_after && zone.is_good()) {
    turn_bad(zone, DnsblZone::State::broken,
             outcome == DnsblOutcome::refused
                 ? "refuses us, or its name is in other hands"
                 : "did not answer " + std::to_string(zone.failures_) + " times in a row",
             now);
  }
}

std::vector<DnsblZone*> DnsblZones::due(base::WallTime now) {
  std::vector<DnsblZone*> due;
  // A clock that jumped back must not keep a zone from its test.
  const base::WallTime latest = now + std::max(health_.test_interval, health_.pause);
  for (auto& [key, zone] : zones_) {
    const bool needs_test = !zone.is_exempt_ || zone.state_ == DnsblZone::State::broken;
    if (zone.is_wanted_ && needs_test && !zone.is_being_tested_ &&
        (now >= zone.next_test_ || zone.next_test_ > latest)) {
      zone.is_being_tested_ = true;
      due.push_back(&zone);
    }
  }
  return due;
}

std::vector<DnsQuestion> DnsblZones::test_questions(const DnsblZone& zone) {
  const TestPoints& points = zone.is_of_addresses() ? ipv4_points : name_points;
  std::vector<DnsQuestion> questions{question_of(points.listed, zone),
                                     question_of(points.unlisted, zone)};
  if (zone.is_of_addresses()) {
    questions.push_back(question_of(ipv6_points.listed, zone));
    questions.push_back(question_of(ipv6_points.unlisted, zone));
  }
  return questions;
}

void DnsblZones::learn(DnsblZone& zone, const auth::DnsView& answers, base::WallTime now) {
  zone.is_being_tested_ = false;
  const TestPoints& points = zone.is_of_addresses() ? ipv4_points : name_points;
  const Tested tested = test(points, zone, answers);
  const bool is_alive = tested == Tested::passed ||
                        (zone.is_exempt_ && tested != Tested::failed && tested != Tested::refused);
  if (is_alive) {
    const bool six = zone.is_of_addresses() &&
                     (zone.is_exempt_ || test(ipv6_points, zone, answers) == Tested::passed);
    turn_good(zone, six, now);
    return;
  }
  if (tested == Tested::failed && zone.is_good()) {
    zone.next_test_ = now + health_.pause;  // mail will show whether it is dead
    return;
  }
  turn_bad(zone, DnsblZone::State::wrong, problem_of(tested, points), now);
}

void DnsblZones::turn_good(DnsblZone& zone, bool takes_ipv6, base::WallTime now) {
  const bool is_news = !zone.is_good() || zone.takes_ipv6_ != takes_ipv6;
  zone.state_ = DnsblZone::State::good;
  zone.takes_ipv6_ = takes_ipv6;
  zone.failures_ = 0;
  zone.next_test_ = now + health_.test_interval;
  if (is_news && tells_) {
    log_.write(event::dnsbl_good, {{"zone", zone.domain_}, {"ipv6", takes_ipv6 ? "yes" : "no"}});
  }
  count_good();
}

void DnsblZones::turn_bad(DnsblZone& zone, DnsblZone::State state, std::string problem,
                          base::WallTime now) {
  const bool is_news = zone.state_ != state || zone.problem_ != problem;
  zone.state_ = state;
  zone.problem_ = std::move(problem);
  zone.failures_ = 0;
  zone.next_test_ = now + health_.pause;
  if (is_news && tells_) {
    log_.write(event::dnsbl_bad, {{"zone", zone.domain_}, {"error", zone.problem_}});
  }
  count_good();
}

void DnsblZones::count_good() const {
  if (!tells_) {
    return;
  }
  std::int64_t wanted = 0;
  std::int64_t good = 0;
  for (const auto& [key, zone] : zones_) {
    wanted += zone.is_wanted_ ? 1 : 0;
    good += zone.is_wanted_ && zone.is_good() ? 1 : 0;
  }
  zones_in_use.set(wanted);
  zones_good.set(good);
}

}  // namespace policy
