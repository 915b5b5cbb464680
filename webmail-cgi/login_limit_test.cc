// webmail-cgi/login_limit_test.cc -- how long failed logins make one wait.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/login_limit.hh"

#include <boost/test/unit_test.hpp>

namespace {

using namespace std::chrono_literals;

struct Fixture {
  base::ManualClock clock{base::WallTime(1'800'000'000'000ms)};
  webmail::LoginLimit limit{clock, {3, 5, 10min}};
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_user_waits_after_the_failures_allowed_and_not_for_ever, Fixture) {
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(limit.wait("alice", "192.0.2.1").count() == 0);
    limit.attempted("alice", "192.0.2.1");
  }
  BOOST_TEST(limit.wait("ALICE", "198.51.100.1").count() == 200);
  BOOST_TEST(limit.wait("bob", "192.0.2.1").count() == 0);
  clock.advance(201s);
  BOOST_TEST(limit.wait("alice", "192.0.2.1").count() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_network_waits_whatever_names_it_tries, Fixture) {
  for (int i = 0; i < 5; ++i) {
    limit.attempted("user" + std::to_string(i), "192.0.2." + std::to_string(i));
  }
  BOOST_TEST(limit.wait("new", "192.0.2.200").count() > 0);
  BOOST_TEST(limit.wait("new", "192.0.3.1").count() == 0);
}

BOOST_FIXTURE_TEST_CASE(a_right_password_clears_the_user_and_takes_itself_back, Fixture) {
  limit.attempted("alice", "192.0.2.1");
  limit.attempted("alice", "192.0.2.1");
  limit.attempted("alice", "192.0.2.1");
  limit.succeeded("alice", "192.0.2.1");
  BOOST_TEST(limit.wait("alice", "192.0.2.1").count() == 0);
  for (int i = 0; i < 20; ++i) {
    limit.attempted("bob", "198.51.100.1");
    limit.unanswered("bob", "198.51.100.1");
  }
  BOOST_TEST(limit.wait("bob", "198.51.100.1").count() == 0);
}

BOOST_AUTO_TEST_CASE(networks_are_what_one_household_is_given) {
  BOOST_TEST(webmail::client_net("192.0.2.7") == "192.0.2.0/24");
  BOOST_TEST(webmail::client_net("2001:db8:1:2::3") == "2001:db8:1::/56");
  BOOST_TEST(webmail::client_net("nonsense") == "nonsense");
}
