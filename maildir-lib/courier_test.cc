// maildir-lib/courier_test.cc -- Courier's files as its servers write them, old and damaged ones.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/courier.hh"

#include <boost/test/unit_test.hpp>

namespace {

using Names = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(courier)

BOOST_AUTO_TEST_CASE(uids_come_in_their_order_and_the_next_is_above_all) {
  const auto uids = maildir::parse_courier_uids(
      "1 795373429 7\n5 1113.M1P1.host\n2 1112.M1P1.host,S=12\n9 1114.M1P1.host\n");
  BOOST_REQUIRE(uids);
  BOOST_TEST(uids->uid_validity == 795373429U);
  BOOST_TEST(uids->next_uid == 10U);
  BOOST_REQUIRE(uids->mails.size() == 3U);
  BOOST_TEST(uids->mails[0].uid == 2U);
  BOOST_TEST(uids->mails[0].base == "1112.M1P1.host,S=12");
  BOOST_TEST(uids->mails[2].uid == 9U);
  BOOST_TEST(uids->unread == 0U);
}

BOOST_AUTO_TEST_CASE(lines_that_are_none_are_counted_and_passed_over) {
  const auto uids = maildir::parse_courier_uids(
      "1 5 4\n\nx y\n0 a\n1\n2 \n3 .hidden\n3 a/b\n99999999999 c\n1 a\n1 b\n2 a\n3 d:2,S");
  BOOST_REQUIRE(uids);
  BOOST_REQUIRE(uids->mails.size() == 3U);
  BOOST_TEST(uids->mails[0].base == "b");  // a has a later one
  BOOST_TEST(uids->mails[1].base == "a");
  BOOST_TEST(uids->mails[1].uid == 2U);
  BOOST_TEST(uids->mails[2].base == "d");
  BOOST_TEST(uids->unread == 9U);
}

BOOST_AUTO_TEST_CASE(a_first_line_with_other_numbers_is_refused) {
  for (const char* text : {"", "\n", "1", "1 5", "2 5 6\n", "1 0 6\n", "1 5 0\n", "1 5 x\n",
                           "1 4294967296 2\n", "1 5 4294967295\n", "1 5 6 7\n"}) {
    BOOST_TEST(!maildir::parse_courier_uids(text).has_value(), text);
  }
}

BOOST_AUTO_TEST_CASE(uidls_are_those_that_each_version_of_its_pop3_server_told) {
  const auto uidls = [](const char* text) {
    const auto pop3 = maildir::parse_courier_pop3(text);
    Names out;
    for (const auto& mail : pop3 ? pop3->mails : std::vector<maildir::CourierPop3Mail>()) {
      out.push_back(mail.base + " " + mail.uidl);
    }
    return out;
  };
  BOOST_TEST(uidls("/3 3 1795373447\n1111.M1P1.host:2,S 34 1:1795373447:0\n"
                   "1112.M1 P1.host:2, 36 2:1795373447:1\n") ==
             (Names{"1111.M1P1.host UID1-1795373447", "1112.M1 P1.host UID2-1795373447"}));
  BOOST_TEST(uidls("/2 3 17\na:2,S 34 1:17\nb 5 2:0\n") == (Names{"a UID1-17", "b UID2"}));
  BOOST_TEST(uidls("/1 3\na:2,S 34 1\nb 5 0\n") == (Names{"a UID1", "b b"}));
  BOOST_TEST(uidls("a+b'c\x80 d:2,S 34\n") == (Names{"a+b'c\x80 d a+2Bb+27c+80+20d"}));
  BOOST_TEST(uidls("/4 1\na 1 1:1:1\n").empty());
}

BOOST_AUTO_TEST_CASE(a_uidl_is_given_once) {
  const auto pop3 = maildir::parse_courier_pop3(
      "/3 3 17\na 34 1:17:0\nb 34 1:17:0\na 34 2:17:0\nc\nd 1\ne x 1:1:1\nf 1 1:1:1:1\n");
  BOOST_REQUIRE(pop3);
  BOOST_TEST(pop3->mails.size() == 1U);
  BOOST_TEST(pop3->unread == 6U);
}

BOOST_AUTO_TEST_CASE(keywords_are_those_of_the_list_by_their_place) {
  const auto keywords = maildir::parse_courier_keywords(
      "one\nbar\ntwo\n\n1111.M1P1.host:0\n1112.M1P1.host:1 0 2\nx\n:1\ny:7 z 2\n");
  BOOST_REQUIRE(keywords.size() == 3U);
  BOOST_TEST(keywords.at("1111.M1P1.host") == (Names{"one"}));
  BOOST_TEST(keywords.at("1112.M1P1.host") == (Names{"bar", "one", "two"}));
  BOOST_TEST(keywords.at("y") == (Names{"two"}));
  BOOST_TEST(maildir::parse_courier_keyword_file("$Forwarded\nfoo\n\n") ==
             (Names{"$Forwarded", "foo"}));
}

BOOST_AUTO_TEST_CASE(names_of_keyword_files_tell_mail_and_age) {
  BOOST_TEST(maildir::parse_courier_keyword_name("1111.M1P1.host").base == "1111.M1P1.host");
  const auto aged = maildir::parse_courier_keyword_name(".5984580.1111.M1P1.host");
  BOOST_TEST(aged.base == "1111.M1P1.host");
  BOOST_TEST(aged.version == 5984580U);
  for (const char* name : {":list", ".tmp.1795.M1.host", ".", "..", ".0.a", ".5", ".5."}) {
    BOOST_TEST(maildir::parse_courier_keyword_name(name).base.empty(), name);
  }
}

BOOST_AUTO_TEST_CASE(folder_names_of_either_time_become_modified_utf_7) {
  const auto name = [](const char* text) {
    return maildir::to_dovecot_name(text).value_or("refused");
  };
  BOOST_TEST(name("Sent") == "Sent");
  BOOST_TEST(name("&X1JoYw-.2024") == "&X1JoYw-.2024");
  BOOST_TEST(name("归档.A&B") == "&X1JoYw-.A&-B");
  BOOST_TEST(name("A&-B") == "A&-B");
  BOOST_TEST(name("Entw\xFCrfe") == "refused");
  BOOST_TEST(name("A..B") == "refused");
  BOOST_TEST(name("A\tB") == "refused");
}

BOOST_AUTO_TEST_CASE(subscriptions_lose_the_word_in_front) {
  const auto found = maildir::parse_courier_subscriptions(
      "INBOX\nINBOX.Sent\ninbox.归档.x\nINBOX.Sent\n#shared.bob.x\nshared.y\nINBOX.Entw\xFCrfe\n");
  BOOST_TEST(found.names == (Names{"INBOX", "Sent", "&X1JoYw-.x"}));
  BOOST_TEST(found.foreign == (Names{"#shared.bob.x", "shared.y", "INBOX.Entw\xFCrfe"}));
}

BOOST_AUTO_TEST_CASE(rights_of_others_are_told) {
  BOOST_TEST(maildir::parse_courier_acl("owner aceilrstwx\nadministrators aceilrstwx\n").empty());
  BOOST_TEST(maildir::parse_courier_acl("owner a\nuser=bob lr\nanyone l\n") ==
             (Names{"user=bob", "anyone"}));
}

BOOST_AUTO_TEST_SUITE_END()
