// mail-lib/mbox_test.cc -- mbox files of every dialect, and mails that go in and come out the same.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/mbox.hh"

#include <boost/test/unit_test.hpp>

namespace {

using mail::MboxMail;
using mail::MboxQuoting;

std::vector<MboxMail> read(std::string_view text, MboxQuoting quoting = MboxQuoting::mboxrd,
                           std::size_t piece = 4096) {
  mail::MboxReader reader(quoting);
  std::vector<MboxMail> mails;
  for (; !text.empty(); text.remove_prefix(std::min(piece, text.size()))) {
    BOOST_REQUIRE(reader.read(text.substr(0, piece), mails));
  }
  BOOST_REQUIRE(reader.finish(mails));
  return mails;
}

const std::string from = "From a@example.org Sat Jan  3 01:05:34 2026\n";

BOOST_AUTO_TEST_SUITE(mbox)

BOOST_AUTO_TEST_CASE(mails_are_split_at_from_lines_behind_empty_lines) {
  const std::string text = from + "Subject: 1\n\none\nFrom here on\n\nFrom nobody knows\n\n" +
                           from + "Subject: 2\n\ntwo\n\n\n" + from + "Subject: 3\n\n";
  for (const std::size_t piece : {1UL, 7UL, 4096UL}) {
    const auto mails = read(text, MboxQuoting::mboxrd, piece);
    BOOST_REQUIRE(mails.size() == 3U);
    BOOST_TEST(mails[0].octets == "Subject: 1\n\none\nFrom here on\n\nFrom nobody knows\n");
    BOOST_TEST(mails[1].octets == "Subject: 2\n\ntwo\n\n");
    BOOST_TEST(mails[2].octets == "Subject: 3\n\n");
    BOOST_TEST(mails[0].received.value() == 1'767'402'334);
  }
}

BOOST_AUTO_TEST_CASE(each_dialect_takes_its_own_quotes_away) {
  const std::string text = from + "S: x\n\n>From a\n>>From b\n> From c\n";
  BOOST_TEST(read(text, MboxQuoting::mboxrd)[0].octets == "S: x\n\nFrom a\n>From b\n> From c\n");
  BOOST_TEST(read(text, MboxQuoting::mboxo)[0].octets == "S: x\n\nFrom a\n>>From b\n> From c\n");
  BOOST_TEST(read(text, MboxQuoting::none)[0].octets == "S: x\n\n>From a\n>>From b\n> From c\n");
}

BOOST_AUTO_TEST_CASE(status_fields_become_flags_and_go) {
  const auto mails = read(from + "Subject: x\nStatus: RO\nX-Status:\n AF\nTo: b\n\nStatus: body\n");
  BOOST_TEST(mails[0].octets == "Subject: x\nTo: b\n\nStatus: body\n");
  BOOST_TEST((mails[0].flags == mail::MboxFlags{true, true, true, false, false}));
}

BOOST_AUTO_TEST_CASE(content_length_is_not_trusted_and_crlf_becomes_lf) {
  const auto mails = read("From a Sat Jan 3 01:05 2026\r\nContent-Length: 9999\r\n\r\none\r\n\r\n" +
                          from + "Content-Length: 1\n\ntwo\n");
  BOOST_REQUIRE(mails.size() == 2U);
  BOOST_TEST(mails[0].octets == "Content-Length: 9999\n\none\n");
  BOOST_TEST(mails[1].octets == "Content-Length: 1\n\ntwo\n");
}

BOOST_AUTO_TEST_CASE(from_lines_come_in_many_forms) {
  BOOST_TEST(mail::parse_from_line("From a@b Sat Jan 03 01:05:34 2026").value() == 1'767'402'334);
  BOOST_TEST(mail::parse_from_line("From a@b Sat Jan  3 01:05:34 CET 2026").value() ==
             1'767'402'334);
  BOOST_TEST(mail::parse_from_line("From - Sat Jan 3 01:05:34 2026 +0100").value() ==
             1'767'402'334);
  BOOST_TEST(mail::parse_from_line("From Sat Jan 3 01:05:34 2026").value() == 1'767'402'334);
  for (const char* text : {"From the start", "From a@b", "From a Sat Jan 40 01:05:34 2026",
                           "From a Sat Jan 3 25:05:34 2026", "from a Sat Jan 3 01:05:34 2026"}) {
    BOOST_TEST(!mail::parse_from_line(text));
  }
}

BOOST_AUTO_TEST_CASE(another_file_is_no_mbox) {
  mail::MboxReader reader(MboxQuoting::mboxrd);
  std::vector<MboxMail> mails;
  BOOST_TEST(!reader.read("Subject: a single mail\n\nbody\n", mails));
  BOOST_TEST(read("").empty());
}

BOOST_AUTO_TEST_CASE(what_is_written_reads_back_the_same) {
  const std::vector<std::string> texts{
      "Subject: x\n\nFrom a\n>From b\n\n" + from + "\n\n",
      "Subject: only a header\n\n",
      "Subject: x\n\n\n\nempty lines\n\n\n",
      "Subject: crlf\r\n\r\nbody\r\nFrom x\r\n",
      "From: x\n\n>>>From deep\n",
  };
  std::string file;
  for (const std::string& text : texts) {
    file += mail::mbox_entry(text, "a b@example.org", 1'767'402'334,
                             {true, text.size() % 2 == 0, true, false, true});
  }
  const auto mails = read(file);
  BOOST_REQUIRE(mails.size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    BOOST_TEST(mails[i].octets == texts[i]);
    BOOST_TEST(mails[i].received.value() == 1'767'402'334);
    BOOST_TEST(
        (mails[i].flags == mail::MboxFlags{true, texts[i].size() % 2 == 0, true, false, true}));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
