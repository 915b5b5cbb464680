// directory-lib/suite_stores.cc -- cases of every backend: stores, placing users, moving them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "directory-lib/backend_suite.hh"
#include "directory-lib/loose_ends.hh"

namespace directory {

namespace {

using base::Errc;

Store new_store(const std::string& name, const std::string& mail_host,
                const std::string& folder = "") {
  Store store;
  store.name = name;
  store.mail_host = mail_host;
  store.folder = folder;
  return store;
}

void add_store(Directory& directory, const Store& store) {
  const auto added = directory.add_store(store);
  BOOST_REQUIRE_MESSAGE(added.has_value(), (added ? "" : added.error().text()));
}

Placing placing(const std::string& store = "") {
  return {store, [](const Store& on, const Domain& domain) {
            return base::Result<std::string>(path_on(nullptr, on, "A3/" + domain.name + "/7C/x"));
          }};
}

base::Result<User> place(Directory& directory, const std::string& address, std::uint64_t quota = 0,
                         const std::string& store = "", const std::string& mail_host = "") {
  User user;
  user.address = address;
  user.quota = {quota};
  user.mail_host = mail_host;
  return directory.place_user(std::move(user), "", placing(store));
}

Change<Store> with(std::uint64_t weight, std::uint64_t room, bool open) {
  return [=](Store& store) {
    store.weight = weight;
    store.room = {room};
    store.open = open;
    return base::Result<void>();
  };
}

void stores_are_stored_whole_and_listed_with_their_use(const Backend& backend) {
  const auto writer = backend.open();
  BOOST_TEST(writer->list_stores()->empty());
  auto store = new_store("Store-2", "lmtp:inet:[192.0.2.7]:24", "disk2");
  store.weight = 7;
  store.room = {1000};
  store.open = false;
  add_store(*writer, store);
  add_store(*writer, new_store("store1", ""));
  const auto reader = backend.open(OpenAs::reader);
  const auto listed = reader->list_stores();
  BOOST_REQUIRE(listed.has_value());
  BOOST_REQUIRE(listed->size() == 2U);
  BOOST_TEST(listed->front().store.name == "store-2");
  const auto found = reader->find_store("STORE-2");
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST(found->store.mail_host == store.mail_host);
  BOOST_TEST(found->store.folder == "disk2");
  BOOST_TEST(found->store.weight == 7U);
  BOOST_TEST(found->store.room.count == 1000U);
  BOOST_TEST(!found->store.open);
  BOOST_TEST((found->store.created > base::WallTime()));
  BOOST_TEST(found->use.users == 0U);
  BOOST_TEST(outcome(reader->find_store("store3")) == "not_found");
  BOOST_TEST(outcome(reader->find_store("x' OR '1'='1")) == "not_found");
  BOOST_TEST(outcome(reader->find_store("*")) == "not_found");
}

void stores_with_bad_names_or_the_place_of_another_are_refused(const Backend& backend) {
  const auto writer = backend.open();
  add_store(*writer, new_store("store1", "store1"));
  BOOST_TEST(outcome(writer->add_store(new_store("STORE1", "other"))) == "exists");
  BOOST_TEST(outcome(writer->add_store(new_store("store2", "store1"))) == "exists");
  BOOST_TEST(outcome(writer->add_store(new_store("store2", "store1", "disk2"))) == "done");
  for (const char* name : {"", "a b", "a/b", ".a", "a)(cn=*", "ä", "a\n"}) {
    BOOST_TEST(outcome(writer->add_store(new_store(name, "h"))) == "malformed", name);
  }
  for (const char* folder : {"a/b", "/a", "..", ".a", "7C", "A", "a b", "x'"}) {
    BOOST_TEST(outcome(writer->add_store(new_store("new", "h", folder))) == "malformed", folder);
  }
  BOOST_TEST(outcome(writer->add_store(new_store("new", "a host"))) == "malformed");
  auto heavy = new_store("new", "h");
  heavy.weight = store_weight_limit + 1;
  BOOST_TEST(outcome(writer->add_store(heavy)) == "malformed");
  BOOST_TEST(writer->list_stores()->size() == 2U);
}

void without_stores_a_new_user_lies_below_the_mail_root(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  const auto alice = place(*writer, "alice@example.org", 10);
  BOOST_REQUIRE_MESSAGE(alice.has_value(), (alice ? "" : alice.error().text()));
  BOOST_TEST(alice->home == "A3/example.org/7C/x");
  BOOST_TEST(alice->maildir == alice->home + "/Maildir");
  BOOST_TEST(alice->mail_host.empty());
  const auto bob = place(*writer, "bob@example.org", 10, "", "store9");
  BOOST_REQUIRE(bob.has_value());
  BOOST_TEST(bob->mail_host == "store9");
  BOOST_TEST(outcome(place(*writer, "c@example.org", 10, "store1")) == "not_found");
}

void a_new_user_comes_to_a_store_that_is_open_and_has_room(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_store(*writer, new_store("s1", "s1"));
  auto disk = new_store("s2", "s2", "disk2");
  disk.room = {100};
  add_store(*writer, disk);
  BOOST_REQUIRE(writer->update_store("s1", with(1, 0, false)).has_value());
  const auto alice = place(*writer, "alice@example.org", 60);
  BOOST_REQUIRE_MESSAGE(alice.has_value(), (alice ? "" : alice.error().text()));
  BOOST_TEST(alice->mail_host == "s2");
  BOOST_TEST(alice->home == "disk2/A3/example.org/7C/x");
  BOOST_TEST(outcome(place(*writer, "bob@example.org", 41)) == "over_quota");
  BOOST_TEST(outcome(place(*writer, "bob@example.org", 40)) == "done");
  BOOST_TEST((writer->find_store("s2")->use == StoreUse{2, {100}}));
  BOOST_TEST(outcome(place(*writer, "carol@example.org", 1, "s1")) == "denied");
  BOOST_TEST(outcome(place(*writer, "carol@example.org", 1, "", "s1")) == "over_quota");
  BOOST_REQUIRE(writer->update_store("s1", with(0, 0, true)).has_value());
  // Weight 0: only by name.
  BOOST_TEST(outcome(place(*writer, "carol@example.org", 1)) == "over_quota");
  BOOST_TEST(place(*writer, "carol@example.org", 1, "S1")->mail_host == "s1");
  // What is on a store may grow within its room, and shrink always.
  const auto quota = [&writer](std::uint64_t bytes) {
    return outcome(writer->update_user("alice@example.org", [bytes](User& user) {
      user.quota = {bytes};
      return base::Result<void>();
    }));
  };
  BOOST_TEST(quota(61) == "over_quota");
  BOOST_TEST(quota(50) == "done");
  BOOST_TEST(quota(60) == "done");
  BOOST_REQUIRE(writer->remove_user("bob@example.org").has_value());
  BOOST_TEST((writer->find_store("s2")->use == StoreUse{1, {60}}));
  BOOST_TEST(outcome(place(*writer, "dora@example.org", 40, "s2")) == "done");
}

void many_users_spread_by_weight_and_a_domain_keeps_its_host(const Backend& backend) {
  const auto writer = backend.open();
  Domain far;
  far.name = "far.example";
  far.mail_host = "s3";
  BOOST_REQUIRE(writer->add_domain(far).has_value());
  add_domain(*writer, "example.org");
  auto heavy = new_store("s1", "s1");
  heavy.weight = 30;
  heavy.room = {100'000};
  add_store(*writer, heavy);
  auto light = new_store("s2", "s2");
  light.weight = 10;
  light.room = {100'000};
  add_store(*writer, light);
  const auto all = writer->together([&writer]() -> base::Result<void> {
    for (int n = 0; n < 200; ++n) {
      if (auto user = place(*writer, "u" + std::to_string(n) + "@example.org", 10); !user) {
        return user.error();
      }
    }
    return {};
  });
  BOOST_REQUIRE_MESSAGE(all.has_value(), (all ? "" : all.error().text()));
  const auto heavy_use = writer->find_store("s1")->use;
  const auto light_use = writer->find_store("s2")->use;
  BOOST_TEST(heavy_use.users + light_use.users == 200U);
  BOOST_TEST(heavy_use.quota.count + light_use.quota.count == 2000U);
  BOOST_TEST(heavy_use.users > 110U);  // 150 expected; less than this is one in many billions
  BOOST_TEST(light_use.users > 15U);
  // No store has that host: the domain's word stands for itself.
  BOOST_TEST(place(*writer, "x@far.example", 1, "", "s3")->mail_host == "s3");
}

void a_batch_that_is_undone_leaves_no_trace_in_the_count(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  auto store = new_store("s1", "");
  store.room = {100};
  add_store(*writer, store);
  const auto undone = writer->together([&writer]() -> base::Result<void> {
    BOOST_TEST(outcome(place(*writer, "a@example.org", 90)) == "done");
    BOOST_TEST(outcome(place(*writer, "b@example.org", 20)) == "over_quota");
    BOOST_TEST(outcome(place(*writer, "b@example.org", 10)) == "done");
    return base::make_error(Errc::malformed, "on purpose");
  });
  BOOST_TEST(outcome(undone) == "malformed");
  BOOST_TEST(outcome(place(*writer, "c@example.org", 100)) == "done");
  writer->rehearse(true);
  BOOST_REQUIRE(writer->update_store("s1", with(1, 200, true)).has_value());
  BOOST_TEST(outcome(place(*writer, "d@example.org", 100)) == "over_quota");
  writer->rehearse(false);
  BOOST_TEST(writer->find_store("s1")->store.room.count == 100U);
}

void a_user_moves_in_the_directory_and_the_trail_says_so(const Backend& backend) {
  const auto writer = backend.open();
  writer->act_as("root");
  add_domain(*writer, "example.org");
  add_store(*writer, new_store("s1", ""));
  auto small = new_store("s2", "s2", "disk2");
  small.room = {50};
  add_store(*writer, small);
  BOOST_REQUIRE(place(*writer, "alice@example.org", 60, "s1").has_value());
  BOOST_TEST(outcome(writer->move_user("alice@example.org", "s3")) == "not_found");
  BOOST_TEST(outcome(writer->move_user("bob@example.org", "s2")) == "not_found");
  BOOST_TEST(outcome(writer->move_user("alice@example.org", "s1")) == "exists");
  BOOST_TEST(outcome(writer->move_user("alice@example.org", "s2")) == "over_quota");
  BOOST_REQUIRE(writer->update_store("s2", with(1, 100, false)).has_value());
  BOOST_TEST(outcome(writer->move_user("alice@example.org", "s2")) == "denied");
  BOOST_REQUIRE(writer->update_store("s2", with(1, 100, true)).has_value());
  writer->rehearse(true);
  BOOST_TEST(outcome(writer->move_user("alice@example.org", "s2")) == "done");
  writer->rehearse(false);
  BOOST_TEST(writer->find_user("alice@example.org")->mail_host.empty());
  const auto moved = writer->move_user("Alice@example.org", "S2");
  BOOST_REQUIRE_MESSAGE(moved.has_value(), (moved ? "" : moved.error().text()));
  BOOST_TEST(moved->from == "s1");
  BOOST_TEST(moved->to == "s2");
  const auto alice = backend.open(OpenAs::reader)->find_user("alice@example.org");
  BOOST_TEST(alice->mail_host == "s2");
  BOOST_TEST(alice->home == "disk2/A3/example.org/7C/x");
  BOOST_TEST(alice->maildir == "disk2/A3/example.org/7C/x/Maildir");
  BOOST_TEST(alice->quota.count == 60U);
  const auto back = writer->move_user("alice@example.org", "s1");
  BOOST_REQUIRE(back.has_value());
  BOOST_TEST(back->after.home == "A3/example.org/7C/x");
  AuditFilter filter;
  filter.object = "alice@example.org";
  const auto trail = writer->list_audit(filter, "", 10);
  BOOST_REQUIRE(trail.has_value());
  const AuditEntry& entry = trail->items.at(1);
  BOOST_TEST(entry.verb == "user move");
  BOOST_TEST(entry.outcome == "done");
  BOOST_TEST(entry.detail.find("from s1 to s2: home A3/example.org/7C/x to disk2/A3/") == 0U);
}

void a_store_with_users_keeps_its_place_and_leaves_them_in_theirs(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_store(*writer, new_store("s1", "s1"));
  BOOST_REQUIRE(place(*writer, "alice@example.org").has_value());
  const auto rename = [](Store& store) {
    store.mail_host = "other";
    return base::Result<void>();
  };
  BOOST_TEST(outcome(writer->update_store("s1", rename)) == "denied");
  BOOST_REQUIRE(writer->remove_store("s1").has_value());
  BOOST_TEST(writer->find_user("alice@example.org")->mail_host == "s1");
  add_store(*writer, new_store("s1", "s1"));
  BOOST_TEST(writer->find_store("s1")->use.users == 1U);
  BOOST_REQUIRE(writer->remove_user("alice@example.org").has_value());
  BOOST_TEST(outcome(writer->update_store("s1", rename)) == "done");
  BOOST_TEST(outcome(writer->remove_store("s1")) == "done");
  BOOST_TEST(outcome(writer->remove_store("s1")) == "not_found");
  BOOST_TEST(writer->list_stores()->empty());
}

void a_postmaster_neither_sees_nor_chooses_stores(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_store(*writer, new_store("s1", "s1"));
  ManagerAccount pam;
  pam.address = "pam@example.org";
  pam.domains = {"example.org"};
  BOOST_REQUIRE(writer->add_manager(pam, "").has_value());
  BOOST_REQUIRE(writer->act_as_manager("pam@example.org").has_value());
  BOOST_TEST(outcome(writer->list_stores()) == "denied");
  BOOST_TEST(outcome(writer->add_store(new_store("s2", "s2"))) == "denied");
  BOOST_TEST(outcome(writer->update_store("s1", with(1, 0, false))) == "denied");
  BOOST_TEST(outcome(place(*writer, "alice@example.org", 1, "s1")) == "denied");
  BOOST_TEST(outcome(place(*writer, "alice@example.org", 1, "", "s1")) == "denied");
  // But its users are placed.
  BOOST_TEST(place(*writer, "alice@example.org", 1)->mail_host == "s1");
  BOOST_TEST(outcome(writer->move_user("alice@example.org", "s1")) == "denied");
}

void loose_ends_of_aliases_are_found(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_domain(*writer, "gone.example");
  add_user(*writer, "bob@example.org");
  add_user(*writer, "bob@gone.example");
  BOOST_REQUIRE(add_alias(*writer, "team@example.org",
                          {"Bob+work@example.org", "nobody@example.org", "x@else.example",
                           "bob@gone.example"})
                    .has_value());
  BOOST_REQUIRE(add_alias(*writer, "info@gone.example", {"bob@gone.example"}).has_value());
  const auto now = base::system_clock().now();
  const auto loose = loose_targets(*writer, *writer->find_alias("team@example.org"), now);
  BOOST_REQUIRE(loose.has_value());
  BOOST_TEST((*loose == std::vector<std::string>{"nobody@example.org"}));
  const auto of_bob = aliases_to(*writer, {"bob@example.org"});
  BOOST_REQUIRE(of_bob.has_value());
  BOOST_REQUIRE(of_bob->size() == 1U);
  BOOST_TEST(of_bob->front().alias == "team@example.org");
  BOOST_TEST(of_bob->front().target == "bob+work@example.org");
  const auto of_domain = aliases_to(*writer, {"gone.example"});
  BOOST_REQUIRE(of_domain.has_value());
  BOOST_REQUIRE(of_domain->size() == 1U);
  BOOST_TEST(of_domain->front().target == "bob@gone.example");
}

constexpr std::array<BackendCase, 10> cases{{
    {"stores_are_stored_whole_and_listed_with_their_use",
     stores_are_stored_whole_and_listed_with_their_use},
    {"stores_with_bad_names_or_the_place_of_another_are_refused",
     stores_with_bad_names_or_the_place_of_another_are_refused},
    {"without_stores_a_new_user_lies_below_the_mail_root",
     without_stores_a_new_user_lies_below_the_mail_root},
    {"a_new_user_comes_to_a_store_that_is_open_and_has_room",
     a_new_user_comes_to_a_store_that_is_open_and_has_room},
    {"many_users_spread_by_weight_and_a_domain_keeps_its_host",
     many_users_spread_by_weight_and_a_domain_keeps_its_host},
    {"a_batch_that_is_undone_leaves_no_trace_in_the_count",
     a_batch_that_is_undone_leaves_no_trace_in_the_count},
    {"a_user_moves_in_the_directory_and_the_trail_says_so",
     a_user_moves_in_the_directory_and_the_trail_says_so},
    {"a_store_with_users_keeps_its_place_and_leaves_them_in_theirs",
     a_store_with_users_keeps_its_place_and_leaves_them_in_theirs},
    {"a_postmaster_neither_sees_nor_chooses_stores", a_postmaster_neither_sees_nor_chooses_stores},
    {"loose_ends_of_aliases_are_found", loose_ends_of_aliases_are_found},
}};

}  // namespace

std::span<const BackendCase> store_cases() {
  return cases;
}

}  // namespace directory
