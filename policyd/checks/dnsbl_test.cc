// policyd/checks/dnsbl_test.cc -- the health of zones, scores and verdicts of DNS lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/dnsbl.hh"

#include <arpa/inet.h>

#include <boost/test/unit_test.hpp>

#include "policyd/settings.hh"

namespace {

using auth::DnsAnswer;
using auth::DnsType;
using policy::Attribute;

base::IpAddress address(std::string_view text) {
  return base::IpAddress::parse(text).value();
}

// "2.0...": the label of an IPv6 address that base::IpAddress takes for IPv4.
std::string label_of_mapped(const char* text) {
  std::array<std::uint8_t, 16> bytes{};
  BOOST_REQUIRE(::inet_pton(AF_INET6, text, bytes.data()) == 1);
  std::string out;
  for (std::size_t i = 16; i > 0; --i) {
    out += "0123456789abcdef"[bytes[i - 1] & 15];
    out += '.';
    out += "0123456789abcdef"[bytes[i - 1] >> 4];
    out += i > 1 ? "." : "";
  }
  return out;
}

struct Fixture {
  std::string log_text{};
  base::Log log{"test", base::memory_log_sink(log_text), base::Level::debug};
  policy::DnsblZones zones{log};
  policy::DnsblOptions options{};
  policy::DnsblCheck check{options, zones};
  policy::Request request{};
  policy::Facts facts{};
  auth::DnsAnswers dns{};
  std::vector<std::string> asked{};
  base::WallTime now{std::chrono::hours(1)};

  Fixture() {
    request.set(Attribute::protocol_state, "RCPT");
    request.set(Attribute::client_address, "192.0.2.1");
    request.set(Attribute::client_name, "mail.client.example");
    request.set(Attribute::helo_name, "helo.example");
    request.set(Attribute::sender, "a@sender.example");
    request.set(Attribute::recipient, "bob@example.net");
  }

