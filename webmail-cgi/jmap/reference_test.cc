// webmail-cgi/jmap/reference_test.cc -- paths and back references of RFC 8620 s3.7.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/reference.hh"

#include <boost/test/unit_test.hpp>

namespace {

using webmail::jmap::MethodResponse;

std::string value_of(std::string_view json, std::string_view path, std::size_t limit = 10'000) {
  base::JsonParser parser;
  const auto document = parser.parse(json);
  BOOST_TEST_REQUIRE(document.has_value());
  const auto value = webmail::jmap::evaluate_path(*document, path, limit);
  return value ? *value : "!" + std::string(base::errc_name(value.error().code));
}

std::string resolved(std::string_view arguments, const std::vector<MethodResponse>& responses) {
  base::JsonParser parser;
  const auto document = parser.parse(arguments);
  BOOST_TEST_REQUIRE(document.has_value());
  const auto text = webmail::jmap::resolve_references(document->get_object(), responses, 10'000);
  return text ? *text : "!" + std::string(base::errc_name(text.error().code));
}

}  // namespace

BOOST_AUTO_TEST_CASE(paths_follow_names_numbers_and_stars) {
  const std::string_view json =
      R"({"ids":["a","b"],"list":[{"t":"x","e":["1","2"]},{"t":"y","e":["3"]}],"a/b":1,"m~n":2,"0":3,"":4})";
  BOOST_TEST(value_of(json, "/ids") == R"(["a","b"])");
  BOOST_TEST(value_of(json, "/ids/1") == R"("b")");
  BOOST_TEST(value_of(json, "/list/*/t") == R"(["x","y"])");
  BOOST_TEST(value_of(json, "/list/*/e") == R"(["1","2","3"])");
  BOOST_TEST(value_of(json, "/list/*/e/*") == R"(["1","2","3"])");
  BOOST_TEST(value_of(json, "/a~1b") == "1");
  BOOST_TEST(value_of(json, "/m~0n") == "2");
  BOOST_TEST(value_of(json, "/0") == "3");
  BOOST_TEST(value_of(json, "/") == "4");
  BOOST_TEST(value_of("[[1],[2]]", "") == "[[1],[2]]");
  BOOST_TEST(value_of("[]", "/*") == "[]");
}

BOOST_AUTO_TEST_CASE(paths_that_lead_nowhere_say_so) {
  for (const char* path :
       {"x", "/none", "/list/2", "/list/00", "/list/-", "/list/x", "/list/*/none", "/s/*", "/m~2",
        "/m~", "/list/99999999999999999999999"}) {
    BOOST_TEST(value_of(R"({"list":[{"a":1},{"b":2}],"s":"text"})", path) == "!not_found", path);
  }
}

BOOST_AUTO_TEST_CASE(a_star_is_also_a_name_in_an_object) {
  BOOST_TEST(value_of(R"({"*":{"*":5}})", "/*/*") == "5");
}

BOOST_AUTO_TEST_CASE(references_are_replaced_by_earlier_results) {
  const std::vector<MethodResponse> responses = {{"Email/query", R"({"ids":["e1","e2"]})", "c0"},
                                                 {"error", R"({"type":"x"})", "c1"}};
  BOOST_TEST(resolved(R"({"k":true,"#ids":{"resultOf":"c0","name":"Email/query","path":"/ids"}})",
                      responses) == R"({"k":true,"ids":["e1","e2"]})");
  for (const char* arguments :
       {R"({"#ids":{"resultOf":"c9","name":"Email/query","path":"/ids"}})",
        R"({"#ids":{"resultOf":"c0","name":"Email/get","path":"/ids"}})",
        R"({"#ids":{"resultOf":"c1","name":"Email/get","path":"/ids"}})",
        R"({"#ids":{"resultOf":"c0","name":"Email/query","path":"/none"}})"}) {
    BOOST_TEST(resolved(arguments, responses) == "!not_found", arguments);
  }
  BOOST_TEST(resolved(R"({"#ids":5})", responses) == "!malformed");
  BOOST_TEST(resolved(R"({"ids":[],"#ids":{"resultOf":"c0","name":"Email/query","path":"/ids"}})",
                      responses) == "!exists");
}

BOOST_AUTO_TEST_CASE(what_a_reference_names_has_a_limit) {
  BOOST_TEST(value_of(R"(["aaaaaaaaaa","bbbbbbbbbb"])", "/*", 15) == "!over_quota");
}
