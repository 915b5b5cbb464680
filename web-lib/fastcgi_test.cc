// web-lib/fastcgi_test.cc -- the FastCGI protocol, spoken well and badly.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/fastcgi.hh"

#include <boost/test/unit_test.hpp>

namespace {

using web::FastcgiConnection;
using web::FastcgiFault;

constexpr std::string_view keep("\0\1\1\0\0\0\0\0", 8);
constexpr std::string_view no_keep("\0\1\0\0\0\0\0\0", 8);

std::string record(int type, int id, std::string_view content) {
  std::string out;
  web::append_fastcgi_record(out, static_cast<std::uint8_t>(type), static_cast<std::uint16_t>(id),
                             content);
  return out;
}

std::string params(std::initializer_list<std::pair<std::string_view, std::string_view>> pairs) {
  std::string out;
  for (const auto& [name, value] : pairs) {
    web::append_fastcgi_pair(out, name, value);
  }
  return out;
}

std::string whole_request(std::string_view begin, std::string_view body) {
  std::string out = record(1, 1, begin);
  out += record(4, 1, params({{"REQUEST_METHOD", "POST"}, {"LONG", std::string(300, 'x')}}));
  out += record(4, 1, "");
  if (!body.empty()) {
    out += record(5, 1, body);
  }
  return out + record(5, 1, "");
}

// The types of the records in `bytes`, as letters 'a' + type.
std::string types_of(std::string_view bytes) {
  std::string types;
  while (bytes.size() >= 8) {
    types += static_cast<char>('a' + bytes[1]);
    const auto high = static_cast<std::uint8_t>(bytes[4]);
    const auto low = static_cast<std::uint8_t>(bytes[5]);
    bytes.remove_prefix(8 + std::size_t{high} * 256 + low + static_cast<std::uint8_t>(bytes[6]));
  }
  return types;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_request_arrives_whole_however_its_bytes_are_split) {
  const std::string bytes = whole_request(keep, "hello");
  for (std::size_t step = 1; step < bytes.size(); ++step) {
    FastcgiConnection connection({});
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      BOOST_TEST_REQUIRE(connection.receive(bytes.substr(at, step)).has_value());
    }
    const auto request = connection.next_request();
    BOOST_TEST_REQUIRE(request.has_value());
    BOOST_TEST(request->body == "hello");
    BOOST_TEST(request->params.size() == 2U);
    BOOST_TEST(request->params[1].second.size() == 300U);
  }
}

BOOST_AUTO_TEST_CASE(parameters_may_be_split_between_records_inside_a_length) {
  const std::string stream = params({{"A", std::string(200, 'v')}, {"B", "2"}});
  for (std::size_t cut = 1; cut < stream.size(); cut += 7) {
    FastcgiConnection connection({});
    const std::string bytes = record(1, 9, keep) + record(4, 9, stream.substr(0, cut)) +
                              record(4, 9, stream.substr(cut)) + record(4, 9, "") +
                              record(5, 9, "");
    BOOST_TEST_REQUIRE(connection.receive(bytes).has_value());
    const auto request = connection.next_request();
    BOOST_TEST_REQUIRE(request.has_value());
    BOOST_TEST((request->fault == FastcgiFault::none));
    BOOST_TEST(request->params[1].second == "2");
  }
}

