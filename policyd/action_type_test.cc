// policyd/action_type_test.cc -- reading actions, and what becomes of verdicts.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/action_type.hh"

#include <boost/test/unit_test.hpp>

#include "base/text.hh"

#include "policyd/action_settings.hh"

using policy::Action;
using Type = policy::ActionOptions::Type;

BOOST_AUTO_TEST_SUITE(action_type)

BOOST_AUTO_TEST_CASE(actions_are_read_and_mistakes_explained) {
  BOOST_TEST((policy::parse_action("FILTER retrain:spam")->action == Action::filter));
  BOOST_TEST(policy::parse_action("filter  retrain:spam ")->text == "retrain:spam");
  BOOST_TEST((policy::parse_action("DUNNO")->action == Action::dunno));
  BOOST_TEST((policy::parse_action("554 5.7.1 Spam")->action == Action::code));
  BOOST_TEST(policy::parse_action("554 5.7.1 Spam")->text == "554 5.7.1 Spam");
  BOOST_TEST((policy::parse_action("PREPEND X-A: b")->action == Action::prepend));
  for (const char* wrong :
       {"", "SHRED", "FILTER", "FILTER retrain", "PREPEND nothing", "code", "299 x", "99 x"}) {
    BOOST_TEST(!policy::parse_action(wrong).has_value(), wrong);
  }
}

BOOST_AUTO_TEST_CASE(settings_are_checked) {
  policy::ActionSettings settings{.action_type = "learn",
                                  .action_header = "X-Result",
                                  .action_spam = "FILTER retrain:spam",
                                  .action_ham = ""};
  BOOST_TEST(policy::check_action_settings(settings).has_value());
  BOOST_TEST((policy::action_options_of(settings).type == Type::learn));
  BOOST_TEST(!policy::action_options_of(settings).ham.has_value());
  settings.action_ham = "SHRED";
  BOOST_TEST(!policy::check_action_settings(settings).has_value());
  settings.action_ham = "";
  settings.action_header = "X-Result:";
  BOOST_TEST(!policy::check_action_settings(settings).has_value());
}

BOOST_AUTO_TEST_CASE(greylist_quota_rates_and_logins_do_not_make_spam) {
  policy::ActionOptions options{.type = Type::learn};
  options.spam = policy::SetAction{Action::filter, "retrain:spam"};
  for (const std::string_view check : {"greylist", "quota", "rate", "sender_login"}) {
    policy::Facts facts;
    policy::Verdict verdict{.action = Action::reject, .check = check};
    policy::apply_action_type(options, facts, verdict);
    BOOST_TEST((verdict.action == Action::reject), check);
    BOOST_TEST(!facts.is_spam);
  }
  for (const std::string_view check : {"list", "trap", "spf", "dnsbl"}) {
    policy::Facts facts;
    policy::Verdict verdict{.action = Action::reject, .check = check};
    policy::apply_action_type(options, facts, verdict);
    BOOST_TEST((verdict.action == Action::filter), check);
    verdict = {.action = Action::defer_if_permit, .check = check};
    policy::apply_action_type(options, facts, verdict);
    BOOST_TEST((verdict.action == Action::defer_if_permit), check);
  }
}

BOOST_AUTO_TEST_SUITE_END()
