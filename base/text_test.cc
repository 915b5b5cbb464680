// base/text_test.cc -- trimming, splitting, numbers, encodings and safe printing.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hh"

#include <boost/test/unit_test.hpp>

#include "base/clock.hh"
#include "base/random.hh"

BOOST_AUTO_TEST_SUITE(text)

BOOST_AUTO_TEST_CASE(case_is_ascii_whatever_the_bytes) {
  BOOST_TEST(base::to_lower("ABC-\xC4Z") == "abc-\xC4z");
  BOOST_TEST(base::iequals("Example.ORG", "eXAMPLE.org"));
  BOOST_TEST(!base::iequals("a", "ab"));
  BOOST_TEST(base::iends_with("mail.Example.org", ".EXAMPLE.org"));
  BOOST_TEST(!base::istarts_with("ab", "abc"));
}

BOOST_AUTO_TEST_CASE(splitting_keeps_empty_parts_and_words_do_not) {
  const auto parts = base::split("a,,b,", ',');
  BOOST_TEST(parts.size() == 4U);
  BOOST_TEST(parts[1].empty());
  const auto words = base::split_words(" a, b\t,c\n");
  BOOST_TEST(words.size() == 3U);
  BOOST_TEST(words[2] == "c");
  BOOST_TEST(base::split_words(" , ").empty());
  BOOST_TEST(base::trim(" \t x y \r\n") == "x y");
  BOOST_TEST(base::trim("  ").empty());
}

BOOST_AUTO_TEST_CASE(a_number_is_digits_that_fit_and_nothing_else) {
  BOOST_TEST(base::parse_number<int>("42").value() == 42);
  BOOST_TEST(base::parse_number<int>("-1").value() == -1);
  for (const char* bad : {"", " 1", "1 ", "1x", "0x1", "99999999999", "+1"}) {
    BOOST_TEST(!base::parse_number<int>(bad), bad);
  }
  BOOST_TEST(!base::parse_number<std::uint8_t>("256"));
}

BOOST_AUTO_TEST_CASE(encodings_come_back_as_they_went) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string bytes = base::random_bytes(size);
    BOOST_TEST(base::from_base64(base::base64(bytes)).value() == bytes);
    BOOST_TEST(base::from_base64(base::base64url(bytes)).value() == bytes);
    BOOST_TEST(base::from_hex(base::hex(base::bytes_of(bytes))).value() == bytes);
  }
  BOOST_TEST(base::base64("fo") == "Zm8=");
  BOOST_TEST(base::base64url("\xFF\xFE\xFD") == "__79");
}

BOOST_AUTO_TEST_CASE(broken_encodings_are_refused) {
  for (const char* bad : {"A", "AAAAA", "A=AA", "Zm8=x", "Z m8"}) {
    BOOST_TEST(!base::from_base64(bad), bad);
  }
  BOOST_TEST(!base::from_hex("abc"));
  BOOST_TEST(!base::from_hex("zz"));
}

BOOST_AUTO_TEST_CASE(utf8_is_judged_as_rfc_3629_says) {
  BOOST_TEST(base::is_utf8("驿站 пошта"));
  BOOST_TEST(base::is_utf8("\xF4\x8F\xBF\xBF"));
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE9\xA9", "\xFF"}) {
    BOOST_TEST(!base::is_utf8(bad));
  }
}

BOOST_AUTO_TEST_CASE(printing_escapes_controls_and_cuts_between_characters) {
  BOOST_TEST(base::printable("a\r\nb\x7F") == "a\\x0d\\x0ab\\x7f");
  BOOST_TEST(base::printable("a\\x0d") == "a\\\\x0d");
  BOOST_TEST(base::printable("caf\xE9!") == "caf\\xe9!");
  BOOST_TEST(base::printable("驿站", 4) == "驿...");
  BOOST_TEST(base::printable("驿站", 6) == "驿站");
}

BOOST_AUTO_TEST_CASE(times_are_printed_in_utc) {
  BOOST_TEST(base::rfc3339(base::WallTime(std::chrono::milliseconds(951827696789))) ==
             "2000-02-29T12:34:56Z");
}

BOOST_AUTO_TEST_SUITE_END()
