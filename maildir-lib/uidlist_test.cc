// maildir-lib/uidlist_test.cc -- dovecot-uidlist and dovecot-keywords, whole, torn and hostile.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/uidlist.hh"

#include <boost/test/unit_test.hpp>

using maildir::Uidlist;

BOOST_AUTO_TEST_SUITE(uidlist)

BOOST_AUTO_TEST_CASE(header_and_records_are_read) {
  const auto list = Uidlist::parse(
      "3 V1795327797 N11 G4e2c39203387026bcd77000083ecc375\n"
      "1 :1.M1P1.h,S=1,W=2\n"
      "7 G0123abcd S55 W60 :2.M2P2.h,S=55,W=60:2,S\n");
  BOOST_REQUIRE(list.has_value());
  BOOST_TEST(list->uid_validity() == 1795327797U);
  BOOST_TEST(list->next_uid() == 11U);
  BOOST_TEST(list->folder_guid() == "4e2c39203387026bcd77000083ecc375");
  BOOST_TEST(list->find("1.M1P1.h,S=1,W=2")->uid == 1U);
  BOOST_TEST(list->find("1.M1P1.h,S=1,W=2")->guid.empty());
  BOOST_TEST(list->find("2.M2P2.h,S=55,W=60")->guid == "0123abcd");
  BOOST_TEST(list->find("2.M2P2.h,S=55,W=60")->size.value() == 55U);
  BOOST_TEST(list->find("3.h") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_record_being_appended_is_passed_over) {
  const auto list = Uidlist::parse("3 V1 N3\n1 :a\n2 :b,S=1");
  BOOST_REQUIRE(list.has_value());
  BOOST_TEST(list->size() == 1U);
  BOOST_TEST(list->find("b,S=1") == nullptr);
}

BOOST_AUTO_TEST_CASE(broken_records_are_passed_over) {
  const auto list = Uidlist::parse("3 V1\n:a\nx :b\n1 G\x01 :c\n2\n3 :\n4 S-1 X9 :d\n\n");
  BOOST_REQUIRE(list.has_value());
  BOOST_TEST(list->size() == 2U);
  BOOST_TEST(list->find("c")->guid.empty());
  BOOST_TEST(!list->find("d")->size.has_value());
}

BOOST_AUTO_TEST_CASE(views_stay_good_when_the_list_moves) {
  auto list = Uidlist::parse("3 V1\n1 Gg :a\n");
  const Uidlist moved = std::move(*list);
  BOOST_TEST(moved.find("a")->guid == "g");
}

BOOST_AUTO_TEST_CASE(other_versions_are_refused) {
  BOOST_TEST(!Uidlist::parse("1 123 4\n1 a\n").has_value());
  BOOST_TEST(!Uidlist::parse("").has_value());
  BOOST_TEST(!Uidlist::parse("3 V1").has_value());
}

BOOST_AUTO_TEST_CASE(keywords_have_letters) {
  const auto keywords = maildir::parse_keywords("0 $Forwarded\n1 $label1\n26 no\nx\n25 z\n3 a b\n");
  BOOST_TEST(keywords[0] == "$Forwarded");
  BOOST_TEST(keywords[1] == "$label1");
  BOOST_TEST(keywords[2].empty());
  BOOST_TEST(keywords[3].empty());
  BOOST_TEST(keywords[25] == "z");
}

BOOST_AUTO_TEST_SUITE_END()
