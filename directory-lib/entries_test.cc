// directory-lib/entries_test.cc -- what an account may do, terms, and the words of kinds.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/entries.hh"

#include <boost/test/unit_test.hpp>

namespace {

using base::Errc;
using directory::Access;
using directory::Service;
using namespace std::chrono;

std::string after(std::string_view term, sys_days today) {
  const auto last = directory::expiry_after(term, today + 23h);
  if (!last) {
    return std::string(base::errc_name(last.error().code));
  }
  return *last ? base::rfc3339(**last).substr(0, 10) : "never";
}

BOOST_AUTO_TEST_SUITE(entries)

BOOST_AUTO_TEST_CASE(access_says_what_forbids_a_service) {
  const base::WallTime now = sys_days(2026y / 5 / 10) + 12h;
  directory::User user;
  BOOST_TEST((directory::access_of(user, Service::imap, now) == Access::granted));
  user.expires = sys_days(2026y / 5 / 10);
  BOOST_TEST((directory::access_of(user, Service::imap, now) == Access::granted));
  user.expires = sys_days(2026y / 5 / 9);
  BOOST_TEST((directory::access_of(user, Service::imap, now) == Access::user_expired));
  user.enabled = false;
  BOOST_TEST((directory::access_of(user, Service::imap, now) == Access::user_disabled));
  user.domain_enabled = false;
  BOOST_TEST((directory::access_of(user, Service::imap, now) == Access::domain_disabled));
  directory::User limited;
  limited.disabled.add(Service::pop3);
  BOOST_TEST((directory::access_of(limited, Service::pop3, now) == Access::service_disabled));
  BOOST_TEST((directory::access_of(limited, Service::imap, now) == Access::granted));
  limited.domain_expires = sys_days(2026y / 1 / 1);
  BOOST_TEST((directory::access_of(limited, Service::imap, now) == Access::domain_expired));
}

BOOST_AUTO_TEST_CASE(a_term_ends_on_the_day_people_expect) {
  const sys_days today = 2027y / 1 / 31;
  BOOST_TEST(after("", today) == "never");
  BOOST_TEST(after("0", today) == "never");
  BOOST_TEST(after("1d", today) == "2027-02-01");
  BOOST_TEST(after("2w", today) == "2027-02-14");
  BOOST_TEST(after("1m", today) == "2027-02-28");
  BOOST_TEST(after("6m", today) == "2027-07-31");
  BOOST_TEST(after("13m", today) == "2028-02-29");
  BOOST_TEST(after("2y", today) == "2029-01-31");
  for (const std::string_view bad : {"m", "6", "6 m", "-1d", "6M", "10000d", "1.5y", "6mm"}) {
    BOOST_TEST(after(bad, today) == "malformed", "taken: " << bad);
  }
}

BOOST_AUTO_TEST_CASE(words_are_read_back_and_others_are_explained) {
  for (const auto kind : {directory::ListKind::white, directory::ListKind::black}) {
    BOOST_TEST((*directory::parse_list_kind(directory::list_kind_name(kind)) == kind));
  }
  for (const auto level : {directory::ManagerLevel::admin, directory::ManagerLevel::postmaster}) {
    BOOST_TEST((*directory::parse_manager_level(directory::manager_level_name(level)) == level));
  }
  const auto wrong = directory::parse_manager_level("root");
  BOOST_TEST((wrong.error().code == Errc::malformed));
  BOOST_TEST(wrong.error().hint == "one of admin postmaster");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
