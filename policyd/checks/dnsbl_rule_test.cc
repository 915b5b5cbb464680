// policyd/checks/dnsbl_rule_test.cc -- rules and patterns of dnsbl_zones.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/dnsbl_rule.hh"

#include <boost/test/unit_test.hpp>

namespace {

using policy::DnsblPattern;
using policy::parse_dnsbl_rule;

base::IpAddress address(std::string_view text) {
  return base::IpAddress::parse(text).value();
}

bool matches(std::string_view pattern, std::string_view answer) {
  const auto parsed = DnsblPattern::parse(pattern);
  BOOST_REQUIRE(parsed);
  return parsed->matches(address(answer));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dnsbl_rules)

BOOST_AUTO_TEST_CASE(a_rule_is_read_as_postscreen_reads_it) {
  const auto rule = parse_dnsbl_rule("Zen.Example.=127.0.0.[2..11]*3");
  BOOST_REQUIRE(rule);
  BOOST_TEST(rule->domain == "zen.example");
  BOOST_TEST(rule->weight == 3);
  BOOST_TEST(rule->is_of_addresses());
  BOOST_TEST(parse_dnsbl_rule("list.example=127.0.[0..255].[1..3]*-5")->weight == -5);
  BOOST_TEST(parse_dnsbl_rule("list.example")->weight == 1);
  const auto names = parse_dnsbl_rule("rhsbl:dbl.example*2");
  BOOST_TEST(!names->is_of_addresses());
  BOOST_TEST((names->looks_up(policy::DnsblKind::sender) &&
              names->looks_up(policy::DnsblKind::helo) &&
              names->looks_up(policy::DnsblKind::name)));
}

BOOST_AUTO_TEST_CASE(what_is_no_rule_is_refused_with_advice) {
  for (const char* text : {"",
                           "zen",
                           "zen example",
                           "zen..example",
                           "zen.example=",
                           "zen.example=127.0.0",
                           "zen.example=127.0.0.256",
                           "zen.example=127.0.0.[9..2]",
                           "zen.example=127.0.0.[2",
                           "zen.example=127.0.0.[]",
                           "zen.example=127.0.0.2.3",
                           "zen.example=10.0.0.2",
                           "zen.example*0",
                           "zen.example*1001",
                           "zen.example*x",
                           "zen.example*",
                           "dbl:zen.example",
                           "zen.example=127.0.0.&2",
                           "zen.example=127.0.0.[&0]",
                           "zen.example=127.0.0.[&1..2]"}) {
    const auto rule = parse_dnsbl_rule(text);
    BOOST_TEST(!rule, text);
    BOOST_TEST((rule || !rule.error().hint.empty()), text);
  }
}

BOOST_AUTO_TEST_CASE(patterns_say_which_answers_count) {
  BOOST_TEST(matches("127.0.0.[2..11]", "127.0.0.11"));
  BOOST_TEST(!matches("127.0.0.[2..11]", "127.0.0.12"));
  BOOST_TEST(!matches("127.0.0.[2..11]", "127.0.1.2"));
  BOOST_TEST(matches("127.0.[0;2..3].4", "127.0.3.4"));
  BOOST_TEST(matches("127.0.0.[&6]", "127.0.0.2"));
  BOOST_TEST(matches("127.0.0.[&6]", "127.0.0.12"));
  BOOST_TEST(!matches("127.0.0.[&6]", "127.0.0.9"));
  BOOST_TEST(matches("127.0.0.1", "127.0.0.1"));
  const DnsblPattern any;
  BOOST_TEST(any.matches(address("127.0.1.2")));
  BOOST_TEST(!any.matches(address("127.0.0.1")));
  BOOST_TEST(!any.matches(address("192.0.2.7")));
  BOOST_TEST(!any.matches(address("::1")));
}

BOOST_AUTO_TEST_CASE(an_answer_of_127_255_255_is_never_a_hit) {
  BOOST_TEST(!DnsblPattern().matches(address("127.255.255.254")));
  BOOST_TEST(!matches("127.255.255.[0..255]", "127.255.255.254"));
  BOOST_TEST(matches("127.255.254.2", "127.255.254.2"));
}

BOOST_AUTO_TEST_CASE(addresses_are_asked_for_backwards) {
  BOOST_TEST(policy::dnsbl_label(address("192.0.2.99")) == "99.2.0.192");
  BOOST_TEST(policy::dnsbl_label(address("2001:db8::567:89ab")) ==
             "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2");
}

BOOST_AUTO_TEST_CASE(only_real_domains_are_looked_up) {
  BOOST_TEST(policy::listable_domain("Mail.Example.ORG.").value() == "mail.example.org");
  for (const char* text : {"", "localhost", "unknown", "[192.0.2.1]", "192.0.2.1", "a..b", "a b.c",
                           "\xc3\xa9.example", "2001:db8::1"}) {
    BOOST_TEST(!policy::listable_domain(text), text);
  }
  BOOST_TEST(!policy::listable_domain(std::string(90, 'a') + ".example.org"));
}

BOOST_AUTO_TEST_SUITE_END()
