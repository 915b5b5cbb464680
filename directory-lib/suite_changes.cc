// directory-lib/suite_changes.cc -- cases of every backend: set, del, rehearsals, many as one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "directory-lib/backend_suite.hh"

namespace directory {

namespace {

using base::Errc;
using namespace std::chrono;

template <typename T>
base::Result<void> good(T& /*entry*/) {
  return {};
}

std::string set_quota(Directory& directory, const std::string& address, std::uint64_t quota) {
  return outcome(directory.update_user(address, [quota](User& user) {
    user.quota = {quota};
    return base::Result<void>();
  }));
}

void every_field_of_a_user_can_be_changed_but_its_key(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  BOOST_REQUIRE(writer->set_password("alice@example.org", "{PLAIN}x").has_value());
  const auto before = *writer->find_user("alice@example.org");
  User wanted = before;
  wanted.name = "Alice Ω 例";
  wanted.home = "B4/example.org/alice";
  wanted.maildir = "B4/example.org/alice/mail";
  wanted.mail_host = "lmtp:mx1";
  wanted.quota = {12345};
  wanted.disabled.add(Service::pop3);
  wanted.disabled.add(Service::sieve);
  wanted.enabled = false;
  wanted.may_change_password = false;
  wanted.greylist = false;
  wanted.expires = sys_days(2031y / 12 / 31);
  const auto changed = writer->update_user("ALICE@example.org", [&wanted](User& user) {
    user = wanted;
    user.address = "mallory@example.org";
    user.created = {};
    user.domain_enabled = false;
    return base::Result<void>();
  });
  BOOST_REQUIRE_MESSAGE(changed.has_value(), (changed ? "" : changed.error().text()));
  BOOST_TEST((*changed == wanted));
  const auto reader = backend.open(OpenAs::reader);
  BOOST_TEST((*reader->find_user("alice@example.org") == wanted));
  BOOST_TEST(reader->find_credentials("alice@example.org")->password == "{PLAIN}x");
  // And back to what a new one has.
  BOOST_REQUIRE(writer
                    ->update_user("alice@example.org",
                                  [&before](User& user) {
                                    user = before;
                                    return base::Result<void>();
                                  })
                    .has_value());
  BOOST_TEST((*reader->find_user("alice@example.org") == before));
  BOOST_TEST(outcome(writer->update_user("bob@example.org", good<User>)) == "not_found");
}

void every_field_of_a_domain_can_be_changed_but_its_name(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  const auto before = *writer->find_domain("example.org");
  Domain wanted = before;
  wanted.description = "例子";
  wanted.hash_path = "C0";
  wanted.mail_host = "store2";
  wanted.max_users = 7;
  wanted.max_aliases = 8;
  wanted.max_quota = {9000};
  wanted.default_quota = {900};
  wanted.default_term = "6m";
  wanted.disabled.add(Service::webmail);
  wanted.enabled = false;
  wanted.expires = sys_days(2032y / 2 / 29);
  const auto changed = writer->update_domain("EXAMPLE.org", [&wanted](Domain& domain) {
    domain = wanted;
    domain.name = "other.example";
    return base::Result<void>();
  });
  BOOST_REQUIRE_MESSAGE(changed.has_value(), (changed ? "" : changed.error().text()));
  const auto reader = backend.open(OpenAs::reader);
  BOOST_TEST((*reader->find_domain("example.org") == wanted));
  BOOST_TEST(!reader->find_user("alice@example.org")->domain_enabled);
  BOOST_TEST((reader->find_user("alice@example.org")->domain_expires == wanted.expires));
  BOOST_TEST(outcome(writer->update_domain("none.example", good<Domain>)) == "not_found");
  const auto bad_term = writer->update_domain("example.org", [](Domain& domain) {
    domain.default_term = "soon";
    return base::Result<void>();
  });
  BOOST_TEST((bad_term.error().code == Errc::malformed));
}

void a_change_that_is_refused_changes_nothing(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  const auto before = *writer->find_user("alice@example.org");
  const auto try_with = [&writer](const Change<User>& change) {
    return outcome(writer->update_user("alice@example.org", change));
  };
  BOOST_TEST(try_with([](User& user) {
               user.name = "line\nbreak";
               return base::Result<void>();
             }) == "malformed");
  BOOST_TEST(try_with([](User& user) {
               user.home = "../etc";
               return base::Result<void>();
             }) == "malformed");
  BOOST_TEST(try_with([](User& user) -> base::Result<void> {
               user.name = "half";
               return base::make_error(Errc::denied, "no");
             }) == "denied");
  BOOST_TEST((*writer->find_user("alice@example.org") == before));
}

void quotas_are_raised_within_the_limit_of_the_domain(const Backend& backend) {
  const auto writer = backend.open();
  Domain domain;
  domain.name = "example.org";
  domain.max_quota = {1000};
  BOOST_REQUIRE(writer->add_domain(domain).has_value());
  for (const std::string address : {"a@example.org", "b@example.org"}) {
    auto user = new_user(address);
    user.quota = {400};
    BOOST_REQUIRE(writer->add_user(user, "").has_value());
  }
  BOOST_TEST(set_quota(*writer, "a@example.org", 601) == "over_quota");
  BOOST_TEST(set_quota(*writer, "a@example.org", 0) == "over_quota");
  BOOST_TEST(set_quota(*writer, "a@example.org", 600) == "done");
  BOOST_TEST(set_quota(*writer, "b@example.org", 401) == "over_quota");
  BOOST_TEST(set_quota(*writer, "a@example.org", 100) == "done");
  BOOST_TEST(set_quota(*writer, "b@example.org", 900) == "done");
  // A lowered limit takes nothing away, and hinders nothing but giving out more.
  BOOST_REQUIRE(writer
                    ->update_domain("example.org",
                                    [](Domain& changed) {
                                      changed.max_quota = {10};
                                      changed.max_users = 1;
                                      return base::Result<void>();
                                    })
                    .has_value());
  BOOST_TEST(outcome(writer->update_user("b@example.org", [](User& user) {
               user.name = "B";
               return base::Result<void>();
             })) == "done");
  BOOST_TEST(set_quota(*writer, "b@example.org", 800) == "done");
  BOOST_TEST(set_quota(*writer, "b@example.org", 801) == "over_quota");
  BOOST_TEST(outcome(writer->add_user(new_user("c@example.org"), "")) == "over_quota");
}

void a_removed_user_leaves_nothing_but_the_way_to_its_mail(const Backend& backend) {
  const auto writer = backend.open();
  Domain domain;
  domain.name = "example.org";
  domain.max_users = 1;
  domain.max_quota = {1000};
  BOOST_REQUIRE(writer->add_domain(domain).has_value());
  auto alice = new_user("alice@example.org");
  alice.quota = {1000};
  BOOST_REQUIRE(writer->add_user(alice, "{PLAIN}x").has_value());
  const auto removed = writer->remove_user("Alice@example.org");
  BOOST_REQUIRE(removed.has_value());
  BOOST_TEST(removed->home == alice.home);
  BOOST_TEST(outcome(writer->find_user("alice@example.org")) == "not_found");
  BOOST_TEST(outcome(writer->find_credentials("alice@example.org")) == "not_found");
  BOOST_TEST(outcome(writer->remove_user("alice@example.org")) == "not_found");
  // Its place and its quota are free again, and its password did not stay behind.
  BOOST_TEST(outcome(writer->add_user(alice, "")) == "done");
  BOOST_TEST(writer->find_credentials("alice@example.org")->password.empty());
}

void a_domain_goes_only_empty_or_with_all_it_has(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_domain(*writer, "other.example");
  add_user(*writer, "alice@other.example");
  for (int i = 0; i < 5; ++i) {
    add_user(*writer, "u" + std::to_string(i) + "@example.org");
  }
  BOOST_REQUIRE(add_alias(*writer, "info@example.org", {"u1@example.org"}).has_value());
  BOOST_REQUIRE(add_alias(*writer, "@example.org", {"u1@example.org"}).has_value());
  const auto refused = writer->remove_domain("example.org", false);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == Errc::denied));
  BOOST_TEST(refused.error().detail == "example.org has 5 users and 2 aliases");
  BOOST_TEST(writer->list_users("example.org", "", 10)->items.size() == 5U);
  const auto removed = writer->remove_domain("Example.org", true);
  BOOST_REQUIRE_MESSAGE(removed.has_value(), (removed ? "" : removed.error().text()));
  BOOST_TEST(removed->users == 5U);
  BOOST_TEST(removed->aliases == 2U);
  BOOST_TEST(outcome(writer->find_domain("example.org")) == "not_found");
  BOOST_TEST(outcome(writer->find_user("u1@example.org")) == "not_found");
  BOOST_TEST(outcome(writer->find_alias("info@example.org")) == "not_found");
  BOOST_TEST(writer->find_user("alice@other.example").has_value());
  add_domain(*writer, "example.org");
  BOOST_TEST(outcome(writer->remove_domain("example.org", false)) == "done");
}

