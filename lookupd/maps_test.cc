// lookupd/maps_test.cc -- tests of the maps on a directory of their own.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/maps.hh"

#include <boost/test/unit_test.hpp>

#include "base/sqlite.hh"

#include "directory-lib/resolve.hh"
#include "directory-lib/scratch_directory.hh"

namespace lookup {

namespace {

using directory::SocketmapReply;
using directory::SocketmapStatus;
using namespace std::chrono_literals;

constexpr base::WallTime now{24h * 365 * 50};

// example.org with alice, bob (may not receive), carol (disabled) and aliases; off.example is
// disabled; twin.example is an alias of example.org.
class Fixture {
 public:
  Fixture() {
    for (const char* name : {"example.org", "twin.example", "off.example"}) {
      directory::Domain domain;
      domain.name = name;
      domain.enabled = domain.name != "off.example";
      BOOST_REQUIRE(directory_->add_domain(domain).has_value());
    }
    directory::add_user(*directory_, "alice@example.org");
    directory::add_user(*directory_, "quiet@off.example");
    auto bob = directory::new_user("bob@example.org");
    bob.disabled.add(directory::Service::receive);
    BOOST_REQUIRE(directory_->add_user(bob, "").has_value());
    auto carol = directory::new_user("carol@example.org");
    carol.enabled = false;
    BOOST_REQUIRE(directory_->add_user(carol, "").has_value());
    add("info@example.org", {"alice@example.org", "x@elsewhere.example"});
    add("@example.org", {"alice@example.org"});
    add("@twin.example", {"@example.org"});
    add("list@off.example", {"alice@example.org"});
  }

  SocketmapReply ask(Map map, std::string_view key) {
    const auto reply = answer(*directory_, rules_, map, key, now);
    BOOST_REQUIRE_MESSAGE(reply.has_value(), (reply ? "" : reply.error().text()));
    return *reply;
  }
  // "-" for not_found.
  std::string text(Map map, std::string_view key) {
    const SocketmapReply reply = ask(map, key);
    return reply.status == SocketmapStatus::ok          ? reply.text
           : reply.status == SocketmapStatus::not_found ? "-"
                                                        : "!" + reply.text;
  }

 private:
  void add(const char* address, std::vector<std::string> targets) {
    const auto added = directory::add_alias(*directory_, address, std::move(targets));
    BOOST_REQUIRE_MESSAGE(added.has_value(), (added ? "" : added.error().text()));
  }

 protected:
  directory::ScratchDirectory scratch_;
  std::unique_ptr<directory::Directory> directory_ = scratch_.open();
  MapRules rules_{.own_hosts = {"store1.example"}};