  void set(const std::string& text) {
    const auto settings = base::settings_from_text(policy::settings_table, "test", text);
    BOOST_REQUIRE(settings);
    BOOST_REQUIRE(policy::check_dnsbl_settings(*settings));
    options = policy::dnsbl_options_of(*settings, zones);
  }
  void list(const std::string& name, std::string_view answer) {
    dns.add({name, DnsType::a}, {DnsAnswer::Outcome::found, {address(answer)}, {}});
  }
  void fail(const std::string& name) { dns.add({name, DnsType::a}, {}); }
  DnsAnswer reply(const auth::DnsQuestion& question) {
    asked.push_back(question.name);
    const DnsAnswer* known = dns.find(question);
    return known != nullptr ? *known : DnsAnswer{DnsAnswer::Outcome::none};
  }
  // Runs the tests that are due.
  void test_zones() {
    for (policy::DnsblZone* zone : zones.due(now)) {
      auth::DnsAnswers answers;
      for (const auto& question : policy::DnsblZones::test_questions(*zone)) {
        answers.add(question, reply(question));
      }
      zones.learn(*zone, answers, now);
    }
    asked.clear();
  }
  // A good zone of addresses, for both families.
  void make_good(const std::string& zone) {
    list("2.0.0.127." + zone, "127.0.0.2");
    list(label_of_mapped("::ffff:7f00:2") + "." + zone, "127.0.0.2");
  }
  policy::Answer ask(policy::Notes* notes = nullptr) {
    facts = policy::facts_of(request);
    while (true) {
      policy::Answer answer = check.ask({request, facts, now, notes});
      const auto* waits = std::get_if<policy::Waits>(&answer);
      if (waits == nullptr) {
        return answer;
      }
      for (const auto& question : waits->dns) {
        facts.dns.add(question, reply(question));
      }
    }
  }
  std::string answer() {
    const auto answer = ask();
    const auto* verdict = std::get_if<policy::Verdict>(&answer);
    return verdict == nullptr
               ? ""
               : std::string(policy::action_word(verdict->action)) + " " + verdict->text;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(dnsbl_zones)

BOOST_FIXTURE_TEST_CASE(a_zone_is_not_used_until_its_test_has_passed, Fixture) {
  set("dnsbl_zones = bl.example");
  list("1.2.0.192.bl.example", "127.0.0.2");
  BOOST_TEST(answer() == "");
  BOOST_TEST(asked.empty());
  make_good("bl.example");
  test_zones();
  BOOST_TEST(log_text.find("policyd.dnsbl.good zone=bl.example ipv6=yes") != std::string::npos);
  BOOST_TEST(answer() == "reject 5.7.1 192.0.2.1 is listed by bl.example.");
}

BOOST_FIXTURE_TEST_CASE(a_zone_that_lists_everything_is_left_out, Fixture) {
  set("dnsbl_zones = bl.example");
  make_good("bl.example");
  list("1.0.0.127.bl.example", "127.0.0.2");
  test_zones();
  BOOST_TEST(log_text.find("lists 1.0.0.127") != std::string::npos);
  list("1.2.0.192.bl.example", "127.0.0.2");
  BOOST_TEST(answer() == "");
}

BOOST_FIXTURE_TEST_CASE(a_parked_or_refusing_zone_is_left_out, Fixture) {
  set("dnsbl_zones = parked.example, refusing.example");
  list("2.0.0.127.parked.example", "203.0.113.80");
  list("2.0.0.127.refusing.example", "127.255.255.254");
  test_zones();
  for (const char* zone : {"parked", "refusing"}) {
    list(std::string("1.2.0.192.") + zone + ".example", "127.0.0.2");
  }
  BOOST_TEST(answer() == "");
}

BOOST_FIXTURE_TEST_CASE(a_zone_without_ipv6_is_not_asked_about_it, Fixture) {
  set("dnsbl_zones = bl.example");
  list("2.0.0.127.bl.example", "127.0.0.2");
  test_zones();
  BOOST_TEST(log_text.find("ipv6=no") != std::string::npos);
  request.set(Attribute::client_address, "2001:db8::1");
  BOOST_TEST(answer() == "");
  BOOST_TEST(asked.empty());
  // A later test finds that it has learnt it.
  make_good("bl.example");
  now += std::chrono::hours(1);
  test_zones();
  list(policy::dnsbl_label(address("2001:db8::1")) + ".bl.example", "127.0.0.2");
  BOOST_TEST(answer() == "reject 5.7.1 2001:db8::1 is listed by bl.example.");
}

BOOST_FIXTURE_TEST_CASE(a_zone_of_names_is_tested_by_names, Fixture) {
  set("dnsbl_zones = sender:dbl.example");
  list("test.dbl.example", "127.0.1.2");
  test_zones();
  list("sender.example.dbl.example", "127.0.1.2");
  BOOST_TEST(answer() == "reject 5.7.1 sender.example is listed by dbl.example.");
}

BOOST_FIXTURE_TEST_CASE(a_zone_that_fails_in_a_row_is_left_out_until_it_answers, Fixture) {
  set("dnsbl_zones = bl.example\ndnsbl_break_after = 3\ndnsbl_pause = 1m");
  make_good("bl.example");
  test_zones();
  fail("1.2.0.192.bl.example");
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(answer() == "");
  }
  BOOST_TEST(log_text.find("did not answer 3 times in a row") != std::string::npos);
  asked.clear();
  BOOST_TEST(answer() == "");
  BOOST_TEST(asked.empty());
  // Its next test fails, the one after passes.
  fail("2.0.0.127.bl.example");
  now += std::chrono::minutes(1);
  test_zones();
  list("1.2.0.192.bl.example", "127.0.0.2");
  BOOST_TEST(answer() == "");
  make_good("bl.example");
  test_zones();  // not yet due
  BOOST_TEST(answer() == "");
  now += std::chrono::minutes(1);
  test_zones();
  BOOST_TEST(answer() == "reject 5.7.1 192.0.2.1 is listed by bl.example.");
}

BOOST_FIXTURE_TEST_CASE(a_good_answer_in_between_keeps_it_in_use, Fixture) {
  set("dnsbl_zones = bl.example\ndnsbl_break_after = 2");
  make_good("bl.example");
  test_zones();
  for (int i = 0; i < 5; ++i) {
    fail("1.2.0.192.bl.example");
    answer();
    dns.add({"1.2.0.192.bl.example", DnsType::a}, {DnsAnswer::Outcome::none});
    answer();
  }
  BOOST_TEST(log_text.find("in a row") == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(one_failed_retest_does_not_take_a_good_zone_away, Fixture) {
  set("dnsbl_zones = bl.example\ndnsbl_test_interval = 1h");
  make_good("bl.example");
  test_zones();
  fail("2.0.0.127.bl.example");
  now += std::chrono::hours(1);
  test_zones();
  list("1.2.0.192.bl.example", "127.0.0.2");
  BOOST_TEST(answer() == "reject 5.7.1 192.0.2.1 is listed by bl.example.");
}

BOOST_FIXTURE_TEST_CASE(an_untested_zone_is_used_at_once, Fixture) {
  set("dnsbl_zones = own.example\ndnsbl_untested = own.example");
  list("1.2.0.192.own.example", "127.0.0.2");
  BOOST_TEST(zones.due(now).empty());
  BOOST_TEST(answer() == "reject 5.7.1 192.0.2.1 is listed by own.example.");
}

BOOST_FIXTURE_TEST_CASE(a_reload_keeps_what_is_known_of_zones, Fixture) {
  set("dnsbl_zones = bl.example");
  make_good("bl.example");
  test_zones();
  list("1.2.0.192.bl.example", "127.0.0.2");
  set("dnsbl_zones = new.example, bl.example*2\ndnsbl_threshold = 2");
  BOOST_TEST(answer() == "reject 5.7.1 192.0.2.1 is listed by bl.example.");
  const auto due = zones.due(now);
  BOOST_REQUIRE(due.size() == 1U);
  BOOST_TEST(due[0]->domain() == "new.example");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(dnsbl_check)

struct ThreeZones : Fixture {
  ThreeZones() {
    for (const char* zone : {"a.example", "b.example", "w.example"}) {
      make_good(zone);
    }
    with("");
    test_zones();
  }
  void with(const std::string& more) {
    set("dnsbl_zones = a.example=127.0.0.[2..9]*2, b.example*2, w.example*-3\n"
        "dnsbl_threshold = 3\n" +
        more);
  }
};

BOOST_FIXTURE_TEST_CASE(weights_add_up_and_a_list_of_the_good_outweighs, ThreeZones) {
  list("1.2.0.192.a.example", "127.0.0.2");
  BOOST_TEST(answer() == "");
  BOOST_TEST(facts.dnsbl->score == 2);
  list("1.2.0.192.b.example", "127.0.0.7");
  BOOST_TEST(answer() == "reject 5.7.1 192.0.2.1 is listed by a.example, b.example.");
  list("1.2.0.192.w.example", "127.0.5.1");
  BOOST_TEST(answer() == "");
  BOOST_TEST(!facts.dnsbl->is_welcome());
}

BOOST_FIXTURE_TEST_CASE(who_only_the_good_lists_know_is_welcome, ThreeZones) {
  list("1.2.0.192.w.example", "127.0.5.1");
  BOOST_TEST(answer() == "");
  BOOST_TEST(facts.dnsbl->is_welcome());
}

BOOST_FIXTURE_TEST_CASE(answers_outside_of_the_pattern_do_not_count, ThreeZones) {
  list("1.2.0.192.a.example", "127.0.0.10");
  list("1.2.0.192.b.example", "127.0.0.2");
  BOOST_TEST(answer() == "");
  BOOST_TEST(facts.dnsbl->score == 2);
}

BOOST_FIXTURE_TEST_CASE(all_zones_are_asked_at_once, ThreeZones) {
  facts = policy::facts_of(request);
  const auto answer = check.ask({request, facts, now});
  const auto* waits = std::get_if<policy::Waits>(&answer);
  BOOST_REQUIRE(waits != nullptr);
  BOOST_TEST(waits->dns.size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(the_zone_says_why_in_its_own_words, ThreeZones) {
  with("dnsbl_text = {zone} {answer} {score}: {reason} see https://x.example/?{client:url}");
  list("1.2.0.192.a.example", "127.0.0.2");
  list("1.2.0.192.b.example", "127.0.0.7");
  dns.add({"1.2.0.192.a.example", DnsType::txt},
          {DnsAnswer::Outcome::found, {}, {"bad\r\n250 {client}"}});
  BOOST_TEST(answer() ==
             "reject 5.7.1 a.example 127.0.0.2 4: bad??250 {client} see "
             "https://x.example/?192.0.2.1");
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_known_is_decided_by_on_error, ThreeZones) {
  list("1.2.0.192.a.example", "127.0.0.2");
  fail("1.2.0.192.b.example");
  BOOST_TEST(answer() == "");
  with("dnsbl_on_error = defer");
  BOOST_TEST(answer().starts_with("defer_if_permit 4.7.1"));
  // Not when it could make no difference.
  dns.add({"1.2.0.192.a.example", DnsType::a}, {DnsAnswer::Outcome::none});
  BOOST_TEST(answer() == "");
}

BOOST_FIXTURE_TEST_CASE(an_error_code_is_no_hit_and_is_told, ThreeZones) {
  list("1.2.0.192.a.example", "127.255.255.254");
  list("1.2.0.192.b.example", "203.0.113.80");
  BOOST_TEST(answer() == "");
  BOOST_TEST(log_text.find("policyd.dnsbl.refused zone=a.example") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(names_in_one_zone_count_once, Fixture) {
  set("dnsbl_zones = rhsbl:dbl.example*2, silent.example*2\ndnsbl_threshold = 3\n"
      "dnsbl_untested = dbl.example");
  for (const char* name : {"sender.example", "helo.example", "mail.client.example"}) {
    list(std::string(name) + ".dbl.example", "127.0.1.2");
  }
  BOOST_TEST(answer() == "");
  BOOST_TEST(facts.dnsbl->score == 2);
  BOOST_TEST(asked.size() == 3U);
}

BOOST_FIXTURE_TEST_CASE(who_is_ours_or_authenticated_is_not_looked_up, ThreeZones) {
  request.set(Attribute::sasl_username, "alice");
  BOOST_TEST(answer() == "");
  request.set(Attribute::sasl_username, "");
  request.set(Attribute::client_address, "10.0.0.1");
  BOOST_TEST(answer() == "");
  request.set(Attribute::client_address, "unknown");
  BOOST_TEST(answer() == "");
  BOOST_TEST(asked.empty());
}

BOOST_FIXTURE_TEST_CASE(a_rehearsal_tells_all_and_leaves_the_zones_as_they_are, ThreeZones) {
  with("dnsbl_break_after = 1\ndnsbl_text = {reason}");
  list("1.2.0.192.a.example", "127.0.0.2");
  list("1.2.0.192.b.example", "127.0.0.2");
  fail("1.2.0.192.w.example");
  policy::Notes notes;
  BOOST_TEST(std::holds_alternative<policy::Verdict>(ask(&notes)));
  BOOST_REQUIRE(notes.size() >= 4U);
  BOOST_TEST(notes[0] == "1.2.0.192.a.example: listed as 127.0.0.2, weight 2");
  BOOST_TEST(notes[2] == "1.2.0.192.w.example: no answer");
  BOOST_TEST(log_text.find("in a row") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_be_meant_are_refused) {
  for (const char* text : {"dnsbl_zones = nonsense", "dnsbl_zones = a.example\ndnsbl_threshold = 2",
                           "dnsbl_text = {reasn}", "dnsbl_skip_networks = x"}) {
    const auto settings = base::settings_from_text(policy::settings_table, "test", text);
    BOOST_REQUIRE(settings);
    BOOST_TEST(!policy::check_dnsbl_settings(*settings), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
