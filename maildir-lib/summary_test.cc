// maildir-lib/summary_test.cc -- rows of lists, base subjects, and what joins messages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/summary.hh"

#include <algorithm>

#include <boost/test/unit_test.hpp>

namespace {

bool share_a_key(const std::string& a, const std::string& b) {
  const auto one = maildir::summarize(a).thread_keys;
  const auto other = maildir::summarize(b).thread_keys;
  return std::any_of(one.begin(), one.end(), [&](std::int64_t key) {
    return std::find(other.begin(), other.end(), key) != other.end();
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(base_subjects_lose_prefixes_and_tags) {
  using maildir::base_subject;
  BOOST_TEST(base_subject(" Re: Hello  World ") == "helloworld");
  BOOST_TEST(base_subject("RE[2]: AW: Fwd: [list] Re: hello world (fwd)") == "helloworld");
  BOOST_TEST(base_subject("回复：会议安排") == base_subject("会议安排"));
  BOOST_TEST(base_subject("=?utf-8?q?Re:_Gr=C3=BC=C3=9Fe?=") == "grüße");
  BOOST_TEST(base_subject("Report") == "report");
  BOOST_TEST(base_subject("Re") == "re");
  BOOST_TEST(base_subject("[only a tag]") == "[onlyatag]");
  BOOST_TEST(base_subject("Re:") == "");
  BOOST_TEST(base_subject("Re[") == "re[");
}

BOOST_AUTO_TEST_CASE(messages_join_by_ids_under_one_subject) {
  const std::string first = "Message-ID: <1@x>\nSubject: Plan\n\n";
  BOOST_TEST(share_a_key(first, "Message-ID: <2@x>\nIn-Reply-To: <1@x>\nSubject: Re: plan\n\n"));
  BOOST_TEST(share_a_key(first, "References: <0@x> <1@x>\n <3@x>\nSubject: PLAN\n\n"));
  BOOST_TEST(!share_a_key(first, "In-Reply-To: <1@x>\nSubject: Other\n\n"));
  BOOST_TEST(!share_a_key(first, "Message-ID: <2@x>\nSubject: Plan\n\n"));
  BOOST_TEST(maildir::summarize("Subject: no ids\n\n").thread_keys.empty());
}

BOOST_AUTO_TEST_CASE(rows_hold_listed_fields_as_written_and_say_what_they_leave_out) {
  const std::string references(3000, 'r');
  const auto summary = maildir::summarize(
      "From: =?utf-8?q?A?= <a@x>\r\nX-Spam: no\r\nTO: b@x,\r\n c@x\r\nReferences: <" + references +
      ">\r\n\r\nHello there.\r\n");
  const auto fields = maildir::listed_header(summary.header);
  BOOST_REQUIRE(fields.size() == 2U);
  BOOST_TEST(fields[0].value == " =?utf-8?q?A?= <a@x>");
  BOOST_TEST(fields[1].name == "TO");
  BOOST_TEST(fields[1].value == " b@x,\r\n c@x");
  BOOST_TEST(maildir::is_listed("From", summary.omitted));
  BOOST_TEST(maildir::is_listed("Subject", summary.omitted));
  BOOST_TEST(!maildir::is_listed("references", summary.omitted));
  BOOST_TEST(!maildir::is_listed("X-Spam", summary.omitted));
  BOOST_TEST(summary.preview == "Hello there.");
  BOOST_TEST(!summary.has_attachment);
}
