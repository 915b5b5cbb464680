// policyd/template_test.cc -- values in reply texts, hostile ones too.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/template.hh"

#include <array>

#include <boost/test/unit_test.hpp>

namespace {

std::string fill(std::string_view text, std::string_view value) {
  const std::array<policy::TemplateValue, 1> values{{{"it", value}}};
  return policy::fill_template(text, values);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reply_templates)

BOOST_AUTO_TEST_CASE(places_are_filled_and_what_is_none_stays) {
  BOOST_TEST(fill("a {it} and {it}.", "x") == "a x and x.");
  BOOST_TEST(fill("{other} {it", "x") == "{other} {it");
  BOOST_TEST(fill("no place", "x") == "no place");
  BOOST_TEST(fill("empty: {it}", "") == "empty:");
}

BOOST_AUTO_TEST_CASE(a_value_cannot_bring_a_place_a_line_or_bytes_of_its_own) {
  BOOST_TEST(fill("{it}", "{it}\r\n250 ok\xff") == "{it}??250 ok?");
  BOOST_TEST(fill("{it}", std::string(5000, 'a')).size() == 200U);
}

BOOST_AUTO_TEST_CASE(in_a_link_a_value_is_percent_encoded) {
  BOOST_TEST(fill("see https://x.example/?s={it:url}&a", "a&b@c d\n") ==
             "see https://x.example/?s=a%26b%40c%20d%0A&a");
}

BOOST_AUTO_TEST_CASE(an_unknown_place_is_named) {
  constexpr std::array<std::string_view, 2> names{"client", "zone"};
  BOOST_TEST(!policy::unknown_place("{client} {zone:url} }{", names));
  BOOST_TEST(policy::unknown_place("{client} {zona}", names).value() == "{zona}");
  BOOST_TEST(policy::unknown_place("{}", names).value() == "{}");
}

BOOST_AUTO_TEST_SUITE_END()
