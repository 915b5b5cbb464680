// web-lib/session_test.cc -- the life of sessions, on a clock turned by hand.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/session.hh"

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;

struct Fixture {
  base::ManualClock clock{base::WallTime(1'800'000'000'000ms)};
  web::SessionLimits limits{.idle = 1h, .lifetime = 10h, .per_owner = 3, .all = 5};
  web::Sessions sessions{clock, limits};

  std::string open(std::string_view owner) {
    return sessions.open(owner, {"/home/" + std::string(owner)}, "192.0.2.1").value();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_token_is_long_random_and_kept_nowhere, Fixture) {
  const std::string token = open("alice");
  BOOST_TEST(token.size() == 43U);
  BOOST_TEST(token != open("alice"));
  BOOST_TEST(sessions.find(token)->facts.front() == "/home/alice");
  BOOST_TEST(sessions.find((token[0] == 'x' ? "y" : "x") + token.substr(1)) == nullptr);
  BOOST_TEST(sessions.find("") == nullptr);
  BOOST_TEST(sessions.save().find(token) == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_session_ends_idle_old_or_closed, Fixture) {
  const std::string idle = open("alice");
  clock.advance(61min);
  BOOST_TEST(sessions.find(idle) == nullptr);
  const std::string used = open("alice");
  for (int i = 0; i < 12; ++i) {
    clock.advance(50min);
    BOOST_TEST(sessions.find(used) != nullptr);
  }
  clock.advance(1min);
  BOOST_TEST(sessions.find(used) == nullptr);
  const std::string closed = open("alice");
  sessions.close(closed);
  BOOST_TEST(sessions.find(closed) == nullptr);
  BOOST_TEST(sessions.size() == 0U);
}

BOOST_FIXTURE_TEST_CASE(one_login_too_many_ends_the_least_used, Fixture) {
  const std::string first = open("alice");
  clock.advance(1min);
  const std::string second = open("alice");
  clock.advance(1min);
  BOOST_TEST(sessions.find(first) != nullptr);
  const std::string third = open("alice");
  const std::string fourth = open("alice");
  BOOST_TEST(sessions.find(second) == nullptr);
  BOOST_TEST(sessions.find(first) != nullptr);
  open("bob");
  open("bob");
  BOOST_TEST(!sessions.open("carol", {}, "").has_value());
}

BOOST_FIXTURE_TEST_CASE(sessions_are_listed_and_revoked_by_an_id_that_is_no_secret, Fixture) {
  const std::string one = open("alice");
  const std::string two = open("alice");
  const std::string other = open("bob");
  const auto rows = sessions.list("alice");
  BOOST_TEST(rows.size() == 2U);
  BOOST_TEST(!sessions.revoke("bob", rows[0].id));
  BOOST_TEST(sessions.revoke("alice", rows[0].id));
  BOOST_TEST((sessions.find(one) == nullptr) != (sessions.find(two) == nullptr));
  BOOST_TEST(sessions.revoke_all("alice") == 1U);
  BOOST_TEST(sessions.find(other) != nullptr);
  BOOST_TEST(sessions.size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_is_saved_is_taken_over_and_ends_when_it_would_have, Fixture) {
  const std::string token = open("al\tice\n%");
  const std::string text = sessions.save() + "v9\tjunk\nv1\tzz\t1\t1\t\tx\n";
  web::Sessions next(clock, limits);
  BOOST_TEST(next.load(text) == 2U);
  BOOST_TEST_REQUIRE(next.find(token) != nullptr);
  BOOST_TEST(next.find(token)->owner == "al\tice\n%");
  clock.advance(2h);
  web::Sessions late(clock, limits);
  BOOST_TEST(late.load(text) == 2U);
  BOOST_TEST(late.find(token) == nullptr);
}
