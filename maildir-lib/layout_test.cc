// maildir-lib/layout_test.cc -- hashed homes, and names that try to leave the mail root.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/layout.hh"

#include <set>

#include <boost/test/unit_test.hpp>

namespace {

BOOST_AUTO_TEST_SUITE(layout)

BOOST_AUTO_TEST_CASE(hash_forms_are_lenxdepth_or_none) {
  BOOST_TEST((*maildir::parse_hash_form("2x1") == maildir::HashForm{2, 1}));
  BOOST_TEST((*maildir::parse_hash_form("none") == maildir::HashForm{0, 0}));
  for (const std::string_view bad :
       {"", "2", "2x", "x1", "0x1", "2x0", "5x1", "2x5", "2X1", "2x1 ", "-2x1"}) {
    BOOST_TEST(!maildir::parse_hash_form(bad), "accepted: " << bad);
  }
}

BOOST_AUTO_TEST_CASE(random_paths_have_the_form_and_differ) {
  std::set<std::string> seen;
  for (int i = 0; i < 2000; ++i) {
    const std::string path = maildir::random_hash_path({2, 2});
    BOOST_REQUIRE(path.size() == 5);
    BOOST_REQUIRE(path[2] == '/');
    BOOST_REQUIRE(path.find_first_not_of("0123456789ABCDEF/") == std::string::npos);
    seen.insert(path);
  }
  BOOST_TEST(seen.size() > 1900);  // of 65536 possible
  BOOST_TEST(maildir::random_hash_path({3, 1}).size() == 3);
  BOOST_TEST(maildir::random_hash_path({1, 3})[3] == '/');
  BOOST_TEST(maildir::random_hash_path({}).empty());
}

BOOST_AUTO_TEST_CASE(a_home_is_put_together_from_its_parts) {
  BOOST_TEST(*maildir::home_path("A3", "example.org", "7C/21", "alice") ==
             "A3/example.org/7C/21/alice");
  BOOST_TEST(*maildir::home_path("", "example.org", "", "alice") == "example.org/alice");
}

BOOST_AUTO_TEST_CASE(names_that_could_leave_the_mail_root_are_refused) {
  using namespace std::string_view_literals;
  for (const std::string_view bad :
       {""sv, "."sv, ".."sv, ".hidden"sv, "a/b"sv, "../etc"sv, "/etc"sv, "a\0b"sv, "a\nb"sv,
        "a\x7F"sv, "~root"sv, "a\xFF"sv}) {
    BOOST_TEST(!maildir::home_path("A3", "example.org", "7C", bad), "accepted: " << bad);
    BOOST_TEST(!maildir::home_path("A3", bad, "7C", "alice"), "accepted: " << bad);
  }
  BOOST_TEST(!maildir::home_path("..", "example.org", "7C", "alice"));
  BOOST_TEST(!maildir::home_path("A3", "example.org", "7C/../..", "alice"));
  BOOST_TEST(!maildir::check_component(std::string(256, 'a')));
}

BOOST_AUTO_TEST_CASE(a_stored_path_must_stay_below_the_root) {
  BOOST_TEST(maildir::check_relative_path("A3/example.org/7C/21/alice").has_value());
  for (const std::string_view bad : {"", "/", "/etc/passwd", "a//b", "a/", "a/../b", "./a"}) {
    BOOST_TEST(!maildir::check_relative_path(bad), "accepted: " << bad);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
