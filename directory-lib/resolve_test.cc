// directory-lib/resolve_test.cc -- aliases: expansion, catch-alls, loops, limits.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/resolve.hh"

#include <boost/test/unit_test.hpp>

#include "base/sqlite.hh"

#include "directory-lib/scratch_directory.hh"

namespace {

using base::Errc;
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
  std::string refusal(const std::string& address, Names targets) const {
    const auto added = directory::add_alias(*accounts, address, std::move(targets));
    return added ? "added" : added.error().text();
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
  Names step(std::string_view address) const {
    const auto found = directory::expand_once(*accounts, address, now);
    return found ? *found : Names{std::string(base::errc_name(found.error().code))};
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

BOOST_AUTO_TEST_CASE(an_alias_leads_to_mailboxes_and_foreign_addresses_each_once) {
  const House house;
  house.alias("all@example.org",
              {"alice@example.org", "Team@example.org", "Carol.X@Elsewhere.example"});
  house.alias("team@example.org", {"bob@example.org", "alice@example.org"});
  BOOST_TEST((house.resolve("All@example.org") ==
              Names{"alice@example.org", "->Carol.X@elsewhere.example", "bob@example.org"}));
  BOOST_TEST((house.resolve("nobody@example.org") == Names{"not_found"}));
  BOOST_TEST((house.resolve("x@elsewhere.example") == Names{"->x@elsewhere.example"}));
  BOOST_TEST((house.resolve("no address") == Names{"not_found"}));
}

BOOST_AUTO_TEST_CASE(a_catch_all_never_takes_an_existing_mailbox) {
  const House house;
  house.alias("@example.org", {"bob@example.org"});
  BOOST_TEST((house.resolve("alice@example.org") == Names{"alice@example.org"}));
  BOOST_TEST((house.resolve("alice+news@example.org") == Names{"alice@example.org"}));
  BOOST_TEST((house.resolve("nobody@example.org") == Names{"bob@example.org"}));
  BOOST_TEST((house.step("alice@example.org") == Names{"alice@example.org"}));
  BOOST_TEST((house.step("alice+news@example.org") == Names{"alice+news@example.org"}));
  BOOST_TEST((house.step("nobody@example.org") == Names{"bob@example.org"}));
  BOOST_TEST((house.step("x@elsewhere.example") == Names{"not_found"}));
}

BOOST_AUTO_TEST_CASE(a_domain_alias_keeps_the_local_part) {
  const House house;
  house.alias("@alias.example", {"@example.org"});
  BOOST_TEST((house.resolve("alice@alias.example") == Names{"alice@example.org"}));
  BOOST_TEST((house.resolve("nobody@alias.example") == Names{"not_found"}));
  BOOST_TEST((house.step("bob+x@alias.example") == Names{"bob+x@example.org"}));
}

BOOST_AUTO_TEST_CASE(loops_and_self_reference_are_refused_with_the_way_round) {
  const House house;
  BOOST_TEST(house.refusal("a@example.org", {"A@example.org"}).find("stand for itself") !=
             std::string::npos);
  house.alias("a@example.org", {"b@example.org"});
  house.alias("b@example.org", {"c@example.org"});
  BOOST_TEST(house.refusal("c@example.org", {"a@example.org"}).find("by way of b@example.org") !=
             std::string::npos);
  BOOST_TEST(house.refusal("@example.org", {"missing@example.org"}).find("posthouse user add") !=
             std::string::npos);
  house.alias("@alias.example", {"@example.org"});
  BOOST_TEST(house.refusal("@example.org", {"@alias.example"}).find("come back") !=
             std::string::npos);
  BOOST_TEST((house.resolve("c@example.org") == Names{"not_found"}));
}

BOOST_AUTO_TEST_CASE(an_alias_and_a_mailbox_never_share_an_address) {
  const House house;
  BOOST_TEST(house.refusal("alice@example.org", {"bob@example.org"}).find("user already") !=
             std::string::npos);
  house.alias("info@example.org", {"bob@example.org"});
  BOOST_TEST(house.refusal("INFO@example.org", {"bob@example.org"}).find("alias already") !=
             std::string::npos);
  const auto user = house.accounts->add_user(directory::new_user("info@example.org"), "");
  BOOST_TEST((user.error().code == Errc::exists));
}

BOOST_AUTO_TEST_CASE(bad_targets_are_refused) {
  const House house;
  for (const std::string_view bad :
       {"", "alice", "@example.org", "a b@example.org", "alice@", "<alice@example.org>"}) {
    BOOST_TEST(house.refusal("x@example.org", {std::string(bad)}) != "added", "accepted: " << bad);
  }
  BOOST_TEST(house.refusal("x@example.org", {}) != "added");
  BOOST_TEST(house.refusal("x@example.org", Names(1001, "alice@example.org")) != "added");
  BOOST_TEST(house.refusal("x@none.example", {"alice@example.org"}).find("posthouse domain add") !=
             std::string::npos);
}

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

BOOST_AUTO_TEST_CASE(disabled_and_expired_aliases_are_as_if_absent) {
  const House house;
  directory::Alias off;
  off.address = "off@example.org";
  off.targets = {"alice@example.org"};
  off.enabled = false;
  BOOST_REQUIRE(house.accounts->add_alias(off).has_value());
  directory::Alias old = off;
  old.address = "old@example.org";
  old.enabled = true;
  old.expires = std::chrono::sys_days(std::chrono::days(19'999));
  BOOST_REQUIRE(house.accounts->add_alias(old).has_value());
  BOOST_TEST((house.resolve("off@example.org") == Names{"not_found"}));
  BOOST_TEST((house.resolve("old@example.org") == Names{"not_found"}));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
