// policyd/checks/quota_test.cc -- the words of quota-status, and which mailboxes must be full.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/quota.hh"

#include <boost/test/unit_test.hpp>

#include "base/text.hh"

using policy::Account;
using policy::Attribute;
using policy::Quota;
using State = Account::State;

namespace {

Quota quota_of(const std::string& action) {
  const auto answer = policy::read_quota_answer("action=" + action + "\n\n");
  BOOST_REQUIRE(answer.has_value() && answer->has_value());
  return (*answer)->quota;
}

struct Fixture {
  policy::QuotaOptions options{.enabled = true, .text = "452 4.2.2 Full"};
  policy::QuotaCheck check{options};
  policy::Facts facts{};
  policy::Request request{};
  policy::Waits waits{};

  Fixture() {
    request.set(Attribute::protocol_state, "RCPT");
    request.set(Attribute::recipient, "Alice@example.org");
    request.set(Attribute::size, "100");
    knows({.state = State::found, .mailboxes = {"alice@example.org"}});
  }
  void knows(Account account) {
    facts.accounts["alice@example.org"] = std::make_shared<const Account>(std::move(account));
  }
  std::string told() {
    const policy::Answer answer = check.ask({request, facts, base::WallTime()});
    if (const auto* wanted = std::get_if<policy::Waits>(&answer); wanted != nullptr) {
      waits = *wanted;
      return "waits";
    }
    const auto* verdict = std::get_if<policy::Verdict>(&answer);
    return verdict == nullptr ? "" : std::string(base::trim(policy::answer_line(*verdict)));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(quota_answer)

BOOST_AUTO_TEST_CASE(the_answers_of_dovecot_are_understood) {
  BOOST_TEST((quota_of("OK") == Quota::room));
  BOOST_TEST((quota_of("DUNNO") == Quota::room));
  BOOST_TEST((quota_of("554 5.2.2 Quota exceeded (mailbox for user is full)") == Quota::full));
  BOOST_TEST((quota_of("552 5.2.2 Mailbox is full") == Quota::full));
  BOOST_TEST((quota_of("452 4.2.2 x") == Quota::full));
  BOOST_TEST((quota_of("452 Mailbox full") == Quota::full));
  BOOST_TEST((quota_of("REJECT 5.2.2 Mailbox is full") == Quota::full));
  BOOST_TEST((quota_of("REJECT Unknown user") == Quota::unknown));
  BOOST_TEST((quota_of("550 5.1.1 Unknown user") == Quota::unknown));
  BOOST_TEST((quota_of("DEFER_IF_PERMIT Internal error occurred") == Quota::unknown));
  BOOST_TEST((quota_of("") == Quota::unknown));
}

BOOST_AUTO_TEST_CASE(an_answer_is_cut_out_of_the_stream_and_rubbish_is_refused) {
  const auto partly = policy::read_quota_answer("action=OK\n");
  BOOST_REQUIRE(partly.has_value());
  BOOST_TEST(!partly->has_value());
  const auto two = policy::read_quota_answer("action=OK\n\naction=DUNNO\n\n");
  BOOST_REQUIRE(two.has_value() && two->has_value());
  BOOST_TEST((*two)->size == 11U);
  BOOST_TEST(!policy::read_quota_answer("hello\n\n"));
  BOOST_TEST(!policy::read_quota_answer("\n\n"));
  BOOST_TEST(!policy::read_quota_answer("action=OK\naction=OK\n\n"));
  BOOST_TEST(!policy::read_quota_answer(std::string(5000, 'x')));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(quota, Fixture)

BOOST_AUTO_TEST_CASE(it_asks_for_the_account_then_for_the_room) {
  facts.accounts.clear();
  BOOST_TEST(told() == "waits");
  BOOST_TEST(waits.accounts == std::vector<std::string>{"alice@example.org"},
             boost::test_tools::per_element());
  knows({.state = State::found, .mailboxes = {"alice@example.org", "bob@example.org"}});
  BOOST_TEST(told() == "waits");
  BOOST_TEST(waits.quotas.size() == 2U);
  BOOST_TEST(waits.quotas[1].size == 100U);
}

BOOST_AUTO_TEST_CASE(mail_is_refused_when_every_mailbox_is_full) {
  facts.quotas[{"alice@example.org", 100}] = Quota::full;
  BOOST_TEST(told() == "action=452 4.2.2 Full");
  knows({.state = State::found, .mailboxes = {"alice@example.org", "bob@example.org"}});
  facts.quotas[{"bob@example.org", 100}] = Quota::room;
  BOOST_TEST(told() == "");
  facts.quotas[{"bob@example.org", 100}] = Quota::unknown;
  BOOST_TEST(told() == "");
  facts.quotas[{"bob@example.org", 100}] = Quota::full;
  BOOST_TEST(told() == "action=452 4.2.2 Full");
}

BOOST_AUTO_TEST_CASE(a_mailbox_with_room_needs_no_other_answer) {
  knows({.state = State::found, .mailboxes = {"alice@example.org", "bob@example.org"}});
  facts.quotas[{"alice@example.org", 100}] = Quota::room;
  BOOST_TEST(told() == "");
}

BOOST_AUTO_TEST_CASE(an_alias_that_leads_elsewhere_too_nobody_and_unknown_let_mail_in) {
  facts.quotas[{"alice@example.org", 100}] = Quota::full;
  knows({.state = State::found, .leaves = true, .mailboxes = {"alice@example.org"}});
  BOOST_TEST(told() == "");
  for (const State state : {State::nobody, State::foreign, State::unknown}) {
    knows({.state = state});
    BOOST_TEST(told() == "");
  }
}

BOOST_AUTO_TEST_CASE(it_stays_out_without_a_recipient_in_other_states_and_when_it_is_off) {
  facts.quotas[{"alice@example.org", 100}] = Quota::full;
  request.set(Attribute::protocol_state, "END-OF-MESSAGE");
  BOOST_TEST(told() == "action=452 4.2.2 Full");
  request.set(Attribute::recipient, "");
  BOOST_TEST(told() == "");
  request.set(Attribute::recipient, "alice@example.org");
  request.set(Attribute::protocol_state, "DATA");
  BOOST_TEST(told() == "");
  request.set(Attribute::protocol_state, "RCPT");
  options.enabled = false;
  BOOST_TEST(told() == "");
}

BOOST_AUTO_TEST_SUITE_END()
