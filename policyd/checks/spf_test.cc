// policyd/checks/spf_test.cc -- SPF results and what the settings make of them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/spf.hh"

#include <boost/test/unit_test.hpp>

#include "policyd/settings.hh"

namespace {

using auth::DnsAnswer;
using auth::DnsType;
using policy::Action;
using policy::Attribute;

struct Fixture {
  policy::Request request{};
  policy::Facts facts{};
  policy::SpfOptions options = options_for("");
  policy::SpfCheck check{options};
  auth::DnsAnswers dns{};
  std::vector<auth::DnsQuestion> asked{};

  Fixture() {
    request.set(Attribute::protocol_state, "RCPT");
    request.set(Attribute::client_address, "192.0.2.1");
    request.set(Attribute::helo_name, "mx.example.org");
    request.set(Attribute::sender, "alice@example.org");
    request.set(Attribute::recipient, "bob@example.net");
  }

  static policy::SpfOptions options_for(const std::string& text) {
    const auto settings = base::settings_from_text(policy::settings_table, "test", text);
    BOOST_REQUIRE(settings);
    return policy::spf_options_of(*settings);
  }
  void txt(const std::string& name, const std::string& text) {
    dns.add({name, DnsType::txt}, {DnsAnswer::Outcome::found, {}, {text}});
  }
  void fail(const std::string& name) { dns.add({name, DnsType::txt}, {}); }

