// directory-lib/suite_lists.cc -- cases of every backend: list entries and the greylist switch.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "directory-lib/backend_suite.hh"

namespace directory {

namespace {

std::string add(Directory& directory, const std::string& owner, ListKind kind,
                const std::string& pattern) {
  return outcome(directory.add_list_entry({owner, kind, pattern, {}}));
}

std::string texts(const base::Result<std::vector<ListEntry>>& entries) {
  BOOST_REQUIRE_MESSAGE(entries.has_value(), (entries ? "" : entries.error().text()));
  std::string out;
  for (const ListEntry& entry : *entries) {
    out += entry.owner + ":" + std::string(list_kind_name(entry.kind)) + ":" + entry.pattern + " ";
  }
  return out;
}

void entries_belong_to_users_domains_or_all(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_domain(*writer, "other.example");
  add_user(*writer, "alice@example.org");
  add_user(*writer, "bob@example.org");
  BOOST_TEST(add(*writer, "Alice@example.org", ListKind::white, " Friend@Else.example ") == "done");
  BOOST_TEST(add(*writer, "alice@example.org", ListKind::black, "friend@else.example") == "done");
  BOOST_TEST(add(*writer, "alice@example.org", ListKind::black, "192.0.2.0/24") == "done");
  BOOST_TEST(add(*writer, "EXAMPLE.org", ListKind::white, "@partner.example") == "done");
  BOOST_TEST(add(*writer, "", ListKind::black, "spam.example") == "done");
  BOOST_TEST(add(*writer, "other.example", ListKind::white, "x@y.example") == "done");
  BOOST_TEST(texts(writer->list_entries("alice@example.org")) ==
             "alice@example.org:white:friend@else.example alice@example.org:black:192.0.2.0/24 "
             "alice@example.org:black:friend@else.example ");
  const auto reader = backend.open(OpenAs::reader);
  BOOST_TEST(texts(reader->list_entries_for("BOB@example.org")) ==
             "example.org:white:@partner.example :black:spam.example ");
  BOOST_TEST(reader->list_entries_for("alice@example.org")->size() == 5U);
  // Mail to an alias or to an unknown address has the lists of its domain.
  BOOST_TEST(reader->list_entries_for("nobody@other.example")->size() == 2U);
  BOOST_TEST(texts(reader->list_entries("none.example")).empty());
}

void an_entry_stands_once_and_can_be_removed(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  BOOST_TEST(add(*writer, "example.org", ListKind::white, "a@b.example") == "done");
  BOOST_TEST(add(*writer, "example.org", ListKind::white, "A@B.example") == "exists");
  BOOST_TEST(add(*writer, "example.org", ListKind::black, "a@b.example") == "done");
  const ListEntry white{"Example.org", ListKind::white, "A@b.example", {}};
  BOOST_TEST(outcome(writer->remove_list_entry(white)) == "done");
  BOOST_TEST(outcome(writer->remove_list_entry(white)) == "not_found");
  BOOST_TEST(texts(writer->list_entries("example.org")) == "example.org:black:a@b.example ");
}

void bad_entries_and_owners_are_refused(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  const std::string zero("a\0b", 3);
  for (const std::string& pattern :
       {std::string(), std::string("  "), std::string("a b"), std::string("a\nb"), zero,
        std::string("\xFF.example"), std::string(256, 'x')}) {
    BOOST_TEST(add(*writer, "example.org", ListKind::white, pattern) == "malformed");
  }
  BOOST_TEST(add(*writer, "none.example", ListKind::white, "a@b.example") == "not_found");
  BOOST_TEST(add(*writer, "nobody@example.org", ListKind::white, "a@b.example") == "not_found");
  BOOST_TEST(add(*writer, "a..b", ListKind::white, "a@b.example") == "malformed");
  BOOST_TEST(add(*writer, "example.org", ListKind::white, "o'brien)(|*@b.example") == "done");
  BOOST_TEST(texts(writer->list_entries("example.org")) ==
             "example.org:white:o'brien)(|*@b.example ");
}

void entries_go_with_their_owner(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  BOOST_TEST(add(*writer, "alice@example.org", ListKind::white, "a@b.example") == "done");
  BOOST_TEST(add(*writer, "example.org", ListKind::white, "c@b.example") == "done");
  BOOST_REQUIRE(writer->remove_user("alice@example.org").has_value());
  add_user(*writer, "alice@example.org");
  BOOST_TEST(texts(writer->list_entries("alice@example.org")).empty());
  BOOST_REQUIRE(writer->remove_domain("example.org", true).has_value());
  add_domain(*writer, "example.org");
  BOOST_TEST(texts(writer->list_entries("example.org")).empty());
}

void greylisting_is_on_until_a_user_switches_it_off(const Backend& backend) {
  const auto writer = backend.open();
  add_domain(*writer, "example.org");
  add_user(*writer, "alice@example.org");
  BOOST_TEST(writer->find_user("alice@example.org")->greylist);
  const auto set = [&writer](bool on) {
    return writer->update_user("alice@example.org", [on](User& user) {
      user.greylist = on;
      return base::Result<void>();
    });
  };
  BOOST_REQUIRE(set(false).has_value());
  const auto reader = backend.open(OpenAs::reader);
  BOOST_TEST(!reader->find_user("alice@example.org")->greylist);
  BOOST_TEST(!reader->list_users("example.org", "", 10)->items.front().greylist);
  BOOST_REQUIRE(set(true).has_value());
  BOOST_TEST(reader->find_user("alice@example.org")->greylist);
}

constexpr std::array cases{
    BackendCase{"entries_belong_to_users_domains_or_all", entries_belong_to_users_domains_or_all},
    BackendCase{"an_entry_stands_once_and_can_be_removed", an_entry_stands_once_and_can_be_removed},
    BackendCase{"bad_entries_and_owners_are_refused", bad_entries_and_owners_are_refused},
    BackendCase{"entries_go_with_their_owner", entries_go_with_their_owner},
    BackendCase{"greylisting_is_on_until_a_user_switches_it_off",
                greylisting_is_on_until_a_user_switches_it_off},
};

}  // namespace

std::span<const BackendCase> list_cases() {
  return cases;
}

}  // namespace directory
