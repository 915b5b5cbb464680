// directory-lib/suite_managers.cc -- cases of every backend: managers and what they may.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <set>

#include "directory-lib/backend_suite.hh"

namespace directory {

namespace {

using base::Errc;
using namespace std::chrono;

void add_manager(Directory& directory, const std::string& address, ManagerLevel level,
                 std::vector<std::string> domains = {}) {
  ManagerAccount manager;
  manager.address = address;
  manager.level = level;
  manager.domains = std::move(domains);
  const auto added = directory.add_manager(manager, "{PLAIN}m");
  BOOST_REQUIRE_MESSAGE(added.has_value(), (added ? "" : added.error().text()));
}

std::string act(Directory& directory, std::string_view manager) {
  const auto ok = directory.act_as_manager(manager);
  return ok ? "done" : std::string(base::errc_name(ok.error().code));
}

template <typename T, typename Member, typename Value>
Change<T> setting(Member member, Value value) {
  return [member, value](T& entry) {
    entry.*member = value;
    return base::Result<void>();
  };
}

// Two domains, each with a user; chief is an admin, pam looks after example.org.
std::unique_ptr<Directory> staffed(const Backend& backend) {
  auto writer = backend.open();
  Domain domain;
  domain.name = "example.org";
  domain.max_users = 3;
  domain.max_quota = {1000};
  domain.disabled.add(Service::pop3);
  domain.expires = sys_days(2040y / 1 / 1);
  BOOST_REQUIRE(writer->add_domain(domain).has_value());
  add_domain(*writer, "other.example");
  auto alice = new_user("alice@example.org");
  alice.quota = {100};
  alice.disabled = domain.disabled;
  BOOST_REQUIRE(writer->add_user(alice, "").has_value());
  add_user(*writer, "bob@other.example");
  BOOST_REQUIRE(add_alias(*writer, "info@other.example", {"bob@other.example"}).has_value());
  add_manager(*writer, "chief@example.org", ManagerLevel::admin);
  add_manager(*writer, "pam@elsewhere.example", ManagerLevel::postmaster, {"example.org"});
  return writer;
}

void managers_are_stored_whole_and_listed_in_order(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "a.example");
  add_domain(*writer, "b.example");
  ManagerAccount pam;
  pam.address = "Pam@Elsewhere.example";
  pam.name = "Pam Ω";
  pam.domains = {"B.example", "a.example", "b.example"};
  pam.may_change_password = false;
  pam.expires = sys_days(2031y / 1 / 31);
  BOOST_REQUIRE(writer->add_manager(pam, "{PLAIN}x").has_value());
  add_manager(*writer, "chief@a.example", ManagerLevel::admin, {"b.example"});
  const auto reader = backend.open(OpenAs::reader);
  const auto stored = reader->find_manager("PAM@elsewhere.example");
  BOOST_REQUIRE(stored.has_value());
  BOOST_TEST(stored->name == "Pam Ω");
  BOOST_TEST((stored->level == ManagerLevel::postmaster));
  BOOST_TEST((stored->domains == std::vector<std::string>{"a.example", "b.example"}));
  BOOST_TEST(!stored->may_change_password);
  BOOST_TEST(stored->enabled);
  BOOST_TEST((stored->expires == pam.expires));
  BOOST_TEST(writer->find_manager_credentials("pam@elsewhere.example")->password == "{PLAIN}x");
  BOOST_TEST(reader->find_manager("chief@a.example")->domains.empty());
  const auto first = reader->list_managers("", 1);
  BOOST_TEST(first->items.front().address == "chief@a.example");
  const auto second = reader->list_managers(first->next, 1);
  BOOST_TEST(second->items.front().address == "pam@elsewhere.example");
  BOOST_TEST(second->items.front().domains.size() == 2U);
  BOOST_TEST(outcome(reader->find_manager("nobody@a.example")) == "not_found");
  BOOST_TEST(outcome(reader->find_manager("x' OR '1'='1")) == "not_found");
}

void managers_are_changed_and_removed(const Backend& backend) {
  const auto writer = staffed(backend);
  const auto changed = writer->update_manager("pam@elsewhere.example", [](ManagerAccount& pam) {
    pam.domains = {"other.example"};
    pam.name = "Pam";
    pam.enabled = false;
    return base::Result<void>();
  });
  BOOST_REQUIRE_MESSAGE(changed.has_value(), (changed ? "" : changed.error().text()));
  const auto stored = writer->find_manager("pam@elsewhere.example");
  BOOST_TEST((stored->domains == std::vector<std::string>{"other.example"}));
  BOOST_TEST(stored->name == "Pam");
  BOOST_TEST(!stored->enabled);
  BOOST_TEST(writer->find_manager_credentials("pam@elsewhere.example")->password == "{PLAIN}m");
  BOOST_TEST(outcome(writer->update_manager(
                 "pam@elsewhere.example",
                 setting<ManagerAccount>(&ManagerAccount::domains,
                                         std::vector<std::string>{"none.example"}))) ==
             "not_found");
  BOOST_REQUIRE(writer->set_manager_password("pam@elsewhere.example", "{PLAIN}n").has_value());
  BOOST_TEST(writer->find_manager_credentials("pam@elsewhere.example")->password == "{PLAIN}n");
  // A domain that goes takes the right to it along.
  BOOST_REQUIRE(writer->remove_domain("other.example", true).has_value());
  BOOST_TEST(writer->find_manager("pam@elsewhere.example")->domains.empty());
  BOOST_TEST(outcome(writer->remove_manager("pam@elsewhere.example")) == "done");
  BOOST_TEST(outcome(writer->find_manager("pam@elsewhere.example")) == "not_found");
  BOOST_TEST(outcome(writer->remove_manager("pam@elsewhere.example")) == "not_found");
  ManagerAccount again;
  again.address = "chief@example.org";
  BOOST_TEST(outcome(writer->add_manager(again, "")) == "exists");
}

void only_a_valid_manager_can_act(const Backend& backend) {
  const auto writer = staffed(backend);
  BOOST_TEST(act(*writer, "nobody@example.org") == "denied");
  BOOST_TEST(act(*writer, "") == "denied");
  BOOST_REQUIRE(writer
                    ->update_manager("pam@elsewhere.example",
                                     setting<ManagerAccount>(&ManagerAccount::enabled, false))
                    .has_value());
  BOOST_TEST(act(*writer, "pam@elsewhere.example") == "denied");
  BOOST_REQUIRE(writer
                    ->update_manager("pam@elsewhere.example",
                                     [](ManagerAccount& pam) {
                                       pam.enabled = true;
                                       pam.expires = sys_days(2020y / 1 / 1);
                                       return base::Result<void>();
                                     })
                    .has_value());
  BOOST_TEST(act(*writer, "pam@elsewhere.example") == "denied");
  BOOST_TEST(act(*writer, "CHIEF@example.org") == "done");
}

void a_postmaster_sees_its_own_domains_alone(const Backend& backend) {
  const auto writer = staffed(backend);
  BOOST_REQUIRE(writer->act_as_manager("pam@elsewhere.example").has_value());
  BOOST_TEST(writer->find_user("alice@example.org").has_value());
  BOOST_TEST(outcome(writer->find_user("bob@other.example")) == "denied");
  BOOST_TEST(outcome(writer->find_user("nobody@none.example")) == "denied");
  BOOST_TEST(outcome(writer->find_domain("other.example")) == "denied");
  BOOST_TEST(outcome(writer->find_alias("info@other.example")) == "denied");
  BOOST_TEST(outcome(writer->find_credentials("bob@other.example")) == "denied");
  BOOST_TEST(outcome(writer->list_users("other.example", "", 9)) == "denied");
  BOOST_TEST(writer->list_users("", "", 9)->items.size() == 1U);
  BOOST_TEST(writer->list_domains("", 9)->items.size() == 1U);
  BOOST_TEST(writer->list_domains("", 9)->items.front().name == "example.org");
  BOOST_TEST(writer->list_domains("example.org", 9)->items.empty());
  BOOST_TEST(writer->list_aliases("", "", 9)->items.empty());
  BOOST_TEST(outcome(writer->list_managers("", 9)) == "denied");
  BOOST_TEST(outcome(writer->find_manager("chief@example.org")) == "denied");
  BOOST_TEST(outcome(writer->find_manager("pam@elsewhere.example")) == "done");
  BOOST_TEST(outcome(writer->list_entries("")) == "denied");
  BOOST_TEST(outcome(writer->list_entries("example.org")) == "done");
  BOOST_TEST(outcome(writer->list_app_passwords("bob@other.example")) == "denied");
  // An admin sees all.
  BOOST_REQUIRE(writer->act_as_manager("chief@example.org").has_value());
  BOOST_TEST(writer->list_users("", "", 9)->items.size() == 2U);
  BOOST_TEST(writer->list_managers("", 9)->items.size() == 2U);
}

void lists_of_a_postmaster_go_on_across_its_domains(const Backend& backend) {
  const auto writer = backend.open();
  std::vector<std::string> own;
  for (const std::string domain : {"a.example", "b.example", "c.example", "d.example"}) {
    add_domain(*writer, domain);
    for (int i = 0; i < 3; ++i) {
      add_user(*writer, "u" + std::to_string(i) + "@" + domain);
    }
    if (domain != "b.example") {
      own.push_back(domain);
    }
  }
  add_manager(*writer, "pam@a.example", ManagerLevel::postmaster, own);
  BOOST_REQUIRE(writer->act_as_manager("pam@a.example").has_value());
  for (const std::size_t size : {1U, 2U, 3U, 4U, 9U, 100U}) {
    std::vector<std::string> seen;
    std::string after;
    do {
      const auto page = writer->list_users("", after, size);
      BOOST_REQUIRE(page.has_value());
      BOOST_TEST(page->items.size() <= size);
      for (const User& user : page->items) {
        seen.push_back(user.address);
      }
      after = page->next;
    } while (!after.empty());
    BOOST_TEST(seen.size() == 9U);
    BOOST_TEST((std::set<std::string>(seen.begin(), seen.end()).size() == 9U));
  }
}

void a_postmaster_changes_its_users_within_their_ceiling(const Backend& backend) {
  const auto writer = staffed(backend);
  BOOST_REQUIRE(writer->act_as_manager("pam@elsewhere.example").has_value());
  const auto set_alice = [&writer](const Change<User>& change) {
    return outcome(writer->update_user("alice@example.org", change));
  };
  BOOST_TEST(set_alice(setting<User>(&User::name, "Alice")) == "done");
  BOOST_TEST(set_alice(setting<User>(&User::quota, base::Bytes{1000})) == "done");
  BOOST_TEST(set_alice(setting<User>(&User::quota, base::Bytes{1001})) == "over_quota");
  BOOST_TEST(set_alice(setting<User>(&User::disabled, Services())) == "denied");
  BOOST_TEST(set_alice(setting<User>(&User::mail_host, "store9")) == "denied");
  BOOST_TEST(set_alice(setting<User>(&User::home, "else/where")) == "denied");
  BOOST_TEST(set_alice(setting<User>(&User::expires, Expiry(sys_days(2040y / 1 / 2)))) == "denied");
  BOOST_TEST(set_alice(setting<User>(&User::expires, Expiry(sys_days(2040y / 1 / 1)))) == "done");
  BOOST_TEST(set_alice(setting<User>(&User::enabled, false)) == "done");
  auto carol = new_user("carol@example.org");
  BOOST_TEST(outcome(writer->add_user(carol, "")) == "denied");  // with pop3
  carol.disabled.add(Service::pop3);
  BOOST_TEST(outcome(writer->add_user(carol, "")) == "over_quota");  // without a quota
  BOOST_TEST(set_alice(setting<User>(&User::quota, base::Bytes{500})) == "done");
  carol.quota = {500};
  BOOST_TEST(outcome(writer->add_user(carol, "")) == "done");
  BOOST_TEST(outcome(writer->set_password("carol@example.org", "{PLAIN}c")) == "done");
  BOOST_TEST(outcome(writer->remove_user("carol@example.org")) == "done");
  BOOST_TEST(outcome(add_alias(*writer, "info@example.org", {"bob@other.example"})) == "done");
  BOOST_TEST(outcome(writer->remove_alias("info@example.org")) == "done");
}

void a_postmaster_may_not_reach_beyond_its_domains(const Backend& backend) {
  const auto writer = staffed(backend);
  BOOST_REQUIRE(writer->act_as_manager("pam@elsewhere.example").has_value());
  Domain domain;
  domain.name = "new.example";
  BOOST_TEST(outcome(writer->add_domain(domain)) == "denied");
  BOOST_TEST(outcome(writer->remove_domain("example.org", true)) == "denied");
  BOOST_TEST(outcome(writer->update_domain("example.org",
                                           setting<Domain>(&Domain::max_users, 9U))) == "denied");
  BOOST_TEST(outcome(writer->update_domain(
                 "example.org", setting<Domain>(&Domain::disabled, Services()))) == "denied");
  BOOST_TEST(outcome(writer->update_domain(
                 "example.org", setting<Domain>(&Domain::description, "ours"))) == "done");
  BOOST_TEST(outcome(writer->update_domain(
                 "other.example", setting<Domain>(&Domain::description, "mine"))) == "denied");
  BOOST_TEST(outcome(writer->add_user(new_user("eve@other.example"), "")) == "denied");
  BOOST_TEST(outcome(writer->update_user("bob@other.example", setting<User>(&User::name, "x"))) ==
             "denied");
  BOOST_TEST(outcome(writer->remove_user("bob@other.example")) == "denied");
  BOOST_TEST(outcome(writer->set_password("bob@other.example", "{PLAIN}x")) == "denied");
  BOOST_TEST(outcome(add_alias(*writer, "x@other.example", {"alice@example.org"})) == "denied");
  BOOST_TEST(outcome(writer->remove_alias("info@other.example")) == "denied");
  BOOST_TEST(outcome(writer->add_list_entry({"", ListKind::white, "x", {}})) == "denied");
  BOOST_TEST(outcome(writer->add_list_entry({"other.example", ListKind::white, "x", {}})) ==
             "denied");
  ManagerAccount friend_of_pam;
  friend_of_pam.address = "eve@example.org";
  friend_of_pam.level = ManagerLevel::admin;
  BOOST_TEST(outcome(writer->add_manager(friend_of_pam, "")) == "denied");
  BOOST_TEST(outcome(writer->update_manager(
                 "pam@elsewhere.example",
                 setting<ManagerAccount>(&ManagerAccount::level, ManagerLevel::admin))) ==
             "denied");
  BOOST_TEST(outcome(writer->remove_manager("chief@example.org")) == "denied");
  BOOST_TEST(outcome(writer->set_manager_password("chief@example.org", "{PLAIN}x")) == "denied");
  BOOST_TEST(outcome(writer->set_manager_password("pam@elsewhere.example", "{PLAIN}own")) ==
             "done");
  writer->act_as("root");
  BOOST_TEST(outcome(writer->find_domain("new.example")) == "not_found");
  BOOST_TEST(writer->find_domain("example.org")->max_users == 3U);
  BOOST_TEST(writer->find_manager_credentials("pam@elsewhere.example")->password == "{PLAIN}own");
}

void the_audit_trail_says_who_did_what_and_how_it_went(const Backend& backend) {
  const auto writer = staffed(backend);
  BOOST_TEST(writer->list_audit({}, "", 10)->items.empty());  // nobody in particular did all that
  writer->act_as("root");
  add_user(*writer, "carol@other.example");
  BOOST_REQUIRE(writer->set_password("carol@other.example", "{PLAIN}top-secret").has_value());
  BOOST_TEST(outcome(writer->add_user(new_user("carol@other.example"), "")) == "exists");
  BOOST_REQUIRE(writer->act_as_manager("pam@elsewhere.example").has_value());
  BOOST_TEST(outcome(writer->remove_user("bob@other.example")) == "denied");
  BOOST_TEST(outcome(writer->update_user("alice@example.org",
                                         setting<User>(&User::quota, base::Bytes{777}))) == "done");
  // What a postmaster is shown is about its own domains.
  const auto own = writer->list_audit({}, "", 10);
  BOOST_REQUIRE(own.has_value() && own->items.size() == 1U);
  BOOST_TEST(own->items.front().object == "alice@example.org");
  BOOST_TEST(own->items.front().detail == "quota 100 to 777");
  BOOST_TEST(outcome(writer->list_audit({"", "", {"other.example"}, {}}, "", 10)) == "denied");
  writer->act_as("root");
  const auto all = writer->list_audit({}, "", 10);
  BOOST_REQUIRE(all.has_value() && all->items.size() == 5U);
  std::string told;
  for (const AuditEntry& entry : all->items) {
    told += entry.who + " " + entry.verb + " " + entry.object + " " + entry.outcome + "\n";
    BOOST_TEST(entry.detail.find("secret") == std::string::npos);
    BOOST_TEST((entry.when > base::WallTime()));
  }
  BOOST_TEST(told ==
             "pam@elsewhere.example user set alice@example.org done\n"
             "pam@elsewhere.example user del bob@other.example denied\n"
             "root user add carol@other.example exists\n"
             "root user passwd carol@other.example done\n"
             "root user add carol@other.example done\n");
}

void refusals_among_many_changes_are_recorded_too(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  writer->act_as("root");
  const auto kept = writer->together([&]() -> base::Result<void> {
    add_user(*writer, "a@example.org");
    BOOST_TEST(outcome(writer->add_user(new_user("a@example.org"), "")) == "exists");
    add_user(*writer, "b@example.org");
    return {};
  });
  BOOST_TEST(outcome(kept) == "done");
  std::string told;
  const auto page = writer->list_audit({}, "", 10);
  for (const AuditEntry& entry : page->items) {
    told += entry.object + " " + entry.outcome + "\n";
  }
  BOOST_TEST(told == "b@example.org done\na@example.org exists\na@example.org done\n");
}

constexpr std::array cases{
    BackendCase{"refusals_among_many_changes_are_recorded_too",
                refusals_among_many_changes_are_recorded_too},
    BackendCase{"the_audit_trail_says_who_did_what_and_how_it_went",
                the_audit_trail_says_who_did_what_and_how_it_went},
    BackendCase{"managers_are_stored_whole_and_listed_in_order",
                managers_are_stored_whole_and_listed_in_order},
    BackendCase{"managers_are_changed_and_removed", managers_are_changed_and_removed},
    BackendCase{"only_a_valid_manager_can_act", only_a_valid_manager_can_act},
    BackendCase{"a_postmaster_sees_its_own_domains_alone", a_postmaster_sees_its_own_domains_alone},
    BackendCase{"lists_of_a_postmaster_go_on_across_its_domains",
                lists_of_a_postmaster_go_on_across_its_domains},
    BackendCase{"a_postmaster_changes_its_users_within_their_ceiling",
                a_postmaster_changes_its_users_within_their_ceiling},
    BackendCase{"a_postmaster_may_not_reach_beyond_its_domains",
                a_postmaster_may_not_reach_beyond_its_domains},
};

}  // namespace

std::span<const BackendCase> manager_cases() {
  return cases;
}

}  // namespace directory
