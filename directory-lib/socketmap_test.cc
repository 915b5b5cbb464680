// directory-lib/socketmap_test.cc -- tests of the socketmap protocol.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/socketmap.hh"

#include <boost/test/unit_test.hpp>

namespace directory {

namespace {

bool is_incomplete(std::string_view buffer) {
  const auto frame = read_netstring(buffer);
  return frame && !*frame;
}

bool is_broken(std::string_view buffer, std::size_t limit = socketmap_limit) {
  const auto frame = read_netstring(buffer, limit);
  return !frame && frame.error().code == base::Errc::malformed;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(socketmap)

BOOST_AUTO_TEST_CASE(a_netstring_is_taken_from_the_front_of_the_buffer) {
  const auto frame = read_netstring("5:hello,3:abc,");
  BOOST_REQUIRE(frame && *frame);
  BOOST_TEST((*frame)->payload == "hello");
  BOOST_TEST((*frame)->size == 8U);
}

BOOST_AUTO_TEST_CASE(an_empty_netstring_is_whole) {
  const auto frame = read_netstring("0:,");
  BOOST_REQUIRE(frame && *frame);
  BOOST_TEST((*frame)->payload.empty());
  BOOST_TEST((*frame)->size == 3U);
}

BOOST_AUTO_TEST_CASE(every_proper_prefix_of_a_netstring_is_incomplete) {
  const std::string whole = write_netstring("mailboxes alice@example.org");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    BOOST_TEST(is_incomplete(std::string_view(whole).substr(0, n)));
  }
}

BOOST_AUTO_TEST_CASE(what_can_never_become_a_netstring_is_refused_at_once) {
  for (const char* text : {"x", ":", "-1:a,", "5hello", "05:hello,", "00:,", "1:ab,", "9999999",
                           "100001", "100001:", " 1:a,", "GET / HTTP/1.0\r\n"}) {
    BOOST_TEST(is_broken(text), text);
  }
}

BOOST_AUTO_TEST_CASE(the_limit_holds_to_the_byte) {
  BOOST_TEST(is_incomplete("100000:"));
  BOOST_TEST(!is_broken("10:abcdefghij,", 10));
  BOOST_TEST(is_broken("11:abcdefghijk,", 10));
}

BOOST_AUTO_TEST_CASE(a_request_is_a_name_and_a_key_that_may_hold_spaces) {
  const auto request = parse_socketmap_request("aliases \"a b\"@example.org");
  BOOST_REQUIRE(request.has_value());
  BOOST_TEST(request->map == "aliases");
  BOOST_TEST(request->key == "\"a b\"@example.org");
}

BOOST_AUTO_TEST_CASE(a_request_without_name_or_key_is_malformed) {
  for (const char* text : {"", " ", "domains", "domains ", " example.org"}) {
    BOOST_TEST(!parse_socketmap_request(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(replies_are_written_as_postfix_reads_them) {
  BOOST_TEST(write_socketmap_reply({SocketmapStatus::ok, "a@b"}) == "6:OK a@b,");
  BOOST_TEST(write_socketmap_reply({SocketmapStatus::not_found, "ignored"}) == "9:NOTFOUND ,");
  BOOST_TEST(write_socketmap_reply({SocketmapStatus::temp, "down"}) == "9:TEMP down,");
  BOOST_TEST(write_socketmap_reply({SocketmapStatus::timeout, "slow"}) == "12:TIMEOUT slow,");
  BOOST_TEST(write_socketmap_reply({SocketmapStatus::perm, "a\r\nb"}) == "15:PERM a\\x0d\\x0ab,");
}

BOOST_AUTO_TEST_CASE(an_answer_over_the_limit_becomes_a_permanent_error) {
  BOOST_TEST(write_socketmap_reply({SocketmapStatus::ok, std::string(10, 'x')}, 12) ==
             "27:PERM the answer is too long,");
  BOOST_TEST(write_socketmap_reply({SocketmapStatus::ok, std::string(9, 'x')}, 12) ==
             "12:OK xxxxxxxxx,");
}

BOOST_AUTO_TEST_CASE(a_reply_reads_back_as_it_was_written) {
  for (const auto& reply :
       {SocketmapReply{SocketmapStatus::ok, "a, b"}, SocketmapReply{SocketmapStatus::not_found, ""},
        SocketmapReply{SocketmapStatus::temp, "why"}, SocketmapReply{SocketmapStatus::perm, "x"}}) {
    const std::string bytes = write_socketmap_reply(reply);
    const auto frame = read_netstring(bytes);
    BOOST_REQUIRE(frame && *frame);
    const auto again = parse_socketmap_reply((*frame)->payload);
    BOOST_TEST((again && *again == reply));
  }
  BOOST_TEST(!parse_socketmap_reply("MAYBE x").has_value());
  BOOST_TEST(!parse_socketmap_reply("OK").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace directory
