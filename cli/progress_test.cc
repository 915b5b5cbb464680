// cli/progress_test.cc -- the line that tells how far a long verb has come.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/progress.hh"

#include <boost/test/unit_test.hpp>

#include "cli/mail_run.hh"
#include "cli/mail_settings.hh"

namespace {

BOOST_AUTO_TEST_SUITE(progress)

BOOST_AUTO_TEST_CASE(a_bar_shows_the_part_and_fits_the_terminal) {
  BOOST_TEST(cli::progress_line("pack", 0.5, "3 of 6", 80) ==
             "pack  [############------------]  50 %  3 of 6");
  BOOST_TEST(cli::progress_line("pack", 7.0, "", 80) == "pack  [########################] 100 %");
  BOOST_TEST(cli::progress_line("pack", 0, "a very long text", 20).size() == 20U);
}

BOOST_AUTO_TEST_CASE(sizes_are_told_in_three_figures) {
  BOOST_TEST(cli::human_size(0) == "0 B");
  BOOST_TEST(cli::human_size(999) == "999 B");
  BOOST_TEST(cli::human_size(12'345) == "12.3 kB");
  BOOST_TEST(cli::human_size(999'960) == "1.0 MB");
  BOOST_TEST(cli::human_size(234'000'000'000) == "234 GB");
}

BOOST_AUTO_TEST_CASE(settings_of_mail_say_what_is_wrong_with_them) {
  BOOST_TEST(cli::parse_mail_settings("f", "").has_value());
  for (const char* text : {"pack_flags = unread\n", "tier_roots = cold\n", "tier_roots = /cold/\n",
                           "zstd_level = 20\n", "pack_size = 5k\n", "older = 1d\n"}) {
    BOOST_TEST(!cli::parse_mail_settings("f", text).has_value(), text);
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