void a_rehearsal_refuses_the_same_and_keeps_nothing(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  writer->rehearse(true);
  BOOST_TEST(outcome(writer->add_user(new_user("bob@example.org"), "{PLAIN}x")) == "done");
  BOOST_TEST(outcome(writer->add_user(new_user("alice@example.org"), "")) == "exists");
  BOOST_TEST(set_quota(*writer, "alice@example.org", 5) == "done");
  BOOST_TEST(outcome(writer->remove_domain("example.org", true)) == "done");
  writer->rehearse(false);
  BOOST_TEST(outcome(writer->find_user("bob@example.org")) == "not_found");
  BOOST_TEST(writer->find_user("alice@example.org")->quota.count == 0U);
}

void many_changes_are_kept_or_dropped_as_one(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  const auto kept = writer->together([&]() -> base::Result<void> {
    BOOST_TEST(outcome(writer->add_user(new_user("a@example.org"), "{PLAIN}a")) == "done");
    // One that is refused undoes itself alone.
    BOOST_TEST(outcome(writer->add_user(new_user("a@example.org"), "")) == "exists");
    BOOST_TEST(outcome(writer->add_user(new_user("alice@example.org"), "")) == "exists");
    BOOST_TEST(outcome(writer->remove_user("nobody@example.org")) == "not_found");
    BOOST_TEST(outcome(add_alias(*writer, "i@example.org", {"a@example.org"})) == "done");
    BOOST_TEST(outcome(add_alias(*writer, "a@example.org", {"x@example.org"})) == "exists");
    BOOST_TEST(set_quota(*writer, "a@example.org", 7) == "done");
    BOOST_TEST(outcome(writer->remove_user("alice@example.org")) == "done");
    return {};
  });
  BOOST_TEST(outcome(kept) == "done");
  const auto reader = backend.open(OpenAs::reader);
  BOOST_TEST(reader->find_user("a@example.org")->quota.count == 7U);
  BOOST_TEST(reader->find_credentials("a@example.org")->password == "{PLAIN}a");
  BOOST_TEST(reader->find_alias("i@example.org").has_value());
  BOOST_TEST(outcome(reader->find_user("alice@example.org")) == "not_found");
  const auto dropped = writer->together([&]() -> base::Result<void> {
    BOOST_TEST(outcome(writer->add_user(new_user("b@example.org"), "")) == "done");
    BOOST_TEST(outcome(writer->remove_user("a@example.org")) == "done");
    return base::make_error(Errc::malformed, "line 3");
  });
  BOOST_TEST(outcome(dropped) == "malformed");
  BOOST_TEST(outcome(reader->find_user("b@example.org")) == "not_found");
  BOOST_TEST(reader->find_user("a@example.org").has_value());
}