BOOST_AUTO_TEST_CASE(a_kept_connection_serves_one_request_after_the_other) {
  FastcgiConnection connection({});
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST_REQUIRE(connection.receive(whole_request(keep, "x")).has_value());
    BOOST_TEST_REQUIRE(connection.next_request().has_value());
    connection.respond(std::string(70'000, 'y'));
    connection.finish();
    BOOST_TEST(types_of(connection.take_output()) == "gggd");
    BOOST_TEST(!connection.wants_close());
  }
  BOOST_TEST_REQUIRE(connection.receive(whole_request(no_keep, "x")).has_value());
  BOOST_TEST_REQUIRE(connection.next_request().has_value());
  connection.finish();
  BOOST_TEST(connection.wants_close());
}

BOOST_AUTO_TEST_CASE(a_record_that_lies_about_its_length_ends_the_connection) {
  std::string bytes = whole_request(keep, "hello");
  bytes[5] = 16;  // FCGI_BEGIN_REQUEST says 16: it swallows the next header
  FastcgiConnection connection({});
  BOOST_TEST(!connection.receive(bytes).has_value());
  FastcgiConnection padded({});
  bytes = whole_request(keep, "hello");
  bytes[6] = 3;  // padding that is not there
  BOOST_TEST(!padded.receive(bytes).has_value());
}

BOOST_AUTO_TEST_CASE(a_parameter_length_over_the_end_is_a_bad_request) {
  FastcgiConnection connection({});
  const std::string bytes = record(1, 1, keep) + record(4, 1, "\xFF\xFF\xFF\xFF\x01name") +
                            record(4, 1, "") + record(5, 1, "");
  BOOST_TEST_REQUIRE(connection.receive(bytes).has_value());
  const auto request = connection.next_request();
  BOOST_TEST_REQUIRE(request.has_value());
  BOOST_TEST((request->fault == FastcgiFault::bad_params));
}

BOOST_AUTO_TEST_CASE(parameters_that_never_end_are_refused_at_the_limit) {
  FastcgiConnection connection({4096, 4096});
  BOOST_TEST_REQUIRE(connection.receive(record(1, 1, keep)).has_value());
  std::optional<web::FastcgiRequest> request;
  for (int i = 0; i < 100 && !request; ++i) {
    BOOST_TEST_REQUIRE(connection.receive(record(4, 1, std::string(1000, '\1'))).has_value());
    request = connection.next_request();
  }
  BOOST_TEST_REQUIRE(request.has_value());
  BOOST_TEST((request->fault == FastcgiFault::params_too_large));
  connection.finish();
  // What is still under way does not matter, and the next request is served.
  BOOST_TEST_REQUIRE(connection.receive(record(4, 1, "more") + record(5, 1, "")).has_value());
  BOOST_TEST_REQUIRE(connection.receive(whole_request(keep, "x")).has_value());
  BOOST_TEST(connection.next_request().has_value());
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_refused_before_its_end) {
  FastcgiConnection connection({4096, 1000});
  const std::string begin = record(1, 1, keep) + record(4, 1, params({{"A", "b"}})) +
                            record(4, 1, "") + record(5, 1, std::string(600, 'x'));
  BOOST_TEST_REQUIRE(connection.receive(begin).has_value());
  BOOST_TEST(!connection.next_request().has_value());
  BOOST_TEST_REQUIRE(connection.receive(record(5, 1, std::string(600, 'x'))).has_value());
  const auto request = connection.next_request();
  BOOST_TEST_REQUIRE(request.has_value());
  BOOST_TEST((request->fault == FastcgiFault::body_too_large));
}

BOOST_AUTO_TEST_CASE(a_second_request_at_a_time_is_told_no) {
  FastcgiConnection connection({});
  BOOST_TEST_REQUIRE(connection.receive(record(1, 1, keep) + record(1, 2, keep)).has_value());
  const std::string output = connection.take_output();
  BOOST_TEST(types_of(output) == "d");
  BOOST_TEST(output[3] == 2);
  BOOST_TEST(output[12] == 1);  // FCGI_CANT_MPX_CONN
  BOOST_TEST(!connection.receive(record(1, 1, keep)).has_value());
}

BOOST_AUTO_TEST_CASE(values_are_told_and_unknown_types_named) {
  FastcgiConnection connection({});
  BOOST_TEST_REQUIRE(
      connection.receive(record(9, 0, params({{"FCGI_MPXS_CONNS", ""}, {"OTHER", ""}})))
          .has_value());
  const std::string values = connection.take_output();
  BOOST_TEST(types_of(values) == "k");
  BOOST_TEST(values.find("FCGI_MPXS_CONNS0") != std::string::npos);
  BOOST_TEST_REQUIRE(connection.receive(record(77, 0, "?")).has_value());
  BOOST_TEST(types_of(connection.take_output()) == "l");
}

BOOST_AUTO_TEST_CASE(an_aborted_request_gets_its_end_and_no_answer) {
  FastcgiConnection connection({});
  BOOST_TEST_REQUIRE(connection.receive(record(1, 1, keep) + record(2, 1, "")).has_value());
  BOOST_TEST(types_of(connection.take_output()) == "d");
  BOOST_TEST_REQUIRE(connection.receive(whole_request(keep, "x")).has_value());
  BOOST_TEST_REQUIRE(connection.next_request().has_value());
  BOOST_TEST_REQUIRE(connection.receive(record(2, 1, "")).has_value());
  BOOST_TEST(connection.is_aborted());
  connection.respond("late");
  connection.finish();
  BOOST_TEST(types_of(connection.take_output()) == "d");
}

BOOST_AUTO_TEST_CASE(other_roles_and_other_protocols_are_refused) {
  FastcgiConnection connection({});
  BOOST_TEST_REQUIRE(
      connection.receive(record(1, 1, std::string_view("\0\2\0\0\0\0\0\0", 8))).has_value());
  BOOST_TEST(connection.take_output()[12] == 3);  // FCGI_UNKNOWN_ROLE
  BOOST_TEST(connection.wants_close());
  FastcgiConnection http({});
  BOOST_TEST(!http.receive("GET / HTTP/1.1\r\n\r\n").has_value());
}
