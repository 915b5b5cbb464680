// mail-lib/header_test.cc -- the header scanner on good, odd and hostile headers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/header.hh"

#include <string>

#include <boost/test/unit_test.hpp>

namespace {

std::string value_of(const mail::Header& header, std::string_view name) {
  const auto* field = mail::last_field(header.fields, name);
  return field == nullptr ? "(none)" : std::string(field->value);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(header)

BOOST_AUTO_TEST_CASE(fields_keep_their_bytes_and_folds) {
  const std::string text = "Subject: one\r\n two\r\nTo:a@b\r\n\r\nbody";
  const auto header = mail::scan_header(text);
  BOOST_TEST(header.fields.size() == 2U);
  BOOST_TEST(value_of(header, "subject") == " one\r\n two");
  BOOST_TEST(value_of(header, "TO") == "a@b");
  BOOST_TEST(text.substr(header.body) == "body");
  BOOST_TEST(header.is_regular);
}

BOOST_AUTO_TEST_CASE(the_last_of_equal_fields_is_found) {
  const auto header = mail::scan_header("A: 1\nA: 2\n\n");
  BOOST_TEST(value_of(header, "a") == " 2");
}

BOOST_AUTO_TEST_CASE(a_line_without_a_colon_among_fields_is_skipped) {
  const auto header = mail::scan_header("A: 1\nthis is no field\nB: 2\n\nbody");
  BOOST_TEST(header.fields.size() == 2U);
  BOOST_TEST(value_of(header, "B") == " 2");
  BOOST_TEST(!header.is_regular);
}

BOOST_AUTO_TEST_CASE(a_missing_blank_line_loses_no_body) {
  const std::string text = "A: 1\nfirst words of the body\nand more\n";
  const auto header = mail::scan_header(text);
  BOOST_TEST(text.substr(header.body) == "first words of the body\nand more\n");
}

BOOST_AUTO_TEST_CASE(a_text_without_any_header_is_all_body) {
  const std::string text = "hello there\nno field here\n";
  const auto header = mail::scan_header(text);
  BOOST_TEST(header.fields.empty());
  BOOST_TEST(header.body == 0U);
}

BOOST_AUTO_TEST_CASE(the_mark_of_a_mailbox_file_is_no_field) {
  const auto header = mail::scan_header("From a@b Thu Jan  1 00:00:00 1970\nA: 1\n\n");
  BOOST_TEST(header.fields.size() == 1U);
}

BOOST_AUTO_TEST_CASE(nul_and_eight_bit_bytes_stay_in_values) {
  const std::string text("A: x\0y\xFF\nB: 2\n\n", 15);
  const auto header = mail::scan_header(text);
  BOOST_TEST(value_of(header, "A") == std::string(" x\0y\xFF", 5));
  BOOST_TEST(value_of(header, "B") == " 2");
}

BOOST_AUTO_TEST_CASE(a_bare_cr_does_not_end_a_line) {
  const auto header = mail::scan_header("A: x\ry\nB : 2\n\n");
  BOOST_TEST(value_of(header, "A") == " x\ry");
  BOOST_TEST(value_of(header, "B") == " 2");
}

BOOST_AUTO_TEST_CASE(a_header_that_never_ends_is_bounded) {
  std::string text;
  while (text.size() < 2 * mail::max_header_bytes) {
    text += "X: " + std::string(200, 'y') + "\n";
  }
  const auto header = mail::scan_header(text);
  BOOST_TEST(header.fields.size() <= mail::max_header_fields);
  BOOST_TEST(header.body <= mail::max_header_bytes);
  BOOST_TEST(mail::scan_header(std::string(mail::max_header_bytes * 2, 'z')).fields.empty());
}

BOOST_AUTO_TEST_CASE(an_empty_message_has_no_fields_and_no_body) {
  BOOST_TEST(mail::scan_header("").body == 0U);
  BOOST_TEST(mail::scan_header("A: 1").body == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
