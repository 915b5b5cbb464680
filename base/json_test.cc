// base/json_test.cc -- what is written is JSON whatever the bytes, and what is read is bounded.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.hh"

#include <boost/test/unit_test.hpp>

#include "base/json_writer.hh"

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(commas_and_escapes_are_set_by_the_writer) {
  base::JsonWriter json;
  json.begin_object();
  json.key("a").begin_array().number(1).null().boolean(true).begin_array().end_array().end_array();
  json.key("b\"").string("x\n\x01,[{");
  json.key("c").string("");
  json.key("d").begin_object().end_object();
  json.key("e").raw("[2]");
  json.end_object();
  BOOST_TEST(json.text() == R"({"a":[1,null,true,[]],"b\"":"x\n\u0001,[{","c":"","d":{},"e":[2]})");
}

BOOST_AUTO_TEST_CASE(broken_utf8_is_replaced_byte_by_byte) {
  BOOST_TEST(base::json_string("a\xFF驿\xE9") == "\"a\xEF\xBF\xBD驿\xEF\xBF\xBD\"");
}

BOOST_AUTO_TEST_CASE(members_are_read_by_type) {
  base::JsonParser parser;
  const auto value = parser.parse(R"({"t":"x","n":-3,"b":false,"z":null})");
  BOOST_REQUIRE(value);
  BOOST_TEST(base::json_text(*value, "t").value() == "x");
  BOOST_TEST(base::json_number(*value, "n").value() == -3);
  BOOST_TEST(base::json_bool(*value, "b").value() == false);
  BOOST_TEST(!base::json_member(*value, "z"));
  BOOST_TEST(!base::json_number(*value, "t"));
  BOOST_TEST(!base::json_text(*value, "none"));
}

BOOST_AUTO_TEST_CASE(what_is_not_one_value_or_too_deep_is_malformed) {
  base::JsonParser parser;
  for (const char* bad : {"", "{", "{} {}", "{\"a\":}", "nul", "\"\xFF\"", "[1,]"}) {
    BOOST_TEST(!parser.parse(bad), bad);
  }
  BOOST_TEST(!parser.parse(std::string(100, '[') + std::string(100, ']')));
  BOOST_TEST(parser.parse(std::string(50, '[') + std::string(50, ']')).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
