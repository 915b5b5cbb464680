// mail-lib/authres_test.cc -- whose field it is, whatever its writer tried, and what we write.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/authres.hh"

#include <array>

#include <boost/test/unit_test.hpp>

using mail::AuthResult;
using mail::authserv_id;
using mail::claims_authserv;
using mail::write_authres;

BOOST_AUTO_TEST_SUITE(authentication_results)

BOOST_AUTO_TEST_CASE(the_id_is_found_through_folds_comments_quotes_and_versions) {
  for (const char* value :
       {"mx.example.org; none", " mx.example.org;\n\tspf=pass", "MX.Example.Org 1; none",
        "(a (nested) comment) mx.example.org (v) 1 (w); none", "\"mx.example.org\"; none",
        "\"mx\\.example.org\"; none", "mx.example.org", "mx.example.org.; none",
        "\r\n mx.example.org\r\n ; none"}) {
    const auto id = authserv_id(value);
    BOOST_REQUIRE_MESSAGE(id, value);
    BOOST_TEST(*id == "mx.example.org", value);
  }
}

BOOST_AUTO_TEST_CASE(broken_fields_have_no_id) {
  for (const char* value : {"", " ", "; none", "(never ends", "\"never ends", "a b; none",
                            "mx@example.org; none", "mx.example.org spf=pass", "mx.example.org, x",
                            "mx(c).example.org; none", "mx.example.org 1 2; none"}) {
    BOOST_TEST(!authserv_id(value), value);
  }
}

BOOST_AUTO_TEST_CASE(a_field_in_our_name_is_ours_also_when_it_is_broken) {
  for (const char* value :
       {"mx.example.org; spf=pass", "mx.EXAMPLE.org 1; x", "mx.example.org spf=pass",
        "mx(c).example.org; dkim=pass", "mx. example.org; x", "; mx.example.org; x",
        "\"mx.example.org; x", "(mx.example.org; x", "m\\x.example.org x; y",
        "other mx.example.org; x"}) {
    BOOST_TEST(claims_authserv(value, "mx.example.org"), value);
  }
}

BOOST_AUTO_TEST_CASE(a_field_of_another_is_kept) {
  for (const char* value :
       {"other.example; spf=pass smtp.mailfrom=mx.example.org", "mx.example.org.evil.test; x",
        "evil-mx.example.org; x", "broken of another; x", "(mx.example.org) other.test; x", ""}) {
    BOOST_TEST(!claims_authserv(value, "mx.example.org"), value);
  }
}

BOOST_AUTO_TEST_CASE(results_are_written_one_a_line_and_quoted_as_needed) {
  const std::array<AuthResult, 2> results{{
      {"iprev", "pass", "host (odd)", {{"policy.iprev", "2001:db8::1"}}},
      {"auth", "pass", "", {{"smtp.auth", "a@b.test"}, {"smtp.x", "odd \"x\"\r\nBcc: y"}}},
  }};
  BOOST_TEST(write_authres("mx.test", results) ==
             "mx.test;\n\tiprev=pass (host \\(odd\\)) policy.iprev=\"2001:db8::1\";"
             "\n\tauth=pass smtp.auth=a@b.test smtp.x=\"odd \\\"x\\\"??Bcc: y\"");
  BOOST_TEST(write_authres("mx.test", {}) == "mx.test; none");
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_as_ours_and_lines_stay_short) {
  AuthResult result{
      "iprev", "fail", std::string(60, 'c'), {{"policy.iprev", std::string(60, 'v')}}};
  const std::array<AuthResult, 3> results{result, result, result};
  const std::string text = write_authres("mx.test", results);
  BOOST_TEST(authserv_id(text).value() == "mx.test");
  std::size_t start = 0;
  for (std::size_t end = 0; end != std::string::npos; start = end + 1) {
    end = text.find('\n', start);
    BOOST_TEST(text.substr(start, end - start).size() <= 78U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
