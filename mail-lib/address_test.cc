// mail-lib/address_test.cc -- addresses as people, mail programs and attackers write them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/address.hh"

#include <boost/test/unit_test.hpp>

namespace {

std::string key_of(std::string_view text) {
  const auto address = mail::parse_address(text);
  return address ? address->key() : "refused";
}

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_CASE(the_key_is_lower_case_and_the_text_keeps_the_local_part) {
  const auto address = mail::parse_address("Alice.B@Example.ORG");
  BOOST_REQUIRE(address.has_value());
  BOOST_TEST(address->text() == "Alice.B@example.org");
  BOOST_TEST(address->key() == "alice.b@example.org");
  BOOST_TEST(mail::parse_account("ALICE@x.org")->local == "alice");
}

BOOST_AUTO_TEST_CASE(quoted_local_parts_are_unquoted_and_quoted_again_only_when_needed) {
  BOOST_TEST(key_of("\"alice\"@example.org") == "alice@example.org");
  const auto odd = mail::parse_address("\"a \\\"b@c\"@example.org");
  BOOST_REQUIRE(odd.has_value());
  BOOST_TEST(odd->local == "a \"b@c");
  BOOST_TEST(odd->text() == "\"a \\\"b@c\"@example.org");
}

BOOST_AUTO_TEST_CASE(utf8_stays_as_it_is_and_broken_utf8_is_refused) {
  BOOST_TEST(key_of("用户@例子.广告") == "用户@例子.广告");
  BOOST_TEST(key_of("a\xFF@example.org") == "refused");
  BOOST_TEST(key_of("a@ex\xC3.org") == "refused");
  BOOST_TEST(key_of("a\xC2\x9B@example.org") == "refused");
}

BOOST_AUTO_TEST_CASE(what_breaks_the_grammar_is_refused) {
  for (const std::string_view bad :
       {"",           "@",         "a",         "a@",         "@b",
        "a b@c.org",  "a@b c.org", ".a@b.org",  "a.@b.org",   "a..b@c.org",
        "a@.org",     "a@b..org",  "a@b.org.",  "a@-b.org",   "a@b-.org",
        "a@b@c.org",  "<a@b.org>", "a@b.org\n", "\"a@b.org",  "\"a\"b@c.org",
        "a@[1.2.3.4", "a@[]",      "a@[1;2]",   "a(c)@b.org", "a,b@c.org",
        "\"a\\",      "a@b/c"}) {
    BOOST_TEST(key_of(bad) == "refused", "accepted: " << bad);
  }
  BOOST_TEST(key_of(std::string_view("a\0@b.org", 8)) == "refused");
}

BOOST_AUTO_TEST_CASE(lengths_end_at_the_limits_of_rfc_5321) {
  const std::string at_limit(64, 'a');
  BOOST_TEST(key_of(at_limit + "@example.org") != "refused");
  BOOST_TEST(key_of(at_limit + "a@example.org") == "refused");
  BOOST_TEST(mail::parse_address(at_limit + "a@example.org", mail::Local::wire).has_value());
  BOOST_TEST(key_of("a@" + std::string(63, 'b') + ".org") != "refused");
  BOOST_TEST(key_of("a@" + std::string(64, 'b') + ".org") == "refused");
  std::string labels;
  for (int i = 0; i < 126; ++i) {
    labels += "b.";
  }
  BOOST_TEST(key_of("a@" + labels.substr(0, 250) + "cd") != "refused");
  BOOST_TEST(key_of("a@" + labels.substr(0, 250) + "cde") == "refused");
}

BOOST_AUTO_TEST_CASE(the_wire_form_takes_dots_anywhere) {
  BOOST_TEST(mail::parse_address("a..b.@docomo.example", mail::Local::wire)->key() ==
             "\"a..b.\"@docomo.example");
  BOOST_TEST(!mail::parse_address("a b@docomo.example", mail::Local::wire));
}

BOOST_AUTO_TEST_CASE(an_address_literal_is_an_address_but_no_domain) {
  BOOST_TEST(key_of("root@[IPv6:2001:DB8::1]") == "root@[ipv6:2001:db8::1]");
  BOOST_TEST(!mail::parse_domain("[192.0.2.1]"));
  BOOST_TEST(*mail::parse_domain("Example.ORG") == "example.org");
}

BOOST_AUTO_TEST_CASE(the_extension_begins_at_the_first_delimiter) {
  BOOST_TEST(mail::split_extension("alice+a+b", "+").first == "alice");
  BOOST_TEST(mail::split_extension("alice+a+b", "+").second == "a+b");
  BOOST_TEST(mail::split_extension("alice-a+b", "+-").second == "a+b");
  BOOST_TEST(mail::split_extension("alice+a", "").first == "alice+a");
  BOOST_TEST(mail::split_extension("+a", "+").first == "+a");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
