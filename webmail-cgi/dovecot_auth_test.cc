// webmail-cgi/dovecot_auth_test.cc -- Dovecot's auth protocol, both sockets, good and hostile.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/dovecot_auth.hh"

#include <boost/test/unit_test.hpp>

namespace {

using webmail::AuthReply;
using webmail::DovecotAuth;
using Verdict = AuthReply::Verdict;

constexpr std::string_view greeting =
    "VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t7\nCUID\t1\nCOOKIE\tabc\nDONE\n";

AuthReply reply_to(DovecotAuth& auth, std::string_view line) {
  BOOST_TEST_REQUIRE(auth.receive(line).has_value());
  auto reply = auth.next_reply();
  BOOST_TEST_REQUIRE(reply.has_value());
  return *reply;
}

}  // namespace

BOOST_AUTO_TEST_CASE(questions_wait_for_the_end_of_the_handshake) {
  DovecotAuth auth(DovecotAuth::Kind::client, 42);
  BOOST_TEST(auth.take_output() == "VERSION\t1\t1\nCPID\t42\n");
  const auto id = auth.ask_password("alice@example.org", "secret", "192.0.2.1");
  BOOST_TEST_REQUIRE(id.has_value());
  BOOST_TEST(auth.take_output().empty());
  for (const char c : greeting) {
    BOOST_TEST_REQUIRE(auth.receive({&c, 1}).has_value());
  }
  BOOST_TEST(auth.take_output() ==
             "AUTH\t1\tPLAIN\tservice=webmail\trip=192.0.2.1\tsecured\t"
             "resp=AGFsaWNlQGV4YW1wbGUub3JnAHNlY3JldA==\n");
}

BOOST_AUTO_TEST_CASE(a_right_password_gives_the_name_as_dovecot_has_it) {
  DovecotAuth auth(DovecotAuth::Kind::client, 1);
  BOOST_TEST_REQUIRE(auth.receive(greeting).has_value());
  BOOST_TEST(auth.ask_password("Alice", "x", "").value() == 1U);
  const auto reply = reply_to(auth, "OK\t1\tuser=alice@example.org\n");
  BOOST_TEST((reply.verdict == Verdict::ok));
  BOOST_TEST(reply.user == "alice@example.org");
}

BOOST_AUTO_TEST_CASE(wrong_and_cannot_say_are_told_apart) {
  DovecotAuth auth(DovecotAuth::Kind::client, 1);
  BOOST_TEST_REQUIRE(auth.receive(greeting).has_value());
  for (int i = 0; i < 6; ++i) {
    BOOST_TEST_REQUIRE(auth.ask_password("a", "x", "").has_value());
  }
  BOOST_TEST((reply_to(auth, "FAIL\t1\tuser=a\n").verdict == Verdict::refused));
  BOOST_TEST((reply_to(auth, "FAIL\t2\tuser=a\ttemp\n").verdict == Verdict::temporary));
  BOOST_TEST((reply_to(auth, "FAIL\t3\tuser=a\tcode=temp_fail\n").verdict == Verdict::temporary));
  BOOST_TEST((reply_to(auth, "CONT\t4\tabc\n").verdict == Verdict::temporary));
  BOOST_TEST((reply_to(auth, "OK\t5\tuser=a\001tb\n").verdict == Verdict::temporary));
  BOOST_TEST((reply_to(auth, "OK\t6\n").verdict == Verdict::temporary));
}

BOOST_AUTO_TEST_CASE(a_home_comes_from_the_user_database) {
  DovecotAuth auth(DovecotAuth::Kind::userdb, 1);
  BOOST_TEST_REQUIRE(auth.receive("VERSION\t1\t2\nSPID\t7\n").has_value());
  BOOST_TEST(auth.take_output() == "VERSION\t1\t1\n");
  BOOST_TEST(auth.look_up("al ice").value() == 1U);
  BOOST_TEST(auth.take_output() == "USER\t1\tal ice\tservice=webmail\n");
  const auto reply = reply_to(auth, "USER\t1\talice\tuid=5\thome=/var/a\001tb\tx\n");
  BOOST_TEST((reply.verdict == Verdict::ok));
  BOOST_TEST(reply.home == "/var/a\tb");
  BOOST_TEST(auth.look_up("bob").value() == 2U);
  BOOST_TEST((reply_to(auth, "NOTFOUND\t2\n").verdict == Verdict::refused));
  BOOST_TEST(auth.look_up("carol").value() == 3U);
  BOOST_TEST((reply_to(auth, "FAIL\t3\treason=x\n").verdict == Verdict::temporary));
}

BOOST_AUTO_TEST_CASE(answers_nobody_asked_for_are_ignored) {
  DovecotAuth auth(DovecotAuth::Kind::client, 1);
  BOOST_TEST_REQUIRE(auth.receive(greeting).has_value());
  BOOST_TEST_REQUIRE(auth.receive("OK\t1\tuser=root\nOK\nOK\tx\nNONSENSE\n\n").has_value());
  BOOST_TEST(!auth.next_reply().has_value());
  BOOST_TEST_REQUIRE(auth.ask_password("a", "x", "").has_value());
  BOOST_TEST_REQUIRE(auth.receive("FAIL\t1\nOK\t1\tuser=a\n").has_value());
  BOOST_TEST((auth.next_reply()->verdict == Verdict::refused));
  BOOST_TEST(!auth.next_reply().has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_this_protocol_ends_the_connection) {
  DovecotAuth other(DovecotAuth::Kind::client, 1);
  BOOST_TEST(!other.receive("VERSION\t2\t0\n").has_value());
  DovecotAuth no_plain(DovecotAuth::Kind::client, 1);
  BOOST_TEST(!no_plain.receive("VERSION\t1\t2\nMECH\tGSSAPI\nDONE\n").has_value());
  DovecotAuth endless(DovecotAuth::Kind::client, 1);
  BOOST_TEST(!endless.receive(std::string(100'000, 'x')).has_value());
}

BOOST_AUTO_TEST_CASE(names_and_passwords_that_could_break_the_line_are_not_sent) {
  DovecotAuth auth(DovecotAuth::Kind::client, 1);
  BOOST_TEST_REQUIRE(auth.receive(greeting).has_value());
  auth.take_output();
  for (const std::string& user : {std::string(), std::string("a\tb"), std::string("a\nb"),
                                  std::string("a\0b", 3), std::string(300, 'a')}) {
    BOOST_TEST(!auth.ask_password(user, "x", "").has_value());
    BOOST_TEST(!auth.look_up(user).has_value());
  }
  BOOST_TEST(!auth.ask_password("a", std::string("x\0y", 3), "").has_value());
  BOOST_TEST(auth.take_output().empty());
  BOOST_TEST(webmail::unescape_auth_field(webmail::escape_auth_field("a\t\r\n\1")) == "a\t\r\n\1");
}
