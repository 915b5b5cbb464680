// directory-lib/reverse_test.cc -- the addresses that lead to a mailbox.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/reverse.hh"

#include <boost/test/unit_test.hpp>

#include "directory-lib/scratch_directory.hh"

namespace {

using Names = std::vector<std::string>;

constexpr base::WallTime now = std::chrono::sys_days(std::chrono::days(20'000));

struct Fixture {
  directory::ScratchDirectory scratch{};
  std::unique_ptr<directory::Directory> accounts = scratch.open();

  Fixture() {
    directory::add_domain(*accounts, "example.org");
    directory::add_domain(*accounts, "alias.example");
    directory::add_user(*accounts, "alice@example.org");
    directory::add_user(*accounts, "bob@example.org");
  }
  void alias(const std::string& address, Names targets) const {
    const auto added = directory::add_alias(*accounts, address, std::move(targets));
    BOOST_REQUIRE_MESSAGE(added.has_value(), (added ? "" : added.error().text()));
  }
  std::string reached_by(std::string_view user) const {
    const auto found = directory::addresses_of(*accounts, user, now);
    return found ? base::join(*found, " ") : std::string(base::errc_name(found.error().code));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(reverse, Fixture)

BOOST_AUTO_TEST_CASE(a_user_without_aliases_has_one_address) {
  BOOST_TEST(reached_by("Alice@Example.org") == "alice@example.org");
  BOOST_TEST(reached_by("nobody@example.org") == "not_found");
}

BOOST_AUTO_TEST_CASE(aliases_lead_there_over_any_number_of_aliases) {
  alias("sales@example.org", {"alice@example.org", "bob@example.org"});
  // Before its target in the order of the walk.
  alias("all@alias.example", {"sales@example.org"});
  alias("other@example.org", {"bob@example.org"});
  BOOST_TEST(reached_by("alice@example.org") ==
             "alice@example.org sales@example.org all@alias.example");
}

BOOST_AUTO_TEST_CASE(a_domain_that_stands_for_another_counts_and_a_catch_all_does_not) {
  alias("sales@example.org", {"alice@example.org"});
  alias("@alias.example", {"@example.org"});
  alias("sales@alias.example", {"bob@example.org"});  // its own, so not sales@example.org
  alias("@example.org", {"alice@example.org"});
  const std::string reached = reached_by("alice@example.org");
  BOOST_TEST(reached == "alice@example.org alice@alias.example sales@example.org");
}

BOOST_AUTO_TEST_SUITE_END()