  void lives_on(const char* address, const std::string& host) const {
    const auto moved = directory_->update_user(address, [&](directory::User& user) {
      user.mail_host = host;
      return base::Result<void>();
    });
    BOOST_REQUIRE_MESSAGE(moved.has_value(), (moved ? "" : moved.error().text()));
  }
  // A target that add_alias() would refuse, as another program may have left it.
  void add_target(std::string_view address, const std::string& target) const {
    auto database = std::move(*base::Database::open(
        scratch_.settings().database, base::Database::Mode::write, std::chrono::seconds(1)));
    const std::size_t at = address.find('@');
    const std::string id = "(SELECT id FROM domain WHERE name = '" +
                           std::string(address.substr(at + 1)) + "'), '" +
                           std::string(address.substr(0, at)) + "', ";
    const auto done = database.execute(
        "INSERT OR IGNORE INTO alias (domain, local, created) VALUES (" + id +
        "0); INSERT INTO alias_target SELECT " + id + "count(*), '" + target +
        "' FROM alias_target WHERE local = '" + std::string(address.substr(0, at)) + "'");
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().text()));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(maps, Fixture)

BOOST_AUTO_TEST_CASE(every_map_has_a_name_that_reads_back) {
  for (int i = 0; i < map_count; ++i) {
    const auto map = static_cast<Map>(i);
    BOOST_TEST((parse_map(map_name(map)) == map));
  }
  BOOST_TEST(!parse_map("Domains"));
  BOOST_TEST(!parse_map(""));
}

BOOST_AUTO_TEST_CASE(a_domain_is_served_while_it_is_enabled) {
  BOOST_TEST(text(Map::domains, "example.org") == "example.org");
  BOOST_TEST(text(Map::domains, "EXAMPLE.org") == "EXAMPLE.org");
  BOOST_TEST(text(Map::domains, "off.example") == "-");
  BOOST_TEST(text(Map::domains, "elsewhere.example") == "-");
  BOOST_TEST(text(Map::domains, "no domain!") == "-");
}

BOOST_AUTO_TEST_CASE(a_mailbox_is_found_when_it_may_receive) {
  BOOST_TEST(text(Map::mailboxes, "alice@example.org") == "A3/7C/21/alice@example.org/Maildir/");
  BOOST_TEST(text(Map::mailboxes, "Alice@Example.ORG") == "A3/7C/21/alice@example.org/Maildir/");
  BOOST_TEST(text(Map::mailboxes, "bob@example.org") == "-");
  BOOST_TEST(text(Map::mailboxes, "carol@example.org") == "-");
  BOOST_TEST(text(Map::mailboxes, "quiet@off.example") == "-");
  BOOST_TEST(text(Map::mailboxes, "info@example.org") == "-");
}

BOOST_AUTO_TEST_CASE(an_alias_gives_its_targets_and_a_mailbox_itself) {
  BOOST_TEST(text(Map::aliases, "info@example.org") == "alice@example.org, x@elsewhere.example");
  BOOST_TEST(text(Map::aliases, "alice@example.org") == "alice@example.org");
}

BOOST_AUTO_TEST_CASE(an_extension_stays_with_the_mailbox) {
  BOOST_TEST(text(Map::aliases, "alice+news@example.org") == "alice+news@example.org");
}

BOOST_AUTO_TEST_CASE(the_catch_all_takes_what_nobody_has_and_nothing_else) {
  BOOST_TEST(text(Map::aliases, "nobody@example.org") == "alice@example.org");
  BOOST_TEST(text(Map::aliases, "bob@example.org") == "-");
  BOOST_TEST(text(Map::aliases, "bob+x@example.org") == "-");
  BOOST_TEST(text(Map::aliases, "carol@example.org") == "-");
}

BOOST_AUTO_TEST_CASE(postfix_gets_no_answer_for_the_catch_all_itself) {
  for (const Map map :
       {Map::mailboxes, Map::aliases, Map::transport, Map::senderlogins, Map::canonical}) {
    for (const char* key : {"@example.org", "alice", "alice@", "@", ""}) {
      BOOST_TEST(text(map, key) == "-", key);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_domain_alias_keeps_the_local_part) {
  BOOST_TEST(text(Map::aliases, "alice@twin.example") == "alice@example.org");
}

BOOST_AUTO_TEST_CASE(aliases_of_a_disabled_domain_are_as_if_absent) {
  BOOST_TEST(text(Map::aliases, "list@off.example") == "-");
  BOOST_TEST(text(Map::aliases, "a@elsewhere.example") == "-");
}

BOOST_AUTO_TEST_CASE(a_sender_belongs_to_the_mailboxes_behind_it) {
  BOOST_TEST(text(Map::senderlogins, "alice@example.org") == "alice@example.org");
  BOOST_TEST(text(Map::senderlogins, "info@example.org") == "alice@example.org");
  BOOST_TEST(text(Map::senderlogins, "a@elsewhere.example") == "-");
}

BOOST_AUTO_TEST_CASE(an_extension_goes_along_to_the_mailboxes_behind_an_alias) {
  BOOST_TEST(text(Map::aliases, "info+x@example.org") ==
             "alice+x@example.org, x@elsewhere.example");
  BOOST_TEST(text(Map::aliases, "alice+x@twin.example") == "alice+x@example.org");
  // Who named an extension in the alias gets that one.
  add_target("lists@example.org", "alice+lists@example.org");
  BOOST_TEST(text(Map::aliases, "lists+x@example.org") == "alice+lists@example.org");
  // The catch-all knows nothing of extensions.
  BOOST_TEST(text(Map::aliases, "nobody+x@example.org") == "alice@example.org");
}

BOOST_AUTO_TEST_CASE(an_alias_that_names_itself_is_its_own_mailbox_too) {
  add_target("alice@example.org", "alice@example.org");
  BOOST_TEST(text(Map::aliases, "alice@example.org") == "alice@example.org");
  BOOST_TEST(text(Map::aliases, "alice+x@example.org") == "alice+x@example.org");
  BOOST_TEST(text(Map::senderlogins, "alice+x@example.org") == "alice@example.org");
  add_target("carol@example.org", "carol@example.org");
  BOOST_TEST(text(Map::aliases, "carol@example.org") == "-");
}

BOOST_AUTO_TEST_CASE(aliases_that_lead_nowhere_are_told_apart) {
  add_target("gone@example.org", "removed@elsewhere.example");
  add_target("dead@example.org", "quiet2@off.example");
  BOOST_TEST(text(Map::aliases, "gone@example.org") == "removed@elsewhere.example");
  BOOST_TEST(text(Map::aliases, "dead@example.org") == "-");
  add_target("odd@example.org", "root");
  BOOST_TEST(text(Map::aliases, "odd@example.org") == "root");
  add_target("a@example.org", "b@example.org");
  add_target("b@example.org", "a@example.org");
  BOOST_TEST(text(Map::aliases, "a@example.org") ==
             "!the aliases behind a@example.org go in a circle");
  BOOST_TEST(text(Map::senderlogins, "a@example.org") == "-");
  BOOST_TEST(text(Map::canonical, "a+x@example.org") == "-");
}

BOOST_AUTO_TEST_CASE(an_alias_of_ten_thousand_costs_bounded_work_and_a_clear_refusal) {
  for (int i = 0; i < 10; ++i) {
    add_target("all@example.org", "p" + std::to_string(i) + "@elsewhere.example");
  }
  auto database = std::move(*base::Database::open(
      scratch_.settings().database, base::Database::Mode::write, std::chrono::seconds(1)));
  const auto grown = database.execute(
      "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) INSERT INTO "
      "alias_target SELECT domain, local, i, 'p' || i || '@elsewhere.example' FROM n, alias WHERE "
      "local = 'all'");
  BOOST_REQUIRE_MESSAGE(grown.has_value(), (grown ? "" : grown.error().text()));
  BOOST_TEST(text(Map::aliases, "all@example.org") ==
             "!the aliases behind all@example.org exceed 1000 recipients");
  BOOST_TEST(text(Map::senderlogins, "all@example.org") == "-");
}

BOOST_AUTO_TEST_CASE(mail_goes_to_the_host_that_holds_the_mailbox) {
  BOOST_TEST(text(Map::transport, "alice@example.org") == "-");
  lives_on("alice@example.org", "store2.example");
  BOOST_TEST(text(Map::transport, "Alice@Example.org") == "lmtp:inet:store2.example:24");
  BOOST_TEST(text(Map::transport, "alice+x@example.org") == "lmtp:inet:store2.example:24");
  lives_on("alice@example.org", "smtp:[192.0.2.1]");
  BOOST_TEST(text(Map::transport, "alice@example.org") == "smtp:[192.0.2.1]");
  lives_on("alice@example.org", "lmtp:inet:Store1.example:24");
  BOOST_TEST(text(Map::transport, "alice@example.org") == "-");
  // An alias has no mailbox; its targets are asked for.
  BOOST_TEST(text(Map::transport, "info@example.org") == "-");
  BOOST_TEST(text(Map::transport, "x@elsewhere.example") == "-");
  // Mail that was accepted finds the host of a mailbox that has been closed since.
  lives_on("carol@example.org", "store2.example");
  BOOST_TEST(text(Map::transport, "carol@example.org") == "lmtp:inet:store2.example:24");
}

BOOST_AUTO_TEST_CASE(keys_without_a_local_part_have_no_transport) {
  for (const char* key : {"example.org", ".example.org", "*", "<>", "alice"}) {
    BOOST_TEST(text(Map::transport, key) == "-", key);
  }
}

BOOST_AUTO_TEST_CASE(a_catch_all_owns_senders_when_the_setting_says_so) {
  BOOST_TEST(text(Map::senderlogins, "nobody@example.org") == "alice@example.org");
  BOOST_TEST(text(Map::senderlogins, "alice@twin.example") == "alice@example.org");
  rules_.catch_all_senders = false;
  BOOST_TEST(text(Map::senderlogins, "nobody@example.org") == "-");
  BOOST_TEST(text(Map::senderlogins, "nobody@twin.example") == "-");
  BOOST_TEST(text(Map::senderlogins, "alice@example.org") == "alice@example.org");
  // Another name of the domain makes no catch-all of the address.
  BOOST_TEST(text(Map::senderlogins, "alice@twin.example") == "alice@example.org");
}

BOOST_AUTO_TEST_CASE(canonical_names_the_one_mailbox_and_keeps_the_extension) {
  add_target("sales@example.org", "alice@example.org");
  add_target("shop@example.org", "sales@example.org");
  BOOST_TEST(text(Map::canonical, "Sales+X@Example.org") == "alice+x@example.org");
  BOOST_TEST(text(Map::canonical, "shop+x@example.org") == "alice+x@example.org");
  BOOST_TEST(text(Map::canonical, "alice+x@twin.example") == "alice+x@example.org");
  // Nothing to change, several targets, no extension, the catch-all, one that may not receive.
  for (const char* key : {"alice+x@example.org", "info+x@example.org", "sales@example.org",
                          "nobody+x@example.org", "bob+x@twin.example", "x+y@elsewhere.example"}) {
    BOOST_TEST(text(Map::canonical, key) == "-", key);
  }
}

BOOST_AUTO_TEST_CASE(hostile_keys_are_not_found) {
  for (const std::string& key :
       {std::string(90000, 'a') + "@example.org", std::string("a\0b@example.org", 15),
        std::string("%s' OR 1=1 --@example.org"), std::string("\xff\xfe@\xff"),
        std::string("a@b@example.org ")}) {
    for (const Map map :
         {Map::domains, Map::mailboxes, Map::transport, Map::senderlogins, Map::canonical}) {
      BOOST_TEST((ask(map, key).status != SocketmapStatus::perm));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lookup
