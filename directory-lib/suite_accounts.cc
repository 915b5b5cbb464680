// directory-lib/suite_accounts.cc -- cases of every backend: domains, users, pages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <set>

#include "directory-lib/backend_suite.hh"

namespace directory {

namespace {

using base::Errc;
using namespace std::chrono;

void what_is_stored_comes_back_whole(const Backend& backend) {
  const auto writer = backend.open();
  Domain domain;
  domain.name = "Example.ORG";
  domain.description = "Beispiel 例子";
  domain.hash_path = "A3";
  domain.mail_host = "store1";
  domain.max_users = 5;
  domain.max_quota = {1U << 30U};
  domain.default_quota = {1U << 20U};
  domain.disabled.add(Service::netdisk);
  domain.expires = sys_days(2031y / 12 / 31);
  BOOST_REQUIRE(writer->add_domain(domain).has_value());
  auto user = new_user("Alice@example.org");
  user.name = "Alice Ω";
  user.mail_host = "lmtp:mx1";
  user.quota = {5000};
  user.disabled.add(Service::pop3);
  user.may_change_password = false;
  user.expires = sys_days(2030y / 1 / 2);
  BOOST_REQUIRE(writer->add_user(user, "{PLAIN}secret").has_value());

  const auto reader = backend.open(OpenAs::reader);
  const auto found = reader->find_domain("example.org");
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->description == domain.description);
  BOOST_TEST(found->hash_path == "A3");
  BOOST_TEST(found->max_users == 5);
  BOOST_TEST(found->disabled.has(Service::netdisk));
  BOOST_TEST((found->expires == domain.expires));
  BOOST_TEST((found->created > base::WallTime()));
  const auto credentials = reader->find_credentials("ALICE@EXAMPLE.org");
  BOOST_REQUIRE(credentials.has_value());
  BOOST_TEST(credentials->password == "{PLAIN}secret");
  const User& alice = credentials->user;
  BOOST_TEST(alice.address == "alice@example.org");
  BOOST_TEST(alice.name == user.name);
  BOOST_TEST(alice.home == user.home);
  BOOST_TEST(alice.maildir == user.home + "/Maildir");
  BOOST_TEST(alice.mail_host == "lmtp:mx1");
  BOOST_TEST(alice.quota.count == 5000);
  BOOST_TEST(alice.disabled.has(Service::pop3));
  BOOST_TEST(!alice.disabled.has(Service::imap));
  BOOST_TEST(!alice.may_change_password);
  BOOST_TEST((alice.expires == user.expires));
  BOOST_TEST((alice.domain_expires == domain.expires));
}

void absence_is_not_found_and_so_is_what_can_be_no_name(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  for (const std::string_view key :
       {"bob@example.org", "alice@example.com", "", "@", "alice", "alice@",
        "a' OR '1'='1@example.org", "alice'--@example.org", "alice@example.org' OR 1=1",
        "%@example.org", "alice_@example.org", "ali%@example.org", "\xFF@example.org",
        "alice\n@example.org"}) {
    const auto found = writer->find_user(key);
    BOOST_TEST(!found, "found: " << key);
    BOOST_TEST((found.error().code == Errc::not_found));
    BOOST_TEST((writer->find_alias(key).error().code == Errc::not_found));
    BOOST_TEST((writer->find_credentials(key).error().code == Errc::not_found));
  }
  BOOST_TEST((writer->find_user(std::string_view("alice\0@example.org", 18)).error().code ==
              Errc::not_found));
  BOOST_TEST(
      (writer->find_domain("example.org'; DROP TABLE user; --").error().code == Errc::not_found));
  BOOST_TEST(writer->find_user("alice@example.org").has_value());
}

void names_with_quotes_are_stored_like_any_other(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "o'brien@example.org");
  auto user = new_user("x@example.org");
  user.name = "Robert'); DROP TABLE user;--";
  BOOST_REQUIRE(writer->add_user(user, "").has_value());
  BOOST_TEST(writer->find_user("o'brien@example.org").has_value());
  BOOST_TEST(writer->find_user("x@example.org")->name == user.name);
}

void writing_refuses_clashes_unknown_domains_and_bad_names(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  Domain again;
  again.name = "EXAMPLE.org";
  BOOST_TEST((writer->add_domain(again).error().code == Errc::exists));
  const auto code = [&writer](const User& user) {
    const auto added = writer->add_user(user, "");
    return added ? Errc::internal : added.error().code;
  };
  BOOST_TEST((code(new_user("ALICE@example.org")) == Errc::exists));
  BOOST_TEST((code(new_user("bob@example.com")) == Errc::not_found));
  BOOST_TEST((code(new_user("\"b b\"@example.org")) == Errc::malformed));
  BOOST_TEST((code(new_user("bob@[192.0.2.1]")) == Errc::malformed));
  for (const std::string_view home : {"", "/abs", "a/../b", "a//b", ".hidden", "a/\n"}) {
    auto user = new_user("bob@example.org");
    user.home = home;
    BOOST_TEST((code(user) == Errc::malformed), "accepted: " << home);
  }
  auto odd = new_user("bob@example.org");
  odd.name = "line\nbreak";
  BOOST_TEST((code(odd) == Errc::malformed));
  BOOST_TEST(writer->find_user("bob@example.org").error().detail == "no user bob@example.org");
}

