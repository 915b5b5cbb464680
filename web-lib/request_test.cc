// web-lib/request_test.cc -- requests as clients send them, and as attackers do.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/request.hh"

#include <boost/test/unit_test.hpp>

namespace {

web::FastcgiParams with_target(std::string target) {
  return {{"REQUEST_METHOD", "GET"}, {"REQUEST_URI", std::move(target)}};
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_path_is_split_before_it_is_decoded) {
  const auto request = web::Request::from_cgi(
      with_target("/jmap/download/a/b/c%2Fd%20%C3%A9.txt?type=text%2Fx+y&z"), "");
  BOOST_TEST_REQUIRE(request.has_value());
  BOOST_TEST(request->segments().size() == 5U);
  BOOST_TEST(request->segments()[4] == "c/d \xC3\xA9.txt");
  BOOST_TEST(request->query("type").value() == "text/x y");
  BOOST_TEST(request->query("z").value().empty());
  BOOST_TEST(!request->query("none").has_value());
}

BOOST_AUTO_TEST_CASE(hostile_paths_are_refused) {
  for (const char* target :
       {"", "x", "http://host/", "/a/../b", "/a/%2e%2e/b", "/./a", "/a%0", "/a%zz", "/a%", "/a%00b",
        "/a%0d%0ab", "/a%FFb", "/a b", "/a\x01", "/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r"}) {
    BOOST_TEST(!web::Request::from_cgi(with_target(target), "").has_value(), target);
  }
  BOOST_TEST(!web::Request::from_cgi({{"REQUEST_URI", "/"}}, "").has_value());
}

BOOST_AUTO_TEST_CASE(headers_and_types_are_found_in_any_case) {
  auto params = with_target("/");
  params.emplace_back("HTTP_X_REQUESTED_WITH", "page");
  params.emplace_back("CONTENT_TYPE", "Application/JSON; charset=utf-8");
  params.emplace_back("REMOTE_ADDR", "192.0.2.1");
  const auto request = web::Request::from_cgi(params, "body");
  BOOST_TEST_REQUIRE(request.has_value());
  BOOST_TEST(request->header("x-requested-WITH") == "page");
  BOOST_TEST(request->header("Origin").empty());
  BOOST_TEST(request->content_type() == "application/json");
  BOOST_TEST(request->client() == "192.0.2.1");
  BOOST_TEST(request->body() == "body");
}

BOOST_AUTO_TEST_CASE(a_cookie_given_twice_with_two_values_is_no_cookie) {
  auto params = with_target("/");
  params.emplace_back("HTTP_COOKIE", "a=1; __Host-sid=token=; b; a=2;c=3; c=3");
  const auto request = web::Request::from_cgi(params, "");
  BOOST_TEST_REQUIRE(request.has_value());
  BOOST_TEST(request->cookie("__Host-sid").value() == "token=");
  BOOST_TEST(!request->cookie("a").has_value());
  BOOST_TEST(!request->cookie("b").has_value());
  BOOST_TEST(request->cookie("c").value() == "3");
}

BOOST_AUTO_TEST_CASE(percent_encoding_comes_back) {
  std::string all;
  for (int i = 0; i < 256; ++i) {
    all += static_cast<char>(i);
  }
  BOOST_TEST(web::percent_decode(web::percent_encode(all), false).value() == all);
}
