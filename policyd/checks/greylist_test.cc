// policyd/checks/greylist_test.cc -- the greylist at each border, its keys and its records.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist.hh"

#include <boost/test/unit_test.hpp>

#include "base/text.hh"

#include "policyd/store/memory_store.hh"

using policy::Attribute;
using policy::GreylistOutcome;

namespace {

constexpr policy::GreylistRules rules{.delay = 100,
                                      .retry_window = 1000,
                                      .lifetime = 5000,
                                      .auto_whitelist_after = 2,
                                      .auto_whitelist_lifetime = 6000};
constexpr policy::Seconds start = 1'000'000;

policy::GreylistDecision at(const std::optional<policy::Triplet>& known, policy::Seconds offset) {
  return policy::decide(known, {}, start + offset, rules);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(greylist_rules)

BOOST_AUTO_TEST_CASE(an_unknown_triplet_waits_the_whole_delay) {
  const auto first = at(std::nullopt, 0);
  BOOST_TEST((first.outcome == GreylistOutcome::first));
  BOOST_TEST(first.wait == 100U);
  BOOST_TEST(first.changed);
  BOOST_TEST(first.expires == start + 1000);
}

BOOST_AUTO_TEST_CASE(the_delay_ends_at_its_last_second) {
  const auto first = at(std::nullopt, 0);
  const auto early = at(first.triplet, 99);
  BOOST_TEST((early.outcome == GreylistOutcome::early));
  BOOST_TEST(early.wait == 1U);
  BOOST_TEST(early.triplet.too_early == 1U);
  BOOST_TEST(early.expires == start + 1000);  // coming back early does not prolong the window
  const auto passed = at(first.triplet, 100);
  BOOST_TEST((passed.outcome == GreylistOutcome::passed));
  BOOST_TEST(passed.triplet.passed_at == start + 100);
  BOOST_TEST(passed.expires == start + 100 + 5000);
}

BOOST_AUTO_TEST_CASE(the_retry_window_ends_and_all_begins_anew) {
  const auto first = at(std::nullopt, 0);
  BOOST_TEST((at(first.triplet, 999).outcome == GreylistOutcome::passed));
  const auto again = at(first.triplet, 1000);
  BOOST_TEST((again.outcome == GreylistOutcome::first));
  BOOST_TEST(again.triplet.first_seen == start + 1000);
}

BOOST_AUTO_TEST_CASE(a_passed_triplet_lives_while_it_is_used) {
  const auto passed = at(at(std::nullopt, 0).triplet, 100);
  const auto known = at(passed.triplet, 5099);
  BOOST_TEST((known.outcome == GreylistOutcome::known));
  BOOST_TEST(known.triplet.passes == 2U);
  BOOST_TEST((at(known.triplet, 5099 + 4999).outcome == GreylistOutcome::known));
  BOOST_TEST((at(known.triplet, 5099 + 5000).outcome == GreylistOutcome::first));
}

BOOST_AUTO_TEST_CASE(attempts_within_one_second_change_nothing) {
  const auto first = at(std::nullopt, 0);
  BOOST_TEST(!at(first.triplet, 0).changed);
  const auto passed = at(first.triplet, 100);
  const auto same = at(passed.triplet, 100);
  BOOST_TEST(!same.changed);
  BOOST_TEST(same.triplet.passes == 1U);
}

BOOST_AUTO_TEST_CASE(a_released_triplet_passes_at_once) {
  auto triplet = at(std::nullopt, 0).triplet;
  triplet.released = true;
  BOOST_TEST((at(triplet, 1).outcome == GreylistOutcome::passed));
  BOOST_TEST((at(triplet, 0).outcome == GreylistOutcome::passed));
  BOOST_TEST(at(triplet, 0).changed);
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_starts_the_wait_anew_and_forgets_nobody_who_passed) {
  const auto first = at(std::nullopt, 5000);
  BOOST_TEST((at(first.triplet, 0).outcome == GreylistOutcome::first));
  const auto passed = at(first.triplet, 5100);
  BOOST_TEST((at(passed.triplet, 0).outcome == GreylistOutcome::known));
}

BOOST_AUTO_TEST_CASE(a_network_is_trusted_after_its_successes_and_until_it_is_silent) {
  const auto once = policy::after_success(std::nullopt, "192.0.2.0/24", start, rules);
  BOOST_TEST(!policy::is_trusted(once, start, rules));
  const auto twice = policy::after_success(once, "192.0.2.0/24", start + 10, rules);
  BOOST_TEST(policy::is_trusted(twice, start + 10 + 5999, rules));
  BOOST_TEST(!policy::is_trusted(twice, start + 10 + 6000, rules));
  BOOST_TEST(policy::after_success(twice, "192.0.2.0/24", start + 10 + 6000, rules).successes ==
             1U);
  policy::GreylistRules never = rules;
  never.auto_whitelist_after = 0;
  BOOST_TEST(!policy::is_trusted(twice, start + 10, never));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(greylist_record)

BOOST_AUTO_TEST_CASE(siphash_gives_the_published_value) {
  policy::HashKey key{};
  std::string text;
  for (std::uint8_t i = 0; i < 16; ++i) {
    key[i] = i;
  }
  for (char i = 0; i < 15; ++i) {
    text += i;
  }
  BOOST_TEST(base::hex(policy::siphash128(key, "")) == "a3817f04ba25a8e66df67214c7550293");
  BOOST_TEST(base::hex(policy::siphash128(key, text)) == "5493e99933b0a8117e08ec0f97cfc3d9");
}

BOOST_AUTO_TEST_CASE(records_come_back_as_they_were_and_damaged_ones_not_at_all) {
  const policy::Triplet triplet{.first_seen = 1,
                                .last_seen = 0xfffffffe,
                                .passed_at = 3,
                                .too_early = 65535,
                                .passes = 77,
                                .released = true,
                                .sender = "alice@example.org",
                                .recipient = std::string(255, 'r'),
                                .client = "192.0.2.1"};
  const std::string bytes = policy::encode(triplet);
  BOOST_TEST((policy::decode_triplet(bytes).value() == triplet));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    BOOST_TEST(!policy::decode_triplet(std::string_view(bytes).substr(0, cut)));
  }
  BOOST_TEST(!policy::decode_triplet(bytes + "x"));
  const policy::Network network{1, 2, 3, "2001:db8::/64"};
  BOOST_TEST((policy::decode_network(policy::encode(network)).value() == network));
  BOOST_TEST(!policy::decode_network("\x02"));
}

BOOST_AUTO_TEST_CASE(the_bytes_of_a_record_are_those_of_the_format_document) {
  BOOST_TEST(base::hex(base::bytes_of(policy::encode(policy::Triplet{.first_seen = 0x01020304,
                                                                     .last_seen = 5,
                                                                     .passed_at = 6,
                                                                     .too_early = 0x0102,
                                                                     .passes = 7,
                                                                     .released = true,
                                                                     .sender = "a@b",
                                                                     .recipient = "",
                                                                     .client = "::1"}))) ==
             "0101020104030201050000000600000007000000"
             "03614062"
             "00"
             "033a3a31");
  const policy::HashKey key{};
  BOOST_TEST(policy::triplet_key(key, "n", "s", "r")
                 .bytes()
                 .starts_with(policy::recipient_prefix(key, "r")));
  BOOST_TEST(policy::triplet_key(key, "n", "s", "r").bytes().size() == 20U);
  BOOST_TEST(
      !(policy::triplet_key(key, "ab", "c", "r") == policy::triplet_key(key, "b", "ca", "r")));
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct Fixture {
  base::ManualClock clock{base::WallTime(std::chrono::seconds(start))};
  std::string log_text{};
  base::Log log{"test", base::memory_log_sink(log_text), base::Level::debug};
  policy::MemoryStore store{};
  policy::GreylistOptions options{.rules = rules, .text = "4.7.1 Come back in {wait} s"};
  policy::SpfOptions spf{.enabled = false};
  policy::Greylist check{options, spf, store, log};
  policy::Request request{};

  Fixture() {
    request.set(Attribute::protocol_state, "RCPT");
    request.set(Attribute::sender, "alice@example.org");
    request.set(Attribute::recipient, "bob@example.net");
    request.set(Attribute::client_address, "192.0.2.1");
  }
  // The answer line without its end, or "" without an opinion.
  std::string asked() {
    policy::Facts facts = policy::facts_of(request);
    const policy::Answer answer = check.ask({request, facts, clock.now()});
    const auto* verdict = std::get_if<policy::Verdict>(&answer);
    return verdict == nullptr ? "" : std::string(base::trim(policy::answer_line(*verdict)));
  }
  policy::Verdict rehearsed() {
    policy::Facts facts = policy::facts_of(request);
    policy::Notes notes;
    const policy::Answer answer = check.ask({request, facts, clock.now(), &notes});
    const auto* verdict = std::get_if<policy::Verdict>(&answer);
    return verdict == nullptr ? policy::Verdict{} : *verdict;
  }
  void wait(int seconds) { clock.advance(std::chrono::seconds(seconds)); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(greylist, Fixture)

BOOST_AUTO_TEST_CASE(a_sender_is_refused_then_let_through) {
  BOOST_TEST(asked() == "action=defer_if_permit 4.7.1 Come back in 100 s");
  wait(40);
  BOOST_TEST(asked() == "action=defer_if_permit 4.7.1 Come back in 60 s");
  wait(60);
  BOOST_TEST(asked() == "action=dunno");
  wait(1);
  BOOST_TEST(asked() == "action=dunno");
}

BOOST_AUTO_TEST_CASE(any_client_of_the_network_may_come_back_in_any_spelling) {
  asked();
  wait(100);
  request.set(Attribute::client_address, "192.0.2.250");
  request.set(Attribute::sender, "Alice@Example.ORG");
  BOOST_TEST(asked() == "action=dunno");
  request.set(Attribute::client_address, "192.0.3.1");
  BOOST_TEST(asked().starts_with("action=defer_if_permit"));
}

BOOST_AUTO_TEST_CASE(the_network_of_ipv6_is_a_64_by_default_and_as_set) {
  request.set(Attribute::client_address, "2001:db8:1:2::1");
  asked();
  wait(100);
  request.set(Attribute::client_address, "2001:db8:1:2:ffff::9");
  BOOST_TEST(asked() == "action=dunno");
  options.ipv6_prefix = 128;
  BOOST_TEST(asked().starts_with("action=defer_if_permit"));
}

BOOST_AUTO_TEST_CASE(a_client_without_an_address_is_a_network_of_its_own) {
  request.set(Attribute::client_address, "unknown");
  asked();
  wait(100);
  BOOST_TEST(asked() == "action=dunno");
}

BOOST_AUTO_TEST_CASE(the_null_sender_waits_at_the_end_of_the_message) {
  request.set(Attribute::sender, "");
  BOOST_TEST(asked().empty());
  request.set(Attribute::protocol_state, "END-OF-MESSAGE");
  request.set(Attribute::recipient, "");  // several recipients
  BOOST_TEST(asked().starts_with("action=defer_if_permit"));
  wait(100);
  BOOST_TEST(asked() == "action=dunno");
  options.null_sender = policy::NullSender::rcpt;
  BOOST_TEST(asked().empty());
  options.null_sender = policy::NullSender::never;
  request.set(Attribute::protocol_state, "RCPT");
  BOOST_TEST(asked().empty());
}

BOOST_AUTO_TEST_CASE(other_states_and_authenticated_clients_are_not_asked) {
  request.set(Attribute::protocol_state, "DATA");
  BOOST_TEST(asked().empty());
  request.set(Attribute::protocol_state, "RCPT");
  request.set(Attribute::sasl_username, "alice");
  BOOST_TEST(asked().empty());
  request.set(Attribute::sasl_username, "");
  options.enabled = false;
  BOOST_TEST(asked().empty());
}

BOOST_AUTO_TEST_CASE(a_network_with_enough_successes_waits_no_more) {
  for (const char* recipient : {"one@example.net", "two@example.net"}) {
    request.set(Attribute::recipient, recipient);
    asked();
    wait(100);
    BOOST_TEST(asked() == "action=dunno");
  }
  request.set(Attribute::recipient, "three@example.net");
  BOOST_TEST(asked() == "action=dunno");
  BOOST_TEST(rehearsed().reason == "network 192.0.2.0/24 is trusted after 2 successes");
  const std::size_t before = store.writes();
  for (int i = 0; i < 50; ++i) {
    asked();
  }
  BOOST_TEST(store.writes() == before);  // a busy network costs no writes
  wait(6000);
  BOOST_TEST(asked().starts_with("action=defer_if_permit"));
}

BOOST_AUTO_TEST_CASE(a_store_that_is_down_gives_what_the_setting_says_and_one_line_a_minute) {
  store.break_down(true);
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(asked() == "action=dunno");
  }
  wait(60);
  options.defer_on_error = true;
  BOOST_TEST(asked() == "action=defer_if_permit 4.3.0 Try again later");
  BOOST_TEST(
      log_text ==
      "policyd.greylist.unsure action=dunno error=\"the store is broken down\" suppressed=0\n"
      "policyd.greylist.unsure action=defer_if_permit error=\"the store is broken down\" "
      "suppressed=4\n");
}

BOOST_AUTO_TEST_CASE(a_record_of_another_version_is_written_anew) {
  const auto key = policy::triplet_key(*store.hash_key(), "192.0.2.0/24", "alice@example.org",
                                       "bob@example.net");
  BOOST_TEST(store.put(key, {"\x09garbage", start + 9}).has_value());
  BOOST_TEST(asked().starts_with("action=defer_if_permit"));
  wait(100);
  BOOST_TEST(asked() == "action=dunno");
}

BOOST_AUTO_TEST_CASE(a_rehearsal_changes_nothing) {
  BOOST_TEST(rehearsed().reason == "first attempt, wait 100 s");
  BOOST_TEST(store.writes() == 0U);
  store.break_down(true);
  BOOST_TEST(rehearsed().reason == "the store is broken down");
  BOOST_TEST(log_text.empty());
}

BOOST_AUTO_TEST_SUITE_END()
