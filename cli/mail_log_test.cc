// cli/mail_log_test.cc -- a message found again in the lines of the mail log.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/mail_log.hh"

#include <boost/test/unit_test.hpp>

namespace {

cli::LoggedMail read(std::initializer_list<std::string_view> lines) {
  cli::LoggedMail mail("4WxYz12abcZ");
  for (const std::string_view line : lines) {
    mail.take(line);
  }
  return mail;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(mail_log)

BOOST_AUTO_TEST_CASE(a_delivered_mail_is_put_together_from_its_lines) {
  const auto mail = read({
      "Nov 22 09:50:58 mx1 postfix/smtpd[141]: 4WxYz12abcZ: client=mx.example.org[192.0.2.1], "
      "sasl_method=PLAIN, sasl_username=bob@example.net\n",
      "Nov 22 09:50:58 mx1 postfix/smtpd[141]: 4OtherMail1: client=other.example[192.0.2.9]",
      "Nov 22 09:50:58 mx1 postfix/cleanup[142]: 4WxYz12abcZ: message-id=<x@example.org>",
      "Nov 22 09:50:58 mx1 postfix/qmgr[12]: 4WxYz12abcZ: from=<a@example.org>, size=1234, nrcpt=2 "
      "(queue active)",
      "Nov 22 09:50:59 mx1 postfix/lmtp[15]: 4WxYz12abcZ: to=<bob@example.net>, "
      "orig_to=<info@example.net>, relay=mx1[private/lmtp], delay=1, status=sent",
      "Nov 22 09:50:59 mx1 postfix/lmtp[15]: 4WxYz12abcZ: to=<carol@example.net>, relay=mx1",
  });
  BOOST_TEST(mail.is_found());
  BOOST_TEST(mail.client == "192.0.2.1");
  BOOST_TEST(mail.name == "mx.example.org");
  BOOST_TEST(mail.user == "bob@example.net");
  BOOST_TEST(mail.sender.value_or("?") == "a@example.org");
  BOOST_TEST(mail.size == "1234");
  BOOST_REQUIRE(mail.recipients.size() == 2U);
  BOOST_TEST(mail.recipients[0] == "info@example.net");
  BOOST_TEST(mail.recipients[1] == "carol@example.net");
}

BOOST_AUTO_TEST_CASE(a_refusal_tells_the_rest_from_its_end) {
  const auto mail = read({
      "2026-11-22T09:50:58Z mx1 postfix/smtpd[143]: 4WxYz12abcZ: reject: RCPT from "
      "unknown[2001:db8::1]: 450 4.7.1 <x@y>: a; from=<lie@example> to=<lie@example>; "
      "from=<> to=<bob@example.net> proto=ESMTP helo=<[192.0.2.7]>",
  });
  BOOST_TEST(mail.client == "2001:db8::1");
  BOOST_TEST(mail.name == "unknown");
  BOOST_TEST(mail.helo == "[192.0.2.7]");
  BOOST_TEST(mail.sender.value_or("?").empty());
  BOOST_REQUIRE(mail.recipients.size() == 1U);
  BOOST_TEST(mail.recipients[0] == "bob@example.net");
}

BOOST_AUTO_TEST_CASE(our_own_line_is_enough) {
  const auto mail = read({
      "2026-11-22T09:02:05Z posthouse-policyd[4]: 4WxYz12abcZ: policyd.greylist.pass action=dunno "
      "client=192.0.2.7 name=mx.example.org sender=\"a \\\"b\\\"@example.org\" "
      "recipient=bob@example.net reason=\"came back after 2 s\"",
  });
  BOOST_TEST(mail.client == "192.0.2.7");
  BOOST_TEST(mail.sender.value_or("?") == "a \"b\"@example.org");
  BOOST_REQUIRE(mail.recipients.size() == 1U);
  BOOST_TEST(mail.recipients[0] == "bob@example.net");
}

BOOST_AUTO_TEST_CASE(a_queue_id_is_letters_and_digits) {
  BOOST_TEST(cli::is_queue_id("251A0A84964"));
  BOOST_TEST(cli::is_queue_id("4WxYz12abcZ"));
  BOOST_TEST(!cli::is_queue_id("NOQUEUE: x"));
  BOOST_TEST(!cli::is_queue_id("../x"));
  BOOST_TEST(!cli::is_queue_id(""));
}

BOOST_AUTO_TEST_SUITE_END()
