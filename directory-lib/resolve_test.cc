// directory-lib/resolve_test.cc -- aliases as another program may have left them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/resolve.hh"

#include <boost/test/unit_test.hpp>

#include "base/sqlite.hh"

#include "directory-lib/scratch_directory.hh"

namespace {

using Names = std::vector<std::string>;

constexpr base::WallTime now = std::chrono::sys_days(std::chrono::days(20'000));

struct House {
  directory::ScratchDirectory scratch{};
  std::unique_ptr<directory::Directory> accounts = scratch.open();

  House() {
    directory::add_domain(*accounts, "example.org");
    directory::add_domain(*accounts, "alias.example");
    directory::add_user(*accounts, "alice@example.org");
    directory::add_user(*accounts, "bob@example.org");
  }
  void alias(const std::string& address, Names targets) const {
    const auto added = directory::add_alias(*accounts, address, std::move(targets));
    BOOST_REQUIRE_MESSAGE(added.has_value(), (added ? "" : added.error().text()));
  }
  Names resolve(std::string_view address) const {
    const auto found = directory::resolve(*accounts, address, now);
    Names names;
    if (!found) {
      return {std::string(base::errc_name(found.error().code))};
    }
    for (const auto& recipient : *found) {
      names.push_back((recipient.is_mailbox ? "" : "->") + recipient.address);
    }
    return names;
  }
  // Rows that the rules of add_alias() would refuse, as another program may have left them.
  void force(const std::string& address, const std::string& target) const {
    auto database = std::move(*base::Database::open(
        scratch.settings().database, base::Database::Mode::write, std::chrono::seconds(1)));
    const std::size_t at = address.find('@');
    const std::string id = "(SELECT id FROM domain WHERE name = '" + address.substr(at + 1) +
                           "'), '" + address.substr(0, at) + "', ";
    BOOST_REQUIRE(database
                      .execute("INSERT INTO alias (domain, local, created) VALUES (" + id +
                               "0); INSERT INTO alias_target VALUES (" + id + "0, '" + target +
                               "')")
                      .has_value());
  }
};

BOOST_AUTO_TEST_SUITE(aliases)

BOOST_AUTO_TEST_CASE(loops_made_elsewhere_end) {
  const House house;
  house.force("a@example.org", "b@example.org");
  house.force("b@example.org", "a@example.org");
  BOOST_TEST((house.resolve("a@example.org") == Names{"not_found"}));
  house.force("alice@example.org", "alice@example.org");
  BOOST_TEST((house.resolve("alice@example.org") == Names{"alice@example.org"}));
}

BOOST_AUTO_TEST_CASE(depth_and_width_are_bounded) {
  const House house;
  for (int i = 0; i < 20; ++i) {
    house.force("d" + std::to_string(i) + "@example.org",
                "d" + std::to_string(i + 1) + "@example.org");
  }
  BOOST_TEST((house.resolve("d0@example.org") == Names{"over_quota"}));
  BOOST_TEST((house.resolve("d10@example.org") == Names{"not_found"}));
  Names first;
  Names second;
  for (int i = 0; i < 600; ++i) {
    first.push_back("p" + std::to_string(i) + "@elsewhere.example");
    second.push_back("q" + std::to_string(i) + "@elsewhere.example");
  }
  house.alias("first@example.org", first);
  house.alias("second@example.org", second);
  house.alias("wide@example.org", {"first@example.org", "second@example.org"});
  BOOST_TEST(house.resolve("first@example.org").size() == 600);
  BOOST_TEST((house.resolve("wide@example.org") == Names{"over_quota"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