  // Asks like a new message, and plays the DNS.
  policy::Answer ask() {
    facts = policy::facts_of(request);
    return go_on();
  }
  policy::Answer go_on() {
    const policy::Inquiry inquiry{request, facts, base::WallTime(std::chrono::seconds(1000))};
    while (true) {
      policy::Answer answer = check.ask(inquiry);
      const auto* waits = std::get_if<policy::Waits>(&answer);
      if (waits == nullptr) {
        return answer;
      }
      BOOST_REQUIRE(!waits->dns.empty());
      for (const auto& question : waits->dns) {
        asked.push_back(question);
        const DnsAnswer* known = dns.find(question);
        facts.dns.add(question, known != nullptr ? *known : DnsAnswer{DnsAnswer::Outcome::none});
      }
    }
  }
  // The action and text, or "" without an opinion.
  std::string answer() {
    const auto answer = ask();
    const auto* verdict = std::get_if<policy::Verdict>(&answer);
    return verdict == nullptr
               ? ""
               : std::string(policy::action_word(verdict->action)) + " " + verdict->text;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(spf_check)

BOOST_FIXTURE_TEST_CASE(a_fail_is_refused_and_the_domain_explains, Fixture) {
  txt("example.org", "v=spf1 -all exp=why.example.org");
  txt("why.example.org", "%{i} is none of ours\r\n250 hello");
  // Control bytes make no explanation (RFC 7208 s6.2), so nothing of it is shown.
  BOOST_TEST(answer() == "reject 5.7.23 SPF fail of MAIL FROM example.org for client 192.0.2.1.");
  txt("why.example.org", "%{i} is none of ours");
  BOOST_TEST(answer() ==
             "reject 5.7.23 SPF fail of MAIL FROM example.org for client 192.0.2.1. "
             "example.org explains: 192.0.2.1 is none of ours");
}

BOOST_FIXTURE_TEST_CASE(by_default_nothing_but_a_fail_is_refused, Fixture) {
  for (const char* record : {"v=spf1 ~all", "v=spf1 ?all", "v=spf1 +all", "v=spf1 nonsense", "x"}) {
    txt("example.org", record);
    BOOST_TEST(answer() == "", record);
  }
  fail("example.org");
  BOOST_TEST(answer() == "");
}

BOOST_FIXTURE_TEST_CASE(each_result_has_its_action_and_status_code, Fixture) {
  options = options_for(
      "spf_softfail_action = defer\nspf_neutral_action = reject\nspf_none_action = reject\n"
      "spf_pass_action = reject\nspf_permerror_action = reject\nspf_temperror_action = defer\n"
      "spf_fail_action = defer\nspf_text = {result}");
  const std::pair<const char*, const char*> cases[] = {
      {"v=spf1 ~all", "defer_if_permit 4.7.23 softfail"},
      {"v=spf1 ?all", "reject 5.7.23 neutral"},
      {"x", "reject 5.7.23 none"},
      {"v=spf1 +all", "reject 5.7.23 pass"},
      {"v=spf1 nonsense", "reject 5.7.24 permerror"},
      {"v=spf1 -all", "defer_if_permit 4.7.23 fail"},
  };
  for (const auto& [record, wanted] : cases) {
    txt("example.org", record);
    BOOST_TEST(answer() == wanted);
  }
  fail("example.org");
  BOOST_TEST(answer() == "defer_if_permit 4.7.24 temperror");
}

BOOST_FIXTURE_TEST_CASE(a_fail_of_helo_counts_and_its_other_results_do_not, Fixture) {
  txt("mx.example.org", "v=spf1 -all");
  txt("example.org", "v=spf1 +all");
  BOOST_TEST(answer() == "reject 5.7.23 SPF fail of HELO mx.example.org for client 192.0.2.1.");
  fail("mx.example.org");
  options = options_for("spf_temperror_action = reject\nspf_permerror_action = reject");
  BOOST_TEST(answer() == "");
  txt("mx.example.org", "v=spf1 -all");
  options = options_for("spf_helo_fail_action = off");
  BOOST_TEST(answer() == "");
}

BOOST_FIXTURE_TEST_CASE(the_null_sender_is_judged_by_helo, Fixture) {
  request.set(Attribute::sender, "");
  txt("mx.example.org", "v=spf1 -all");
  options = options_for("spf_helo_fail_action = off");
  BOOST_TEST(answer() == "reject 5.7.23 SPF fail of HELO mx.example.org for client 192.0.2.1.");
  request.set(Attribute::helo_name, "[192.0.2.1]");
  BOOST_TEST(answer() == "");
}

BOOST_FIXTURE_TEST_CASE(helo_and_sender_are_asked_about_at_once, Fixture) {
  facts = policy::facts_of(request);
  const auto answer = check.ask({request, facts, {}});
  const auto* waits = std::get_if<policy::Waits>(&answer);
  BOOST_REQUIRE(waits != nullptr);
  BOOST_TEST(waits->dns.size() == 2U);
  BOOST_TEST(waits->within.count() == 3000);
}

BOOST_FIXTURE_TEST_CASE(the_other_recipients_of_a_message_cost_no_question, Fixture) {
  txt("example.org", "v=spf1 -all");
  BOOST_TEST(answer() != "");
  const std::size_t before = asked.size();
  request.set(Attribute::recipient, "carol@example.net");
  BOOST_TEST(std::holds_alternative<policy::Verdict>(go_on()));
  BOOST_TEST(asked.size() == before);
}

BOOST_FIXTURE_TEST_CASE(who_is_ours_or_authenticated_is_not_asked_about, Fixture) {
  txt("example.org", "v=spf1 -all");
  request.set(Attribute::sasl_username, "alice");
  BOOST_TEST(answer() == "");
  request.set(Attribute::sasl_username, "");
  for (const char* client : {"127.0.0.1", "10.1.2.3", "::1", "fe80::1", "unknown"}) {
    request.set(Attribute::client_address, client);
    BOOST_TEST(answer() == "", client);
  }
  request.set(Attribute::protocol_state, "END-OF-MESSAGE");
  request.set(Attribute::client_address, "192.0.2.1");
  BOOST_TEST(answer() == "");
  BOOST_TEST(asked.empty());
}

BOOST_FIXTURE_TEST_CASE(when_no_result_matters_the_dns_is_left_alone, Fixture) {
  options = options_for("spf_fail_action = dunno\nspf_helo_fail_action = dunno");
  BOOST_TEST(answer() == "");
  BOOST_TEST(asked.empty());
  // ... but another check may want to know.
  const policy::Inquiry inquiry{request, facts, {}};
  BOOST_TEST(std::holds_alternative<policy::Waits>(policy::spf_of(inquiry, options)));
  options.enabled = false;
  BOOST_TEST(std::get<const policy::SpfFinding*>(policy::spf_of(inquiry, options)) == nullptr);
}

BOOST_FIXTURE_TEST_CASE(the_header_is_made_once_and_no_sender_breaks_out_of_it, Fixture) {
  options = options_for("spf_header = yes\nspf_host_name = mx.example.net");
  txt("example.org", "v=spf1 ip4:192.0.2.0/24 -all");
  request.set(Attribute::sender, "a\"b\\c@example.org");
  BOOST_TEST(answer() == "");
  BOOST_TEST(facts.header ==
             "Received-SPF: pass client-ip=192.0.2.1; "
             "envelope-from=\"a\\\"b\\\\c@example.org\"; helo=mx.example.org; identity=mailfrom; "
             "receiver=mx.example.net");
  facts.header.clear();  // given
  go_on();
  BOOST_TEST(facts.header == "");
}

BOOST_FIXTURE_TEST_CASE(a_macro_of_the_time_asks_no_new_question_each_round, Fixture) {
  txt("example.org",
      "v=spf1 exists:%{t}.t.example.org a:slow.example.org -all exp=%{t}.example.org");
  facts = policy::facts_of(request);
  for (int round = 0; round < 20; ++round) {
    const auto answer =
        check.ask({request, facts, base::WallTime(std::chrono::seconds(1000 + round))});
    const auto* waits = std::get_if<policy::Waits>(&answer);
    if (waits == nullptr) {
      return;
    }
    for (const auto& question : waits->dns) {
      const DnsAnswer* known = dns.find(question);
      facts.dns.add(question, known != nullptr ? *known : DnsAnswer{DnsAnswer::Outcome::none});
    }
  }
  BOOST_ERROR("asks for ever");
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_be_meant_are_refused) {
  for (const char* text : {"spf_text = {resault}", "spf_skip_networks = 300.0.0.0/8"}) {
    const auto settings = base::settings_from_text(policy::settings_table, "test", text);
    BOOST_REQUIRE(settings);
    BOOST_TEST(!policy::check_spf_settings(*settings), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
