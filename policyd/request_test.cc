// policyd/request_test.cc -- requests whole and in pieces, and each way to break one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/request.hh"

#include <boost/test/unit_test.hpp>

using policy::Attribute;
using policy::RequestReader;

namespace {

constexpr std::string_view plain =
    "request=smtpd_access_policy\nprotocol_state=RCPT\nsender=a=b@example.org\n"
    "recipient=bob@example.net\nclient_address=192.0.2.1\nnovelty=1\nsasl_username=\n\n";

// The reason `input` is refused, or "" when it is not.
std::string refusal(std::string_view input, policy::RequestLimits limits = {}) {
  RequestReader reader(limits);
  reader.append(input);
  while (true) {
    const auto request = reader.next();
    if (!request) {
      return request.error().detail;
    }
    if (!*request) {
      return {};
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(request)

BOOST_AUTO_TEST_CASE(a_request_gives_its_attributes_and_skips_unknown_ones) {
  RequestReader reader;
  reader.append(plain);
  const auto request = reader.next();
  BOOST_REQUIRE(request && *request);
  BOOST_TEST((**request)[Attribute::protocol_state] == "RCPT");
  BOOST_TEST((**request)[Attribute::sender] == "a=b@example.org");
  BOOST_TEST((**request)[Attribute::client_address] == "192.0.2.1");
  BOOST_TEST((**request)[Attribute::sasl_username].empty());
  BOOST_TEST((**request)[Attribute::instance].empty());
  BOOST_TEST(!reader.is_midway());
  BOOST_TEST(!*reader.next());
}

BOOST_AUTO_TEST_CASE(a_request_cut_at_any_byte_is_the_same_request) {
  for (std::size_t cut = 0; cut <= plain.size(); ++cut) {
    RequestReader reader;
    reader.append(plain);
    BOOST_REQUIRE(reader.next().value());
    reader.append(plain.substr(0, cut));
    auto first = reader.next();
    BOOST_REQUIRE(first);
    if (cut < plain.size()) {
      BOOST_TEST(!*first);
      BOOST_TEST(reader.is_midway() == (cut > 0));
      reader.append(plain.substr(cut));
      first = reader.next();
    }
    BOOST_REQUIRE(first && *first);
    BOOST_TEST((**first)[Attribute::recipient] == "bob@example.net");
    BOOST_TEST((**first)[Attribute::sender] == "a=b@example.org");
  }
}

BOOST_AUTO_TEST_CASE(requests_in_one_read_come_one_by_one) {
  RequestReader reader;
  reader.append("request=smtpd_access_policy\nsender=one\n\nrequest=smtpd_access_policy\n\nrequ");
  const auto first = reader.next();
  BOOST_REQUIRE(first && *first);
  BOOST_TEST((**first)[Attribute::sender] == "one");
  const auto second = reader.next();
  BOOST_REQUIRE(second && *second);
  BOOST_TEST((**second)[Attribute::sender].empty());  // nothing is left over from the first
  BOOST_TEST(!*reader.next());
  BOOST_TEST(reader.is_midway());
}

BOOST_AUTO_TEST_CASE(of_an_attribute_given_twice_the_last_counts) {
  RequestReader reader;
  reader.append("request=smtpd_access_policy\nsender=a\nsender=b\n\n");
  BOOST_TEST((**reader.next())[Attribute::sender] == "b");
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_refused_with_the_reason) {
  BOOST_TEST(refusal("sender=a\n\n") == "a request without request=smtpd_access_policy");
  BOOST_TEST(refusal("\n") == "a request without request=smtpd_access_policy");
  BOOST_TEST(refusal("request=junk\x01\n\n") == "a control byte in a request line");
  BOOST_TEST(refusal("request=other\n\n") == "an unknown request=other");
  BOOST_TEST(refusal("GET / HTTP/1.1\r\n") == "a control byte in a request line");
  BOOST_TEST(refusal("hello\n") == "a request line without name=value");
  BOOST_TEST(refusal("=value\n") == "a request line without name=value");
  BOOST_TEST(refusal(std::string_view("a=\0b\n", 5)) == "a control byte in a request line");
}

BOOST_AUTO_TEST_CASE(each_limit_holds_at_its_border) {
  const policy::RequestLimits limits{.line = 30, .attributes = 3, .total = 80};
  const std::string head = "request=smtpd_access_policy\n";
  BOOST_TEST(refusal(head + "b=" + std::string(28, 'x') + "\n\n", limits).empty());
  BOOST_TEST(refusal(head + "b=" + std::string(29, 'x'), limits) ==
             "a request line longer than 30 bytes");
  BOOST_TEST(refusal(head + "b=1\nc=2\n\n", limits).empty());
  BOOST_TEST(refusal(head + "b=1\nc=2\nd=3\n", limits) == "more than 3 attributes in a request");
  BOOST_TEST(refusal(head + "b=" + std::string(27, 'x') + "\nc=" + std::string(27, 'x'), limits) ==
             "a request longer than 80 bytes");
}

BOOST_AUTO_TEST_CASE(a_line_that_never_ends_is_refused_before_it_fills_memory) {
  RequestReader reader;
  bool refused = false;
  for (int i = 0; i < 100 && !refused; ++i) {
    reader.append(std::string(1000, 'x'));
    refused = !reader.next();
  }
  BOOST_TEST(refused);
  reader.append(plain);  // the stream stays refused
  BOOST_TEST(!reader.next());
}

BOOST_AUTO_TEST_SUITE_END()
