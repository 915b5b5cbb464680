// policyd/chain_test.cc -- the order of checks, waiting, and the answer line.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/chain.hh"

#include <boost/test/unit_test.hpp>

namespace {

// Answers what it is given, one answer a call.
class ScriptedCheck final : public policy::Check {
 public:
  ScriptedCheck(std::vector<policy::Answer> answers, int& calls)
      : answers_(std::move(answers)), calls_(calls) {}
  std::string_view name() const override { return "scripted"; }
  policy::Answer ask(const policy::Inquiry& /*inquiry*/) override {
    ++calls_;
    policy::Answer answer = answers_.front();
    answers_.erase(answers_.begin());
    return answer;
  }

 private:
  std::vector<policy::Answer> answers_;
  int& calls_;
};

policy::Verdict reject(std::string text) {
  return {.action = policy::Action::reject, .text = std::move(text)};
}

struct Fixture {
  policy::Request request{};
  policy::Facts facts{};
  policy::Inquiry inquiry{request, facts, {}};
  policy::Chain chain{};
  policy::Chain::Run run{};
  int calls[3] = {0, 0, 0};
  void add(int at, std::vector<policy::Answer> answers) {
    chain.append(std::make_unique<ScriptedCheck>(std::move(answers), calls[at]));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(chain)

BOOST_FIXTURE_TEST_CASE(the_first_check_with_an_opinion_decides, Fixture) {
  add(0, {policy::NoOpinion{}});
  add(1, {reject("no")});
  add(2, {policy::NoOpinion{}});
  BOOST_TEST(chain.proceed(run, inquiry)->text == "no");
  BOOST_TEST(calls[2] == 0);
}

BOOST_FIXTURE_TEST_CASE(a_verdict_of_dunno_ends_the_chain_too, Fixture) {
  add(0, {policy::Verdict{}});
  add(1, {reject("no")});
  BOOST_TEST((chain.proceed(run, inquiry)->action == policy::Action::dunno));
  BOOST_TEST(calls[1] == 0);
}

BOOST_FIXTURE_TEST_CASE(without_any_opinion_the_answer_is_dunno, Fixture) {
  add(0, {policy::NoOpinion{}});
  const auto verdict = chain.proceed(run, inquiry);
  BOOST_TEST((verdict->action == policy::Action::dunno));
  BOOST_TEST(verdict->event == nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_check_that_waits_is_asked_again_and_those_before_it_are_not, Fixture) {
  add(0, {policy::NoOpinion{}});
  add(1, {policy::Waits{}, policy::Waits{}, reject("late")});
  BOOST_TEST(!chain.proceed(run, inquiry));
  BOOST_TEST(!chain.proceed(run, inquiry));
  BOOST_TEST(chain.proceed(run, inquiry)->text == "late");
  BOOST_TEST(calls[0] == 1);
  BOOST_TEST(calls[1] == 3);
}

BOOST_FIXTURE_TEST_CASE(a_refusal_in_dry_run_is_kept_and_the_next_check_asked, Fixture) {
  add(0, {reject("no")});
  add(1, {policy::Verdict{.action = policy::Action::ok}});
  const std::vector<std::string> names{"scripted"};
  chain.run_dry(names);
  const auto verdict = chain.proceed(run, inquiry);
  BOOST_TEST((verdict->action == policy::Action::ok));  // only refusals are without effect
  BOOST_REQUIRE(run.dry.size() == 1U);
  BOOST_TEST(run.dry[0].text == "no");
  BOOST_TEST(run.dry[0].check == "scripted");
}

BOOST_FIXTURE_TEST_CASE(a_waiting_check_says_for_what, Fixture) {
  add(0, {policy::Waits{.dns = {{"example.org", auth::DnsType::txt}}}});
  BOOST_TEST(!chain.proceed(run, inquiry));
  BOOST_REQUIRE(run.waits.dns.size() == 1U);
  BOOST_TEST(run.waits.dns[0].name == "example.org");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(verdict)

BOOST_AUTO_TEST_CASE(an_answer_is_one_line_whatever_the_text) {
  BOOST_TEST(policy::answer_line({}) == "action=dunno\n\n");
  BOOST_TEST(policy::answer_line(reject("5.7.1 no")) == "action=reject 5.7.1 no\n\n");
  BOOST_TEST(policy::answer_line({.action = policy::Action::code, .text = "452 4.2.2 full"}) ==
             "action=452 4.2.2 full\n\n");
  BOOST_TEST(policy::answer_line(reject("a\n\naction=ok\r\n")) ==
             "action=reject a  action=ok  \n\n");
  BOOST_TEST(policy::answer_line(reject(std::string(9999, 'x'))).size() == 416U);
}

BOOST_AUTO_TEST_CASE(every_action_has_its_word) {
  for (std::size_t i = 0; i < policy::action_count; ++i) {
    const auto action = static_cast<policy::Action>(i);
    BOOST_TEST((policy::action_of(policy::action_word(action)) == action));
  }
  BOOST_TEST(!policy::action_of("dance"));
}

BOOST_AUTO_TEST_SUITE_END()
