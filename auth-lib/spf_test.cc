// auth-lib/spf_test.cc -- SPF as a dialogue with the DNS: rounds, limits, hostile zones.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth-lib/spf.hh"

#include <boost/test/unit_test.hpp>

#include "auth-lib/spf_macro.hh"
#include "auth-lib/spf_record.hh"

namespace {

using auth::DnsAnswer;
using auth::DnsQuestion;
using auth::DnsType;
using auth::SpfResult;

auth::SpfInput input(std::string_view client, std::string sender) {
  return {base::IpAddress::parse(client).value(), "mx.example.net", std::move(sender), "mx1", {}};
}

DnsAnswer texts(std::vector<std::string> values) {
  return {DnsAnswer::Outcome::found, {}, std::move(values)};
}

DnsAnswer address(std::string_view text) {
  return {DnsAnswer::Outcome::found, {base::IpAddress::parse(text).value()}, {}};
}

// Answers from `zone` in rounds, as a caller does; what is not there does not exist.
auth::SpfOutcome resolve(const auth::SpfInput& in, const auth::DnsAnswers& zone, int& rounds) {
  auth::DnsAnswers known;
  for (rounds = 1; rounds < 100; ++rounds) {
    auto checked = auth::check_spf(in, known);
    if (checked.questions.empty()) {
      return checked.outcome;
    }
    for (const DnsQuestion& question : checked.questions) {
      const DnsAnswer* answer = zone.find(question);
      known.add(question,
                answer != nullptr ? *answer : DnsAnswer{DnsAnswer::Outcome::none, {}, {}});
    }
  }
  return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spf)

BOOST_AUTO_TEST_CASE(questions_come_in_rounds_and_the_names_of_one_mx_together) {
  auth::DnsAnswers zone;
  zone.add({"example.org", DnsType::txt}, texts({"unrelated", "v=spf1 mx -all"}));
  zone.add({"example.org", DnsType::mx}, texts({"a.example.org", "B.Example.org."}));
  zone.add({"a.example.org", DnsType::a}, address("192.0.2.1"));
  zone.add({"b.example.org", DnsType::a}, address("192.0.2.2"));
  int rounds = 0;
  const auto outcome = resolve(input("192.0.2.2", "x@Example.ORG"), zone, rounds);
  BOOST_TEST((outcome.result == SpfResult::pass));
  BOOST_TEST(rounds == 4);  // TXT; MX; both A; done
  BOOST_REQUIRE(outcome.trail.size() == 1U);
  BOOST_TEST(outcome.trail[0].term == "mx");
  BOOST_TEST(outcome.trail[0].found == "match");
}

BOOST_AUTO_TEST_CASE(the_null_sender_is_checked_by_its_helo) {
  auth::DnsAnswers zone;
  zone.add({"mx.example.net", DnsType::txt}, texts({"v=spf1 ip4:192.0.2.0/24 -all"}));
  int rounds = 0;
  BOOST_TEST((resolve(input("192.0.2.9", ""), zone, rounds).result == SpfResult::pass));
  BOOST_TEST((resolve(input("198.51.100.1", ""), zone, rounds).result == SpfResult::fail));
  BOOST_TEST((resolve(input("2001:db8::1", ""), zone, rounds).result == SpfResult::fail));
}

BOOST_AUTO_TEST_CASE(a_loop_of_includes_ends_at_the_lookup_limit) {
  auth::DnsAnswers zone;
  zone.add({"loop.example", DnsType::txt}, texts({"v=spf1 include:loop.example -all"}));
  int rounds = 0;
  const auto outcome = resolve(input("192.0.2.1", "x@loop.example"), zone, rounds);
  BOOST_TEST((outcome.result == SpfResult::permerror));
  BOOST_TEST(outcome.problem == "more than 10 DNS terms");
  BOOST_TEST(rounds == 2);
}

BOOST_AUTO_TEST_CASE(hostile_answers_cost_bounded_work) {
  auth::DnsAnswers zone;
  std::string record = "v=spf1";
  for (int i = 0; i < 5000; ++i) {
    record += " ip4:198.51.100." + std::to_string(i % 256);
  }
  zone.add({"large.example", DnsType::txt}, texts({record + " mx -all"}));
  zone.add({"large.example", DnsType::mx},
           texts(std::vector<std::string>(10'000, "m.example.org")));
  int rounds = 0;
  BOOST_TEST((resolve(input("192.0.2.1", "x@large.example"), zone, rounds).result ==
              SpfResult::permerror));
  zone.add({"many.example", DnsType::txt}, texts(std::vector<std::string>(10'000, "v=spf1 -all")));
  BOOST_TEST(
      (resolve(input("192.0.2.1", "x@many.example"), zone, rounds).result == SpfResult::permerror));
}

BOOST_AUTO_TEST_CASE(a_silent_dns_is_a_temperror_and_says_of_what) {
  auth::DnsAnswers zone;
  zone.add({"down.example", DnsType::txt}, DnsAnswer{});
  int rounds = 0;
  const auto outcome = resolve(input("192.0.2.1", "x@down.example"), zone, rounds);
  BOOST_TEST((outcome.result == SpfResult::temperror));
  BOOST_TEST(outcome.problem == "no DNS answer for TXT of down.example");
}

BOOST_AUTO_TEST_CASE(an_include_cannot_give_the_explanation_of_another) {
  auth::DnsAnswers zone;
  zone.add({"a.example.org", DnsType::txt}, texts({"v=spf1 include:b.example.org -all"}));
  zone.add({"b.example.org", DnsType::txt}, texts({"v=spf1 -all exp=e.example.org"}));
  zone.add({"e.example.org", DnsType::txt}, texts({"not ours"}));
  int rounds = 0;
  const auto outcome = resolve(input("192.0.2.1", "x@a.example.org"), zone, rounds);
  BOOST_TEST((outcome.result == SpfResult::fail));
  BOOST_TEST(outcome.explanation == "");
  BOOST_TEST(outcome.domain == "a.example.org");
}

BOOST_AUTO_TEST_CASE(records_are_taken_whole_or_not_at_all) {
  for (const char* good :
       {"v=spf1", "v=spf1 -all", "V=SPF1 +A/24//64 ~mx//0 ?ptr:x.example ip6:2001:db8::/32",
        "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} unknown=%{s} redirect=x.example"}) {
    BOOST_TEST(auth::is_spf_record(good), good);
    BOOST_TEST(auth::parse_spf_record(good).has_value(), good);
  }
  for (const char* bad :
       {"v=spf1 all:x", "v=spf1 ip4:1.2.3.4/33", "v=spf1 ip4:1.2.3.4/024", "v=spf1 ip6:1.2.3.4",
        "v=spf1 a:x", "v=spf1 include", "v=spf1 a/24/24", "v=spf1 exists:%{c}.x.example",
        "v=spf1 redirect=a.example redirect=b.example", "v=spf1 a:%{d", "v=spf1 bogus", "v=spf1 =x",
        "v=spf1 mx:a.1", "v=spf1 exists:%{d0}", "v=spf1 --all"}) {
    BOOST_TEST(!auth::parse_spf_record(bad), bad);
  }
  BOOST_TEST(!auth::is_spf_record("v=spf10 -all"));
}

BOOST_AUTO_TEST_CASE(long_names_lose_labels_on_the_left) {
  const std::string label(60, 'a');
  std::string name = label;
  for (int i = 0; i < 5; ++i) {
    name += "." + label;
  }
  const std::string shortened = auth::shortened_domain(name);
  BOOST_TEST(shortened.size() <= 253U);
  BOOST_TEST(shortened == name.substr(name.size() - shortened.size()));
}

BOOST_AUTO_TEST_SUITE_END()