void a_domain_gives_out_no_more_than_its_limits(const Backend& backend) {
  const auto writer = backend.open();
  Domain domain;
  domain.name = "small.example";
  domain.max_users = 2;
  domain.max_aliases = 1;
  domain.max_quota = {1000};
  BOOST_REQUIRE(writer->add_domain(domain).has_value());
  const auto add = [&writer](const std::string& address, std::uint64_t quota) {
    auto user = new_user(address);
    user.quota = {quota};
    const auto added = writer->add_user(user, "");
    return added ? std::string("added") : std::string(base::errc_name(added.error().code));
  };
  BOOST_TEST(add("a@small.example", 0) == "over_quota");
  BOOST_TEST(add("a@small.example", 600) == "added");
  BOOST_TEST(add("b@small.example", 401) == "over_quota");
  BOOST_TEST(add("b@small.example", 400) == "added");
  BOOST_TEST(add("c@small.example", 0) == "over_quota");
  BOOST_TEST(add_alias(*writer, "x@small.example", {"a@small.example"}).has_value());
  const auto used = writer->find_allotment("SMALL.example");
  BOOST_REQUIRE(used.has_value());
  BOOST_TEST(used->users == 2U);
  BOOST_TEST(used->aliases == 1U);
  BOOST_TEST(used->quota.count == 1000U);
  BOOST_TEST(outcome(writer->find_allotment("none.example")) == "not_found");
  const auto second = add_alias(*writer, "y@small.example", {"a@small.example"});
  BOOST_TEST((second.error().code == Errc::over_quota));
}

void pages_show_every_user_once_across_domains(const Backend& backend) {
  const auto writer = backend.open();
  std::set<std::string> all;
  for (const std::string domain : {"a.example", "b.example", "c.example", "empty.example"}) {
    add_domain(*writer, domain);
    for (int i = 0; domain != "empty.example" && i < 5; ++i) {
      all.insert("u" + std::to_string(i) + "@" + domain);
    }
  }
  for (const std::string& address : all) {
    add_user(*writer, address);
  }
  for (const std::size_t size : {1U, 2U, 4U, 5U, 15U, 1000U}) {
    std::set<std::string> seen;
    std::string after;
    std::size_t rows = 0;
    do {
      const auto page = writer->list_users("", after, size);
      BOOST_REQUIRE(page.has_value());
      rows += page->items.size();
      for (const auto& user : page->items) {
        seen.insert(user.address);
      }
      after = page->next;
    } while (!after.empty());
    BOOST_TEST((seen == all));
    BOOST_TEST(rows == all.size());
  }
  const auto second = writer->list_users("b.example", "", 3);
  BOOST_TEST(second->items.front().address == "u0@b.example");
  const auto rest = writer->list_users("b.example", second->next, 3);
  BOOST_TEST(rest->items.size() == 2);
  BOOST_TEST(rest->next.empty());
  BOOST_TEST((writer->list_users("none.example", "", 3).error().code == Errc::not_found));
  BOOST_TEST(writer->list_users("empty.example", "", 3)->items.empty());
  BOOST_TEST(writer->list_domains("", 2)->next == "b.example");
  BOOST_TEST(writer->list_domains("b.example", 2)->items.front().name == "c.example");
}

void a_password_is_set_anew_and_taken_away(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  BOOST_TEST(writer->find_credentials("alice@example.org")->password.empty());
  BOOST_REQUIRE(writer->set_password("Alice@example.org", "{PLAIN}one").has_value());
  BOOST_TEST(writer->find_credentials("alice@example.org")->password == "{PLAIN}one");
  BOOST_REQUIRE(writer->set_password("alice@example.org", "").has_value());
  BOOST_TEST(writer->find_credentials("alice@example.org")->password.empty());
  BOOST_TEST((writer->set_password("bob@example.org", "x").error().code == Errc::not_found));
}
constexpr std::array cases{
    BackendCase{"what_is_stored_comes_back_whole", what_is_stored_comes_back_whole},
    BackendCase{"absence_is_not_found_and_so_is_what_can_be_no_name",
                absence_is_not_found_and_so_is_what_can_be_no_name},
    BackendCase{"names_with_quotes_are_stored_like_any_other",
                names_with_quotes_are_stored_like_any_other},
    BackendCase{"writing_refuses_clashes_unknown_domains_and_bad_names",
                writing_refuses_clashes_unknown_domains_and_bad_names},
    BackendCase{"a_domain_gives_out_no_more_than_its_limits",
                a_domain_gives_out_no_more_than_its_limits},
    BackendCase{"pages_show_every_user_once_across_domains",
                pages_show_every_user_once_across_domains},
    BackendCase{"a_password_is_set_anew_and_taken_away", a_password_is_set_anew_and_taken_away},
};

}  // namespace

std::span<const BackendCase> account_cases() {
  return cases;
}

}  // namespace directory
