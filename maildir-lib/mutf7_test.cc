// maildir-lib/mutf7_test.cc -- folder names both ways.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/mutf7.hh"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(mutf7)

BOOST_AUTO_TEST_CASE(names_go_both_ways) {
  const auto check = [](const std::string& disk, const std::string& shown) {
    BOOST_TEST(maildir::from_mutf7(disk).value() == shown);
    BOOST_TEST(maildir::to_mutf7(shown).value() == disk);
  };
  check("INBOX", "INBOX");
  check("&X1JoYw-", "归档");
  check("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語");
  check("A&-B", "A&B");
  check("&2D3eAA-", "\U0001F600");
  check("x &AOk- y", "x é y");
  check("", "");
}

BOOST_AUTO_TEST_CASE(what_is_not_canonical_is_refused) {
  for (const std::string name : {"&", "&X1Jo", "&AGE-", "a\x80", "&2D0-", "&3gA-", "&X1J-", "&***-",
                                 "a\tb", "&X1IxWY-&aGM-"}) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(!maildir::from_mutf7(name).has_value());
    }
  }
  BOOST_TEST(!maildir::to_mutf7("\xFF").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
