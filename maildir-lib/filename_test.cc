// maildir-lib/filename_test.cc -- names as Dovecot, Courier and ExtMail write them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/filename.hh"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(filename)

BOOST_AUTO_TEST_CASE(a_name_of_dovecot_gives_base_sizes_and_flags) {
  const auto name = maildir::parse_file_name("1795000000.M1P2.host,S=120,W=125:2,FSa");
  BOOST_TEST(name.base == "1795000000.M1P2.host,S=120,W=125");
  BOOST_TEST(name.size.value() == 120U);
  BOOST_TEST(name.virtual_size.value() == 125U);
  BOOST_TEST(name.flags.system == (maildir::flag_flagged | maildir::flag_seen));
  BOOST_TEST(name.flags.keywords == 1U);
}

BOOST_AUTO_TEST_CASE(flags_may_be_unsorted_and_foreign_capitals_are_passed_over) {
  const auto name = maildir::parse_file_name("1.2.h:2,SAFzT");
  BOOST_TEST(name.flags.system ==
             (maildir::flag_flagged | maildir::flag_seen | maildir::flag_trashed));
  BOOST_TEST(name.flags.keywords == 1U << 25U);
  BOOST_TEST(!name.size.has_value());
}

BOOST_AUTO_TEST_CASE(a_name_in_new_has_no_flags) {
  const auto name = maildir::parse_file_name("1.2.h,S=9");
  BOOST_TEST(name.base == "1.2.h,S=9");
  BOOST_TEST((name.flags == maildir::Flags{}));
}

BOOST_AUTO_TEST_CASE(a_size_that_is_no_number_is_no_size) {
  BOOST_TEST(!maildir::parse_file_name("1.2.h,S=x,W=99999999999999999999999").size);
  BOOST_TEST(!maildir::parse_file_name("1.2.h,S=x,W=99999999999999999999999").virtual_size);
}

BOOST_AUTO_TEST_CASE(broken_info_parts_give_what_can_be_read) {
  BOOST_TEST(maildir::parse_file_name("x:2,").base == "x");
  BOOST_TEST(maildir::parse_file_name(":2,S").base.empty());
  BOOST_TEST(maildir::parse_file_name("x:1,S").base == "x:1,S");
  BOOST_TEST(maildir::parse_file_name("x:2,S,more").flags.has(maildir::flag_seen));
}

BOOST_AUTO_TEST_CASE(new_flags_keep_foreign_capitals_order_and_what_follows) {
  using maildir::name_with_flags;
  const maildir::Flags seen{maildir::flag_seen, 0};
  BOOST_TEST(name_with_flags("1.2.h,S=5,W=6", seen) == "1.2.h,S=5,W=6:2,S");
  BOOST_TEST(name_with_flags("1.2.h:2,A", seen) == "1.2.h:2,AS");
  BOOST_TEST(name_with_flags("1.2.h:2,ZFab", {maildir::flag_replied, 4U}) == "1.2.h:2,RZc");
  BOOST_TEST(name_with_flags("1.2.h:2,ST,more", {}) == "1.2.h:2,,more");
  BOOST_TEST(name_with_flags("1.2.h:2,", {63U, 1U | 1U << 25U}) == "1.2.h:2,DFPRSTaz");
}

BOOST_AUTO_TEST_CASE(hidden_and_overlong_names_are_no_messages) {
  BOOST_TEST(!maildir::is_message_name(".nfs0001"));
  BOOST_TEST(!maildir::is_message_name(""));
  BOOST_TEST(!maildir::is_message_name(std::string(256, 'x')));
  BOOST_TEST(maildir::is_message_name("1.2.h"));
}

BOOST_AUTO_TEST_SUITE_END()
