// policyd/checks/sender_login_test.cc -- whose address may be whose sender.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/sender_login.hh"

#include <boost/test/unit_test.hpp>

#include "base/text.hh"

using policy::Account;
using policy::Attribute;
using Options = policy::SenderLoginOptions;
using State = Account::State;

namespace {

struct Fixture {
  Options options{.enabled = true, .text = "553 5.7.1 Not yours"};
  policy::SenderLogin check{options};
  policy::Facts facts{};
  policy::Request request{};

  Fixture() {
    request.set(Attribute::protocol_state, "RCPT");
    knows("alice@example.org", {.state = State::found, .mailboxes = {"alice@example.org"}});
    knows("sales@example.org",
          {.state = State::found, .mailboxes = {"alice@example.org", "bob@example.org"}});
    knows("any@example.org",
          {.state = State::found, .is_catch_all = true, .mailboxes = {"alice@example.org"}});
    knows("nobody@example.org", {.state = State::nobody});
    knows("x@elsewhere.example", {.state = State::foreign});
    knows("slow@example.org", {});
  }
  void knows(const std::string& address, Account account) {
    facts.accounts[address] = std::make_shared<const Account>(std::move(account));
  }
  // The answer line without its end; "" without an opinion, "waits" when it does.
  std::string told(std::string_view login, std::string_view sender) {
    request.set(Attribute::sasl_username, login);
    request.set(Attribute::sender, sender);
    const policy::Answer answer = check.ask({request, facts, base::WallTime()});
    if (std::holds_alternative<policy::Waits>(answer)) {
      return "waits";
    }
    const auto* verdict = std::get_if<policy::Verdict>(&answer);
    return verdict == nullptr ? "" : std::string(base::trim(policy::answer_line(*verdict)));
  }
};

constexpr std::string_view refused = "action=553 5.7.1 Not yours";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(sender_login, Fixture)

BOOST_AUTO_TEST_CASE(a_login_sends_as_itself_its_aliases_and_nobody) {
  BOOST_TEST(told("alice@example.org", "Alice@Example.org") == "");
  BOOST_TEST(told("Alice@example.org", "alice@example.org") == "");
  BOOST_TEST(told("bob@example.org", "sales@example.org") == "");
  BOOST_TEST(told("alice@example.org", "") == "");
  BOOST_TEST(told("bob@example.org", "alice@example.org") == refused);
  BOOST_TEST(told("carol@example.org", "sales@example.org") == refused);
  BOOST_TEST(told("alice@example.org", "nobody@example.org") == refused);
}

BOOST_AUTO_TEST_CASE(a_catch_all_and_the_domain_are_theirs_as_the_setting_says) {
  BOOST_TEST(told("alice@example.org", "any@example.org") == "");
  options.more = Options::More::none;
  BOOST_TEST(told("alice@example.org", "any@example.org") == refused);
  BOOST_TEST(told("alice@example.org", "alice@example.org") == "");
  options.more = Options::More::domain;
  BOOST_TEST(told("bob@example.org", "alice@example.org") == "");
  BOOST_TEST(told("bob@example.org", "nobody@example.org") == "");
  BOOST_TEST(told("bob@other.example", "alice@example.org") == refused);
  BOOST_TEST(told("bob", "alice@example.org") == refused);
}

BOOST_AUTO_TEST_CASE(foreign_senders_are_refused_unless_allowed) {
  BOOST_TEST(told("alice@example.org", "x@elsewhere.example") == refused);
  options.allow_foreign = true;
  BOOST_TEST(told("alice@example.org", "x@elsewhere.example") == "");
}

BOOST_AUTO_TEST_CASE(strangers_may_not_send_as_us_when_the_setting_says_so) {
  BOOST_TEST(told("", "alice@example.org") == "");
  options.strangers = Options::Strangers::users;
  BOOST_TEST(told("", "alice@example.org") == refused);
  BOOST_TEST(told("", "sales@example.org") == refused);
  BOOST_TEST(told("", "any@example.org") == "");
  BOOST_TEST(told("", "nobody@example.org") == "");
  BOOST_TEST(told("", "x@elsewhere.example") == "");
  options.strangers = Options::Strangers::domains;
  BOOST_TEST(told("", "any@example.org") == refused);
  BOOST_TEST(told("", "nobody@example.org") == refused);
  BOOST_TEST(told("", "x@elsewhere.example") == "");
}

BOOST_AUTO_TEST_CASE(it_asks_for_the_sender_and_decides_by_setting_when_that_is_unknown) {
  BOOST_TEST(told("alice@example.org", "other@example.org") == "waits");
  BOOST_TEST(told("alice@example.org", "slow@example.org") == "");
  options.defer_on_error = true;
  BOOST_TEST(told("alice@example.org", "slow@example.org") ==
             "action=defer_if_permit 4.3.0 Try again later");
}

BOOST_AUTO_TEST_CASE(it_stays_out_of_what_is_not_a_message_and_when_it_is_off) {
  request.set(Attribute::protocol_state, "VRFY");
  BOOST_TEST(told("bob@example.org", "alice@example.org") == "");
  request.set(Attribute::protocol_state, "MAIL");
  BOOST_TEST(told("bob@example.org", "alice@example.org") == refused);
  options.enabled = false;
  BOOST_TEST(told("bob@example.org", "alice@example.org") == "");
}

BOOST_AUTO_TEST_SUITE_END()
