// directory-lib/ldap_names_test.cc -- no value leaves its place in a filter or a name.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/ldap_names.hh"

#include <boost/test/unit_test.hpp>

#include "directory-lib/ldap_call.hh"

namespace {

using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(ldap_names)

BOOST_AUTO_TEST_CASE(what_means_something_in_a_filter_is_written_as_digits) {
  BOOST_TEST(directory::ldap_equals("mail", "alice@example.org") == "(mail=alice@example.org)");
  BOOST_TEST(directory::ldap_filter_value("*") == "\\2A");
  BOOST_TEST(directory::ldap_filter_value("a)(mail=*)") == "a\\29\\28mail\\3D\\2A\\29");
  BOOST_TEST(directory::ldap_filter_value("\\2a") == "\\5C2a");
  BOOST_TEST(directory::ldap_filter_value("a\0b"sv) == "a\\00b");
  BOOST_TEST(directory::ldap_filter_value("\xC3\xA9") == "\\C3\\A9");
  BOOST_TEST(directory::ldap_all("extmailUser") == "(objectClass=extmailUser)");
  BOOST_TEST(directory::ldap_all("extmailAlias", directory::ldap_equals("virtualDomain", "a|b")) ==
             "(&(objectClass=extmailAlias)(virtualDomain=a|b))");
}

BOOST_AUTO_TEST_CASE(a_name_reads_back_as_the_value_it_was_made_of) {
  for (const std::string_view value :
       {"alice@example.org"sv, " leading"sv, "#hash"sv, "trailing "sv, "a,b"sv, "a+b=c"sv,
        "\"quoted\""sv, "back\\slash"sv, "<a>;b"sv, "nul\0nul"sv, "line\nend"sv,
        "\xE9\xA9\xBF\xE7\xAB\x99"sv, ",dc=evil"sv, "x,virtualDomain=other.test"sv}) {
    const auto name = directory::ldap_child("mail", value, "o=extmailAccount,dc=example");
    const auto parts = directory::parse_ldap_name(name);
    BOOST_REQUIRE_MESSAGE(parts.has_value(), name);
    BOOST_REQUIRE_EQUAL(parts->size(), 3U);
    BOOST_TEST(parts->front().first == "mail");
    BOOST_TEST(parts->front().second == value);
    BOOST_TEST(parts->back().second == "example");
  }
}

BOOST_AUTO_TEST_CASE(what_is_no_ascii_is_stored_as_digits_and_comes_back) {
  BOOST_TEST(directory::ldap_ascii("alice@example.org") == "alice@example.org");
  BOOST_TEST(directory::ldap_ascii("jos\xC3\xA9") == "jos%C3%A9");
  BOOST_TEST(directory::ldap_ascii("50%@x") == "50%@x");
  for (const std::string_view text :
       {"jos\xC3\xA9"sv, "%C3"sv, "%25"sv, "%2525"sv, "%25C3"sv, "a%\xC3\xA9"sv, "%"sv, "%2"sv,
        "%41"sv, "%25\xC3"sv, "\xE7\x94\xA8\xE6\x88\xB7"sv}) {
    BOOST_TEST(directory::ldap_unascii(directory::ldap_ascii(text)) == text);
  }
}

BOOST_AUTO_TEST_CASE(settings_that_are_no_name_are_refused) {
  for (const std::string_view bad : {"example.org", "dc=", "dc=a,,dc=b", "=a", "dc=a,b"}) {
    const auto parts = directory::parse_ldap_name(bad);
    BOOST_TEST((!parts || parts->front().second.empty()), "read: " << bad);
  }
}

BOOST_AUTO_TEST_CASE(object_classes_are_read_with_what_they_must_and_may_hold) {
  const auto read = directory::parse_ldap_class(
      "( 1.2.3 NAME ( 'one' 'uno' ) SUP top STRUCTURAL MUST ( mail $ active ) MAY cn )");
  BOOST_REQUIRE(read.has_value());
  BOOST_TEST(read->names == (std::vector<std::string>{"one", "uno"}));
  BOOST_TEST(read->above == std::vector<std::string>{"top"});
  BOOST_TEST(read->attributes == (std::vector<std::string>{"mail", "active", "cn"}));
  BOOST_TEST(!directory::parse_ldap_class("( 1.2.3 NAME").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
