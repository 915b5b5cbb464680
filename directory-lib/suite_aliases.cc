// directory-lib/suite_aliases.cc -- cases of every backend: aliases, expansion, catch-alls, loops.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "directory-lib/backend_suite.hh"
#include "directory-lib/owners.hh"
#include "directory-lib/resolve.hh"

namespace directory {

namespace {

using base::Errc;
using Names = std::vector<std::string>;

constexpr base::WallTime now = std::chrono::sys_days(std::chrono::days(20'000));

struct House {
  std::unique_ptr<Directory> accounts;

  explicit House(const Backend& backend) : accounts(backend.open()) {
    add_domain(*accounts, "example.org");
    add_domain(*accounts, "alias.example");
    add_user(*accounts, "alice@example.org");
    add_user(*accounts, "bob@example.org");
  }
  void alias(const std::string& address, Names targets) const {
    const auto added = add_alias(*accounts, address, std::move(targets));
    BOOST_REQUIRE_MESSAGE(added.has_value(), (added ? "" : added.error().text()));
  }
  std::string refusal(const std::string& address, Names targets) const {
    const auto added = add_alias(*accounts, address, std::move(targets));
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
    const auto found = expand_once(*accounts, address, now);
    return found ? *found : Names{std::string(base::errc_name(found.error().code))};
  }
  std::string canonical(std::string_view address) const {
    const auto found = canonical_of(*accounts, address, now);
    return found ? *found : std::string(base::errc_name(found.error().code));
  }
  // The mailboxes, behind "*" when they are a catch-all's and "->" when mail leaves as well.
  Names owners(std::string_view address) const {
    const auto found = owners_of(*accounts, address, now);
    if (!found) {
      return {std::string(base::errc_name(found.error().code))};
    }
    if (found->state != Owners::State::found) {
      return {found->state == Owners::State::foreign ? "foreign" : "nobody"};
    }
    Names names = found->mailboxes;
    names.insert(names.begin(), found->leaves ? 1 : 0, "->");
    names.insert(names.begin(), found->is_catch_all ? 1 : 0, "*");
    return names;
  }
};

void an_alias_leads_to_mailboxes_and_foreign_addresses_each_once(const Backend& backend) {
  const House house(backend);
  house.alias("all@example.org",
              {"alice@example.org", "Team@example.org", "Carol.X@Elsewhere.example"});
  house.alias("team@example.org", {"bob@example.org", "alice@example.org"});
  BOOST_TEST((house.resolve("All@example.org") ==
              Names{"alice@example.org", "->Carol.X@elsewhere.example", "bob@example.org"}));
  BOOST_TEST((house.resolve("nobody@example.org") == Names{"not_found"}));
  BOOST_TEST((house.resolve("x@elsewhere.example") == Names{"->x@elsewhere.example"}));
  BOOST_TEST((house.resolve("no address") == Names{"not_found"}));
}

void a_catch_all_never_takes_an_existing_mailbox(const Backend& backend) {
  const House house(backend);
  house.alias("@example.org", {"bob@example.org"});
  BOOST_TEST((house.resolve("alice@example.org") == Names{"alice@example.org"}));
  BOOST_TEST((house.resolve("alice+news@example.org") == Names{"alice@example.org"}));
  BOOST_TEST((house.resolve("nobody@example.org") == Names{"bob@example.org"}));
  BOOST_TEST((house.step("alice@example.org") == Names{"alice@example.org"}));
  BOOST_TEST((house.step("alice+news@example.org") == Names{"alice+news@example.org"}));
  BOOST_TEST((house.step("nobody@example.org") == Names{"bob@example.org"}));
  BOOST_TEST((house.step("x@elsewhere.example") == Names{"not_found"}));
}

void a_domain_alias_keeps_the_local_part(const Backend& backend) {
  const House house(backend);
  house.alias("@alias.example", {"@example.org"});
  BOOST_TEST((house.resolve("alice@alias.example") == Names{"alice@example.org"}));
  BOOST_TEST((house.resolve("nobody@alias.example") == Names{"not_found"}));
  BOOST_TEST((house.step("bob+x@alias.example") == Names{"bob+x@example.org"}));
}

void loops_and_self_reference_are_refused_with_the_way_round(const Backend& backend) {
  const House house(backend);
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

void an_alias_and_a_mailbox_never_share_an_address(const Backend& backend) {
  const House house(backend);
  BOOST_TEST(house.refusal("alice@example.org", {"bob@example.org"}).find("user already") !=
             std::string::npos);
  house.alias("info@example.org", {"bob@example.org"});
  BOOST_TEST(house.refusal("INFO@example.org", {"bob@example.org"}).find("alias already") !=
             std::string::npos);
  const auto user = house.accounts->add_user(new_user("info@example.org"), "");
  BOOST_TEST((user.error().code == Errc::exists));
}

void bad_targets_are_refused(const Backend& backend) {
  const House house(backend);
  for (const std::string_view bad :
       {"", "alice", "@example.org", "a b@example.org", "alice@", "<alice@example.org>"}) {
    BOOST_TEST(house.refusal("x@example.org", {std::string(bad)}) != "added", "accepted: " << bad);
  }
  BOOST_TEST(house.refusal("x@example.org", {}) != "added");
  BOOST_TEST(house.refusal("x@example.org", Names(1001, "alice@example.org")) != "added");
  BOOST_TEST(house.refusal("x@none.example", {"alice@example.org"}).find("posthouse domain add") !=
             std::string::npos);
}

void disabled_and_expired_aliases_are_as_if_absent(const Backend& backend) {
  const House house(backend);
  Alias off;
  off.address = "off@example.org";
  off.targets = {"alice@example.org"};
  off.enabled = false;
  BOOST_REQUIRE(house.accounts->add_alias(off).has_value());
  Alias old = off;
  old.address = "old@example.org";
  old.enabled = true;
  old.expires = std::chrono::sys_days(std::chrono::days(19'999));
  BOOST_REQUIRE(house.accounts->add_alias(old).has_value());
  BOOST_TEST((house.resolve("off@example.org") == Names{"not_found"}));
  BOOST_TEST((house.resolve("old@example.org") == Names{"not_found"}));
}

void changed_targets_obey_the_same_rules(const Backend& backend) {
  const House house(backend);
  house.alias("a@example.org", {"b@example.org", "alice@example.org"});
  house.alias("b@example.org", {"bob@example.org"});
  const auto retarget = [&house](const std::string& address, const Names& targets) {
    return outcome(house.accounts->update_alias(address, [&](Alias& alias) -> base::Result<void> {
      alias.targets = targets;
      return {};
    }));
  };
  BOOST_TEST(retarget("B@example.org", {"a@example.org"}) == "malformed");
  BOOST_TEST(retarget("b@example.org", {"b@example.org"}) == "malformed");
  BOOST_TEST(retarget("b@example.org", {}) == "malformed");
  BOOST_TEST(retarget("c@example.org", {"bob@example.org"}) == "not_found");
  BOOST_TEST((house.accounts->find_alias("b@example.org")->targets == Names{"bob@example.org"}));
  BOOST_TEST(retarget("b@example.org", {"Alice@Example.org", "x@elsewhere.example"}) == "done");
  BOOST_TEST((house.accounts->find_alias("b@example.org")->targets ==
              Names{"alice@example.org", "x@elsewhere.example"}));
  BOOST_TEST(retarget("b@example.org", Names(1001, "x@elsewhere.example")) == "malformed");
  const auto off = house.accounts->update_alias("a@example.org", [](Alias& alias) {
    alias.enabled = false;
    alias.expires = std::chrono::sys_days(std::chrono::days(30'000));
    alias.address = "other@example.org";
    return base::Result<void>();
  });
  BOOST_TEST(off->address == "a@example.org");
  const auto stored = house.accounts->find_alias("a@example.org");
  BOOST_TEST(!stored->enabled);
  BOOST_TEST((stored->expires == off->expires));
  BOOST_TEST(stored->targets.size() == 2U);
}

void a_removed_alias_is_gone_and_answers_what_it_was(const Backend& backend) {
  const House house(backend);
  house.alias("a@example.org", {"bob@example.org", "alice@example.org"});
  house.alias("@example.org", {"bob@example.org"});
  const auto removed = house.accounts->remove_alias("A@example.org");
  BOOST_REQUIRE(removed.has_value());
  BOOST_TEST(removed->targets.size() == 2U);
  BOOST_TEST(outcome(house.accounts->remove_alias("a@example.org")) == "not_found");
  BOOST_TEST((house.resolve("a@example.org") == Names{"bob@example.org"}));
  BOOST_TEST(outcome(house.accounts->remove_alias("@example.org")) == "done");
  BOOST_TEST((house.resolve("a@example.org") == Names{"not_found"}));
  house.alias("a@example.org", {"alice@example.org"});
  BOOST_TEST((house.resolve("a@example.org") == Names{"alice@example.org"}));
}

void an_extension_goes_along_to_targets_of_ours(const Backend& backend) {
  const House house(backend);
  house.alias("info@example.org", {"alice@example.org", "x@elsewhere.example"});
  house.alias("team@example.org", {"info@example.org", "bob+team@example.org"});
  house.alias("@alias.example", {"@example.org"});
  BOOST_TEST((house.step("Info+News@example.org") ==
              Names{"alice+news@example.org", "x@elsewhere.example"}));
  BOOST_TEST(
      (house.step("team+x@example.org") == Names{"info+x@example.org", "bob+team@example.org"}));
  BOOST_TEST((house.resolve("team+x@example.org") ==
              Names{"bob@example.org", "alice@example.org", "->x@elsewhere.example"}));
  BOOST_TEST((house.step("info+x@alias.example") == Names{"info+x@example.org"}));
}

void the_canonical_address_is_that_of_one_mailbox(const Backend& backend) {
  const House house(backend);
  house.alias("sales@example.org", {"alice@example.org"});
  house.alias("shop@example.org", {"sales@example.org"});
  house.alias("both@example.org", {"alice@example.org", "bob@example.org"});
  house.alias("far@example.org", {"x@elsewhere.example"});
  house.alias("@alias.example", {"@example.org"});
  BOOST_TEST(house.canonical("Shop+X@Example.org") == "alice+x@example.org");
  BOOST_TEST(house.canonical("shop+x@alias.example") == "alice+x@example.org");
  for (const char* address :
       {"shop@example.org", "alice+x@example.org", "both+x@example.org", "far+x@example.org",
        "nobody+x@example.org", "+x@example.org", "x+y@elsewhere.example", "no address+x"}) {
    BOOST_TEST(house.canonical(address) == "not_found", address);
  }
}

void owners_are_the_mailboxes_behind_an_address(const Backend& backend) {
  const House house(backend);
  house.alias("info@example.org", {"alice@example.org", "x@elsewhere.example"});
  house.alias("all@example.org", {"info@example.org", "bob@example.org"});
  house.alias("@alias.example", {"@example.org"});
  BOOST_TEST((house.owners("Alice+x@example.org") == Names{"alice@example.org"}));
  BOOST_TEST(
      (house.owners("all@example.org") == Names{"->", "bob@example.org", "alice@example.org"}));
  BOOST_TEST((house.owners("nobody@example.org") == Names{"nobody"}));
  BOOST_TEST((house.owners("x@elsewhere.example") == Names{"foreign"}));
  BOOST_TEST((house.owners("no address") == Names{"foreign"}));
  BOOST_TEST((house.owners("..@example.org") == Names{"nobody"}));
  // The other name of a domain is no catch-all.
  BOOST_TEST((house.owners("bob@alias.example") == Names{"bob@example.org"}));
  house.alias("@example.org", {"bob@example.org"});
  BOOST_TEST((house.owners("nobody@example.org") == Names{"*", "bob@example.org"}));
  BOOST_TEST((house.owners("nobody@alias.example") == Names{"*", "bob@example.org"}));
  BOOST_TEST((house.owners("alice@example.org") == Names{"alice@example.org"}));
}

constexpr std::array cases{
    BackendCase{"an_alias_leads_to_mailboxes_and_foreign_addresses_each_once",
                an_alias_leads_to_mailboxes_and_foreign_addresses_each_once},
    BackendCase{"a_catch_all_never_takes_an_existing_mailbox",
                a_catch_all_never_takes_an_existing_mailbox},
    BackendCase{"a_domain_alias_keeps_the_local_part", a_domain_alias_keeps_the_local_part},
    BackendCase{"loops_and_self_reference_are_refused_with_the_way_round",
                loops_and_self_reference_are_refused_with_the_way_round},
    BackendCase{"an_alias_and_a_mailbox_never_share_an_address",
                an_alias_and_a_mailbox_never_share_an_address},
    BackendCase{"bad_targets_are_refused", bad_targets_are_refused},
    BackendCase{"disabled_and_expired_aliases_are_as_if_absent",
                disabled_and_expired_aliases_are_as_if_absent},
    BackendCase{"changed_targets_obey_the_same_rules", changed_targets_obey_the_same_rules},
    BackendCase{"a_removed_alias_is_gone_and_answers_what_it_was",
                a_removed_alias_is_gone_and_answers_what_it_was},
    BackendCase{"an_extension_goes_along_to_targets_of_ours",
                an_extension_goes_along_to_targets_of_ours},
    BackendCase{"the_canonical_address_is_that_of_one_mailbox",
                the_canonical_address_is_that_of_one_mailbox},
    BackendCase{"owners_are_the_mailboxes_behind_an_address",
                owners_are_the_mailboxes_behind_an_address},
};

}  // namespace

std::span<const BackendCase> alias_cases() {
  return cases;
}

}  // namespace directory
