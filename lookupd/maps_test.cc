// lookupd/maps_test.cc -- tests of the maps on a directory of their own.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/maps.hh"

#include <boost/test/unit_test.hpp>

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
    const auto reply = answer(*directory_, map, key, now);
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

  directory::ScratchDirectory scratch_;
  std::unique_ptr<directory::Directory> directory_ = scratch_.open();
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
  for (const Map map : {Map::mailboxes, Map::aliases, Map::senderlogins}) {
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

BOOST_AUTO_TEST_CASE(hostile_keys_are_not_found) {
  for (const std::string& key :
       {std::string(90000, 'a') + "@example.org", std::string("a\0b@example.org", 15),
        std::string("%s' OR 1=1 --@example.org"), std::string("\xff\xfe@\xff"),
        std::string("a@b@example.org ")}) {
    for (const Map map : {Map::domains, Map::mailboxes, Map::senderlogins}) {
      BOOST_TEST((ask(map, key).status != SocketmapStatus::perm));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lookup
