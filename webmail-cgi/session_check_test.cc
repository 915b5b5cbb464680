// webmail-cgi/session_check_test.cc -- tests of what ends a session, with a Dovecot of words.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/session_check.hh"

#include <boost/test/unit_test.hpp>

namespace webmail {

namespace {

using namespace std::chrono_literals;
using Verdict = SessionCheck::Verdict;

constexpr base::WallTime start{24h * 365 * 50};

class Fixture {
 public:
  // The verdict when the answer comes at once.
  Verdict verdict(const std::string& generation, base::WallTime created = start) {
    std::optional<SessionCheck::Answer> got;
    check.check("alice", generation, created, [&got](const auto& answer) { got = answer; });
    BOOST_REQUIRE(got.has_value());
    return got->verdict;
  }

  base::ManualClock clock{start};
  int asked = 0;
  bool answers_later = false;
  std::vector<SessionCheck::Told> later{};
  base::Result<AuthReply> reply = AuthReply{1, AuthReply::Verdict::ok, "alice", "/home", "7-ab"};
  SessionCheck check{clock, 3s, [this](const std::string& /*user*/, SessionCheck::Told told) {
                       ++asked;
                       if (answers_later) {
                         later.push_back(std::move(told));
                       } else {
                         told(reply);
                       }
                     }};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(session_check, Fixture)

BOOST_AUTO_TEST_CASE(dovecot_is_asked_once_in_a_while) {
  for (int i = 0; i < 5; ++i) {
    BOOST_TEST((verdict("7-ab") == Verdict::holds));
    clock.advance(1s);
  }
  BOOST_TEST(asked == 2);
}

BOOST_AUTO_TEST_CASE(a_changed_password_and_a_closed_account_end_it) {
  BOOST_TEST((verdict("7-ab") == Verdict::holds));
  reply->generation = "8-cd";
  BOOST_TEST((verdict("7-ab") == Verdict::holds));  // not asked yet
  clock.advance(3s);
  BOOST_TEST((verdict("7-ab") == Verdict::changed));
  BOOST_TEST((verdict("8-cd") == Verdict::holds));
  reply->verdict = AuthReply::Verdict::refused;
  clock.advance(3s);
  BOOST_TEST((verdict("8-cd") == Verdict::gone));
}

BOOST_AUTO_TEST_CASE(a_hash_made_anew_ends_no_session_that_began_just_now) {
  reply->generation = "7-cd";
  BOOST_TEST((verdict("7-ab", start - 10s) == Verdict::renewed));
  BOOST_TEST((verdict("7-ab", start - 2min) == Verdict::changed));
  BOOST_TEST((verdict("", start - 10s) == Verdict::changed));
}

BOOST_AUTO_TEST_CASE(sessions_go_on_while_dovecot_cannot_say) {
  BOOST_TEST((verdict("7-ab") == Verdict::holds));
  for (const bool is_error : {true, false}) {
    reply = is_error ? base::Result<AuthReply>(base::make_error(base::Errc::timeout, "x"))
                     : AuthReply{1, AuthReply::Verdict::temporary, "", "", ""};
    clock.advance(3s);
    BOOST_TEST((verdict("7-ab") == Verdict::holds));
    BOOST_TEST((verdict("6-xx") == Verdict::changed));  // what was known stays known
  }
}

BOOST_AUTO_TEST_CASE(a_user_database_that_tells_no_generation_ends_nothing) {
  reply->generation.clear();
  BOOST_TEST((verdict("7-ab") == Verdict::holds));
  BOOST_TEST((verdict("") == Verdict::holds));
}

BOOST_AUTO_TEST_CASE(requests_that_come_meanwhile_wait_for_the_same_answer) {
  answers_later = true;
  std::vector<Verdict> got;
  for (const char* generation : {"7-ab", "6-xx", "7-ab"}) {
    check.check("alice", generation, start - 2min,
                [&got](const auto& answer) { got.push_back(answer.verdict); });
  }
  BOOST_TEST(asked == 1);
  BOOST_TEST(got.empty());
  check.forget("alice");  // not while they wait
  later.front()(reply);
  BOOST_TEST((got == std::vector{Verdict::holds, Verdict::changed, Verdict::holds}));
}

BOOST_AUTO_TEST_CASE(what_nobody_asks_for_is_forgotten) {
  BOOST_TEST((verdict("7-ab") == Verdict::holds));
  clock.advance(2min);
  check.expire();
  BOOST_TEST(check.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace webmail
