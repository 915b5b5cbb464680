// policyd/checks/rate_test.cc -- limits at each border, reservations, what is counted.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/rate.hh"

#include <boost/test/unit_test.hpp>

#include "base/text.hh"

#include "policyd/checks/rate_settings.hh"
#include "policyd/store/memory_store.hh"

using policy::Attribute;
using policy::RateKind;
using policy::RateUnit;
using policy::RateWindow;

namespace {

constexpr policy::Seconds start = 1'000'000;

std::string error_of(const base::Words& words) {
  const auto limits = policy::parse_rate_limits(words);
  return limits ? "" : limits.error().detail;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rate_window)

BOOST_AUTO_TEST_CASE(limits_are_read_and_mistakes_explained) {
  const auto limits = policy::parse_rate_limits({"100/1h", "500/1d"});
  BOOST_REQUIRE(limits.has_value());
  BOOST_TEST((*limits == std::vector<policy::RateLimit>{{100, 3600}, {500, 86400}}));
  BOOST_TEST(policy::parse_rate_limits({})->empty());
  for (const char* word : {"100", "100/", "/1h", "x/1h", "-1/1h", "100/1", "100/61d", "100/0s",
                           "99999999999/1h", "100/1h/2"}) {
    BOOST_TEST(!error_of({word}).empty(), word);
  }
  BOOST_TEST(!error_of({"100/1h", "200/60m"}).empty());
  BOOST_TEST(!error_of({"100/1h", "100/1d"}).empty());
  BOOST_TEST(!error_of({"100/1d", "100/1h"}).empty());
  BOOST_TEST(!error_of({"1/1h", "2/2h", "3/3h", "4/4h", "5/5h"}).empty());
}

BOOST_AUTO_TEST_CASE(what_was_counted_counts_for_the_whole_window_and_not_much_longer) {
  for (const policy::Seconds length : {1U, 30U, 60U, 3600U, 86400U, 5'184'000U}) {
    for (policy::Seconds offset = 0; offset < 5; ++offset) {
      const policy::Seconds now = start + offset * 7;
      RateWindow window(length);
      window.add(now, 3);
      BOOST_TEST(window.sum(now) == 3U);
      BOOST_TEST(window.sum(now + length - 1) == 3U, length);
      BOOST_TEST(window.sum(now + length + 2 * (length / 31 + 1)) == 0U, length);
      BOOST_TEST(window.sum(window.ends() - 1) == 3U);
      BOOST_TEST(window.sum(window.ends()) == 0U);
    }
  }
}

BOOST_AUTO_TEST_CASE(no_border_lets_more_than_the_limit_into_any_window) {
  // A client that sends whenever it may: 10 within any 100 seconds.
  RateWindow window(100);
  std::vector<policy::Seconds> sent;
  for (policy::Seconds now = start; now < start + 2000; ++now) {
    if (window.sum(now) < 10) {
      window.add(now, 1);
      sent.push_back(now);
    }
  }
  for (std::size_t i = 10; i < sent.size(); ++i) {
    BOOST_REQUIRE(sent[i] - sent[i - 10] >= 100);
  }
  BOOST_TEST(sent.size() >= 180U);  // and not much less either
}

BOOST_AUTO_TEST_CASE(the_wait_ends_when_there_is_room_and_no_sooner) {
  RateWindow window(3600);
  for (int i = 0; i < 10; ++i) {
    window.add(start + static_cast<policy::Seconds>(i) * 200, 1);
  }
  const policy::Seconds now = start + 2000;
  for (const std::uint64_t most : {0U, 3U, 9U}) {
    const policy::Seconds wait = window.wait(now, most);
    BOOST_TEST(window.sum(now + wait) <= most);
    BOOST_TEST(window.sum(now + wait - 1) > most);
  }
  BOOST_TEST(window.wait(now, 10) == 0U);
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_stands_still_or_forgets) {
  RateWindow window(3600);
  window.add(start, 5);
  BOOST_TEST(window.sum(start - 600) == 5U);
  window.add(start - 600, 1);
  BOOST_TEST(window.sum(start) == 6U);
  BOOST_TEST(window.sum(start - 100'000) == 0U);
  window.add(start - 100'000, 2);
  BOOST_TEST(window.sum(start - 100'000) == 2U);
}

BOOST_AUTO_TEST_CASE(counts_stop_at_the_largest_number) {
  RateWindow window(60);
  window.add(start, 0xffffffff);
  window.add(start, 10);
  BOOST_TEST(window.sum(start) == 0xffffffffU);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rate_record)

BOOST_AUTO_TEST_CASE(records_come_back_as_they_were_and_damaged_ones_not_at_all) {
  RateWindow window(3600);
  window.add(start, 7);
  window.add(start + 1000, 70'000);
  const policy::RateRecord record{
      .kind = RateKind::client,
      .subject = "192.0.2.0/24",
      .counts = {{RateUnit::messages, window}, {RateUnit::recipients, RateWindow(86400)}}};
  const std::string bytes = policy::encode(record);
  BOOST_TEST((policy::decode_rate(bytes).value() == record));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    BOOST_TEST(!policy::decode_rate(std::string_view(bytes).substr(0, cut)));
  }
  BOOST_TEST(!policy::decode_rate(bytes + "x"));
  BOOST_TEST(!policy::decode_rate(std::string("\x01\x09\x00\x00", 4)));
}

BOOST_AUTO_TEST_CASE(the_bytes_of_a_record_are_those_of_the_format_document) {
  RateWindow window(60, 0x0102, {3, 0, 4});
  BOOST_TEST(base::hex(base::bytes_of(
                 policy::encode(policy::RateRecord{.kind = RateKind::user,
                                                   .subject = "a@b",
                                                   .counts = {{RateUnit::recipients, window}}}))) ==
             "0101"
             "03614062"
             "01"
             "02"
             "3c000000"
             "02010000"
             "03"
             "030000000000000004000000");
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct Fixture {
  base::ManualClock clock{base::WallTime(std::chrono::seconds(start))};
  std::string log_text{};
  base::Log log{"test", base::memory_log_sink(log_text), base::Level::debug};
  policy::MemoryStore store{};
  policy::RateSettings settings{};
  policy::RateOptions options{};
  std::shared_ptr<policy::RateLedger> ledger = std::make_shared<policy::RateLedger>();
  policy::RateCheck check{options, ledger, store, log};
  policy::Facts facts{};
  int instances = 0;

  Fixture() {
    settings.rate_ipv4_prefix = 24;
    settings.rate_ipv6_prefix = 64;
    settings.rate_reservation_time = std::chrono::minutes(10);
    settings.rate_text = "4.7.1 Wait {wait} s";
    settings.rate_user_messages = {"3/1h"};
    settings.rate_user_recipients = {"5/1h", "8/1d"};
    settings.rate_client_recipients = {"2/1h"};
    apply();
    begin();
  }
  void apply() { options = policy::rate_options_of(settings); }
  void begin() { facts = {.instance = std::to_string(++instances)}; }

  policy::Request request(std::string_view state, std::string_view user) const {
    policy::Request made;
    made.set(Attribute::protocol_state, state);
    made.set(Attribute::sender, "alice@example.org");
    made.set(Attribute::client_address, "192.0.2.1");
    made.set(Attribute::sasl_username, user);
    return made;
  }
  // The answer line without its end; "" without an opinion. `later`: what a later check says.
  std::string told(const policy::Request& what, policy::Action later = policy::Action::dunno) {
    facts.client = base::IpAddress::parse(what[Attribute::client_address]);
    const policy::Inquiry inquiry{what, facts, clock.now()};
    policy::Answer answer = check.ask(inquiry);
    auto* verdict = std::get_if<policy::Verdict>(&answer);
    if (verdict != nullptr) {
      verdict->check = check.name();
      check.decided(inquiry, *verdict);
      return std::string(base::trim(policy::answer_line(*verdict)));
    }
    check.decided(inquiry, {.action = later, .check = "later"});
    return "";
  }
  std::string rcpt(std::string_view user = "alice@example.org",
                   policy::Action later = policy::Action::dunno) {
    return told(request("RCPT", user), later);
  }
  std::string end(std::string_view count, std::string_view user = "alice@example.org",
                  policy::Action later = policy::Action::dunno) {
    auto what = request("END-OF-MESSAGE", user);
    what.set(Attribute::recipient_count, count);
    return told(what, later);
  }
  // A whole message with so many recipients: how many were taken.
  int send(int recipients, std::string_view user = "alice@example.org") {
    begin();
    int taken = 0;
    for (int i = 0; i < recipients; ++i) {
      taken += rcpt(user).empty() ? 1 : 0;
    }
    if (taken > 0) {
      BOOST_TEST(end(std::to_string(taken), user).empty());
    }
    return taken;
  }
  void wait(int seconds) { clock.advance(std::chrono::seconds(seconds)); }
  policy::RateHeld held(RateKind kind, std::string_view subject) {
    return ledger->held(policy::rate_key(store.hash_key().value(), kind, subject));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(rate, Fixture)

BOOST_AUTO_TEST_CASE(messages_are_taken_up_to_the_limit_and_again_when_the_window_has_passed) {
  BOOST_TEST(send(1) == 1);
  BOOST_TEST(send(1) == 1);
  wait(1800);
  BOOST_TEST(send(1) == 1);
  BOOST_TEST(send(1) == 0);
  BOOST_TEST(rcpt().starts_with("action=defer 4.7.1 Wait 19"));
  wait(1800 + 150);
  BOOST_TEST(send(1) == 1);  // the first two have fallen out
}

BOOST_AUTO_TEST_CASE(recipients_of_one_message_stop_at_the_limit_and_those_before_stand) {
  BOOST_TEST(send(7) == 5);
  wait(3800);
  BOOST_TEST(send(7) == 3);  // eight a day
}

BOOST_AUTO_TEST_CASE(messages_at_the_same_time_cannot_pass_the_limit_together) {
  std::vector<policy::Facts> other(5);
  int taken = 0;
  for (auto& one : other) {
    std::swap(facts, one);
    taken += rcpt().empty() ? 1 : 0;
    std::swap(facts, one);
  }
  BOOST_TEST(taken == 3);
  other.clear();  // all of them give up
  BOOST_TEST(held(RateKind::user, "alice@example.org").messages == 0U);
  BOOST_TEST(send(1) == 1);
}

BOOST_AUTO_TEST_CASE(what_is_refused_by_others_or_given_up_is_not_counted) {
  for (int i = 0; i < 10; ++i) {
    begin();
    BOOST_TEST(rcpt("alice@example.org", policy::Action::reject).empty());
  }
  for (int i = 0; i < 10; ++i) {
    begin();
    BOOST_TEST(rcpt().empty());
    BOOST_TEST(end("1", "alice@example.org", policy::Action::defer).empty());
  }
  for (int i = 0; i < 10; ++i) {
    begin();
    BOOST_TEST(rcpt().empty());  // no end comes
  }
  begin();
  BOOST_TEST(store.writes() == 0U);
  BOOST_TEST(send(1) == 1);
  BOOST_TEST(store.writes() == 1U);
}

BOOST_AUTO_TEST_CASE(the_end_counts_the_recipients_that_postfix_accepted) {
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST(rcpt().empty());
  }
  BOOST_TEST(end("2").empty());  // its own restrictions refused three of them
  BOOST_TEST(send(5) == 3);
}

BOOST_AUTO_TEST_CASE(a_reservation_ends_with_its_time) {
  std::vector<policy::Facts> idle(3);  // connections that stay open
  for (auto& one : idle) {
    BOOST_TEST(rcpt().empty());
    std::swap(facts, one);
  }
  begin();
  BOOST_TEST(!rcpt().empty());
  wait(601);
  BOOST_TEST(rcpt().empty());
}

BOOST_AUTO_TEST_CASE(the_end_alone_is_enough_to_refuse_and_to_count) {
  BOOST_TEST(end("5").empty());
  begin();
  BOOST_TEST(end("1").starts_with("action=defer"));
}

BOOST_AUTO_TEST_CASE(logins_are_apart_and_clients_without_login_have_their_own_limit) {
  BOOST_TEST(send(5) == 5);
  BOOST_TEST(send(5, "Bob@Example.org") == 5);
  BOOST_TEST(send(1, "bob@example.org") == 0);
  BOOST_TEST(send(5, "") == 2);
  BOOST_TEST(send(1, "") == 0);
}

BOOST_AUTO_TEST_CASE(a_client_is_its_network) {
  BOOST_TEST(send(2, "") == 2);
  auto other = request("RCPT", "");
  begin();
  other.set(Attribute::client_address, "192.0.2.77");
  BOOST_TEST(!told(other).empty());
  other.set(Attribute::client_address, "192.0.3.1");
  begin();
  BOOST_TEST(told(other).empty());
  other.set(Attribute::client_address, "unknown");
  begin();
  BOOST_TEST(told(other).empty());
}

BOOST_AUTO_TEST_CASE(the_domain_of_the_sender_has_limits_of_its_own) {
  settings.rate_user_messages = {};
  settings.rate_user_recipients = {};
  settings.rate_user_domain_messages = {"2/1h"};
  settings.rate_action = "reject";
  apply();
  BOOST_TEST(send(1, "alice@example.org") == 1);
  BOOST_TEST(send(1, "bob@example.org") == 1);
  begin();
  BOOST_TEST(rcpt("carol@example.org").starts_with("action=reject 4.7.1"));
  auto bounce = request("RCPT", "carol@example.org");
  bounce.set(Attribute::sender, "");
  BOOST_TEST(told(bounce).empty());
}

BOOST_AUTO_TEST_CASE(a_rehearsal_changes_nothing_and_tells_the_counts) {
  BOOST_TEST(send(2) == 2);
  const std::size_t writes = store.writes();
  begin();
  const auto what = request("RCPT", "alice@example.org");
  policy::Notes notes;
  const policy::Answer answer = check.ask({what, facts, clock.now(), &notes});
  BOOST_TEST(std::holds_alternative<policy::NoOpinion>(answer));
  BOOST_TEST(!facts.rate_hold);
  BOOST_TEST(store.writes() == writes);
  BOOST_TEST(notes.size() == 3U);
  BOOST_TEST(notes[1] == "user alice@example.org: 2 recipients and 0 under way of 5 in 1h");
}

BOOST_AUTO_TEST_CASE(without_a_store_the_setting_decides) {
  store.break_down(true);
  BOOST_TEST(rcpt().empty());
  BOOST_TEST(end("1").empty());
  BOOST_TEST(log_text.find("policyd.rate.unsure") != std::string::npos);
  settings.rate_on_error = "defer";
  apply();
  BOOST_TEST(rcpt().starts_with("action=defer_if_permit 4.3.0"));
}

BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_read_is_written_anew) {
  const auto key = policy::rate_key(store.hash_key().value(), RateKind::user, "alice@example.org");
  BOOST_REQUIRE(store.put(key, {"rubbish", start + 100}).has_value());
  BOOST_TEST(send(1) == 1);
  const auto row = store.get(key);
  BOOST_REQUIRE(row.has_value() && row->has_value());
  BOOST_TEST(policy::decode_rate((*row)->value).has_value());
  BOOST_TEST((*row)->expires >= start + 86400);
}

BOOST_AUTO_TEST_SUITE_END()