void a_reader_may_not_change_anything(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  const auto reader = backend.open(OpenAs::reader);
  BOOST_TEST(outcome(reader->update_user("alice@example.org", good<User>)) == "denied");
  BOOST_TEST(outcome(reader->remove_user("alice@example.org")) == "denied");
  BOOST_TEST(outcome(reader->remove_domain("example.org", true)) == "denied");
  BOOST_TEST(outcome(reader->set_password("alice@example.org", "{PLAIN}x")) == "denied");
  BOOST_TEST(outcome(reader->add_list_entry({"", ListKind::white, "x", {}})) == "denied");
  BOOST_TEST(writer->find_user("alice@example.org").has_value());
}

constexpr std::array cases{
    BackendCase{"every_field_of_a_user_can_be_changed_but_its_key",
                every_field_of_a_user_can_be_changed_but_its_key},
    BackendCase{"every_field_of_a_domain_can_be_changed_but_its_name",
                every_field_of_a_domain_can_be_changed_but_its_name},
    BackendCase{"a_change_that_is_refused_changes_nothing",
                a_change_that_is_refused_changes_nothing},
    BackendCase{"quotas_are_raised_within_the_limit_of_the_domain",
                quotas_are_raised_within_the_limit_of_the_domain},
    BackendCase{"a_removed_user_leaves_nothing_but_the_way_to_its_mail",
                a_removed_user_leaves_nothing_but_the_way_to_its_mail},
    BackendCase{"a_domain_goes_only_empty_or_with_all_it_has",
                a_domain_goes_only_empty_or_with_all_it_has},
    BackendCase{"a_rehearsal_refuses_the_same_and_keeps_nothing",
                a_rehearsal_refuses_the_same_and_keeps_nothing},
    BackendCase{"many_changes_are_kept_or_dropped_as_one", many_changes_are_kept_or_dropped_as_one},
    BackendCase{"a_reader_may_not_change_anything", a_reader_may_not_change_anything},
};

}  // namespace

std::span<const BackendCase> change_cases() {
  return cases;
}

}  // namespace directory
