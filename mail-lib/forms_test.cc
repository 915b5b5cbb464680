// mail-lib/forms_test.cc -- encoded words, addresses, ids, dates and URLs as RFC 8621 shows them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/forms.hh"

#include <boost/test/unit_test.hpp>

#include "mail-lib/address_list.hh"
#include "mail-lib/date.hh"
#include "mail-lib/words.hh"

namespace {

using Ids = std::vector<std::string>;

std::string shown(std::string_view value) {
  std::string out;
  for (const auto& group : mail::parse_address_groups(value)) {
    out += group.name ? *group.name + ":[" : "[";
    for (const auto& address : group.addresses) {
      out += address.name.value_or("-") + "|" + address.email + ";";
    }
    out += "]";
  }
  return out;
}

std::string date_of(std::string_view value) {
  const auto date = mail::parse_date(value);
  return date ? mail::date_text(*date) : "null";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(forms)

BOOST_AUTO_TEST_CASE(encoded_words_of_many_charsets_are_decoded) {
  BOOST_TEST(mail::text_form(" =?gb2312?B?xOO6ww==?=") == "你好");
  BOOST_TEST(mail::text_form("=?GBK?Q?=C4=E3=BA=C3?= x") == "你好 x");
  BOOST_TEST(mail::text_form("=?big5?B?p0Gmbg==?=") == "你好");
  BOOST_TEST(mail::text_form("=?ISO-2022-JP?B?GyRCRnxLXDhsGyhC?=") == "日本語");
  BOOST_TEST(mail::text_form("=?Shift_JIS?B?k/qWe4zq?=") == "日本語");
  BOOST_TEST(mail::text_form("=?euc-kr?B?vsiz58fPvLy/5A==?=") == "안녕하세요");
  BOOST_TEST(mail::text_form("=?koi8-r?B?8NLJ18XU?=") == "Привет");
  BOOST_TEST(mail::text_form("=?iso-8859-1?Q?caf=E9_=80?=") == "café €");
}

BOOST_AUTO_TEST_CASE(white_space_between_words_goes_and_split_characters_are_joined) {
  BOOST_TEST(mail::text_form("=?utf-8?B?5L2g5aU=?=\r\n =?utf-8?B?vQ==?=") == "你好");
  BOOST_TEST(mail::text_form("=?utf-8?Q?a?=  b =?utf-8?Q?c?=") == "a  b c");
}

BOOST_AUTO_TEST_CASE(what_only_looks_like_a_word_stays) {
  BOOST_TEST(mail::text_form("x=?utf-8?Q?a?=") == "x=?utf-8?Q?a?=");
  BOOST_TEST(mail::text_form("=?utf-8?Q?a b?=") == "=?utf-8?Q?a b?=");
  BOOST_TEST(mail::text_form("=?no-such?Q?a?=") == "=?no-such?Q?a?=");
  BOOST_TEST(mail::text_form("=?utf-7?Q?+ADw-script+AD4-?=") == "=?utf-7?Q?+ADw-script+AD4-?=");
  BOOST_TEST(mail::text_form("=?utf-8?Q?a") == "=?utf-8?Q?a");
  BOOST_TEST(mail::text_form("=?") == "=?");
}

BOOST_AUTO_TEST_CASE(broken_words_and_bytes_give_valid_utf8) {
  BOOST_TEST(mail::text_form("=?utf-8?Q?a=FFb?=") == "a\uFFFDb");
  BOOST_TEST(mail::text_form("=?utf-8?Q?a=00=07b?=") == "ab");
  BOOST_TEST(mail::text_form("\xC4\xE3\xBA\xC3") == "你好");  // the guess
  BOOST_TEST(mail::text_form("\xE4\xBD\xA0") == "你");
  BOOST_TEST(mail::raw_form(std::string(" a\0\xFF", 4)) == " a\uFFFD");
}

BOOST_AUTO_TEST_CASE(text_is_normalized) {
  BOOST_TEST(mail::text_form("e\u0301") == "\u00E9");
}

BOOST_AUTO_TEST_CASE(the_addresses_of_the_rfc_are_read) {
  const std::string_view value =
      "\"  James Smythe\" <james@example.com>, Friends:\r\n jane@example.com, "
      "=?UTF-8?Q?John_Sm=C3=AEth?=\r\n <john@example.com>;";
  BOOST_TEST(shown(value) ==
             "[James Smythe|james@example.com;]Friends:[-|jane@example.com;"
             "John Smîth|john@example.com;]");
  BOOST_TEST(mail::parse_addresses(value).size() == 3U);
}

BOOST_AUTO_TEST_CASE(comments_name_addresses_that_have_no_name) {
  BOOST_TEST(shown("joe@x.org (Joe (the) Doe)") == "[Joe (the) Doe|joe@x.org;]");
  BOOST_TEST(shown("A <a@x.org> (c)") == "[A|a@x.org;]");
}

BOOST_AUTO_TEST_CASE(broken_addresses_are_shown_somehow) {
  BOOST_TEST(shown("undisclosed-recipients:;") == "undisclosed-recipients:[]");
  BOOST_TEST(shown("John Doe joe@x.org") == "[John Doe|joe@x.org;]");
  BOOST_TEST(shown("Joe <joe@x.org, Jim <jim@x.org>") == "[Joe|joe@x.org;Jim|jim@x.org;]");
  BOOST_TEST(shown("Joe <joe@x.org") == "[Joe|joe@x.org;]");
  BOOST_TEST(shown("\"never closed") == "[-|never closed;]");
  BOOST_TEST(shown("<@a,@b:user@x.org>") == "[-|user@x.org;]");
  BOOST_TEST(shown(",,;,").empty());
  BOOST_TEST(shown("\xC4\xE3 <a@x.org>") == "[你|a@x.org;]");
  BOOST_TEST(shown("\"=?gb2312?B?xOO6ww==?=\" <a@x.org>") == "[你好|a@x.org;]");
  BOOST_TEST(shown("<>").empty());
}

BOOST_AUTO_TEST_CASE(message_ids_lose_brackets_blanks_and_comments) {
  BOOST_TEST(*mail::message_ids_form(" <a@b>\r\n\t<c @d> (x <no@no>)") == (Ids{"a@b", "c@d"}));
  BOOST_TEST(!mail::message_ids_form("none").has_value());
  BOOST_TEST(!mail::message_ids_form("<never").has_value());
  BOOST_TEST(*mail::urls_form("<http://x/\r\n y>, (c) <mailto:a@b>") ==
             (Ids{"http://x/y", "mailto:a@b"}));
}

BOOST_AUTO_TEST_CASE(dates_are_read_in_all_their_forms) {
  BOOST_TEST(date_of("Thu, 30 Oct 2014 14:12:00 +0800") == "2014-10-30T14:12:00+08:00");
  BOOST_TEST(date_of("30 Oct 14 06:12 GMT (comment)") == "2014-10-30T06:12:00Z");
  BOOST_TEST(date_of("Fri,  1 Mar 2024 00:00:00 -0330") == "2024-03-01T00:00:00-03:30");
  BOOST_TEST(date_of("1 Jan 2024 10:00:00 EST") == "2024-01-01T10:00:00-05:00");
  BOOST_TEST(date_of("1 Jan 2024 10:00:00") == "2024-01-01T10:00:00Z");
}

BOOST_AUTO_TEST_CASE(what_is_no_date_is_null) {
  BOOST_TEST(date_of("") == "null");
  BOOST_TEST(date_of("yesterday") == "null");
  BOOST_TEST(date_of("31 Feb 2024 10:00:00 +0000") == "null");
  BOOST_TEST(date_of("1 Jan 2024 25:00:00 +0000") == "null");
  BOOST_TEST(date_of("1 Jan 99999999999 10:00 +0000") == "null");
  BOOST_TEST(date_of("1 Jan 2024 10:00:00 +9999") == "null");
}

BOOST_AUTO_TEST_CASE(forms_are_bound_to_fields) {
  using mail::Form;
  BOOST_TEST(mail::is_form_allowed("Subject", Form::text));
  BOOST_TEST(!mail::is_form_allowed("From", Form::date));
  BOOST_TEST(mail::is_form_allowed("from", Form::grouped_addresses));
  BOOST_TEST(mail::is_form_allowed("X-Any", Form::urls));
  BOOST_TEST(mail::is_form_allowed("Received", Form::raw));
  BOOST_TEST(!mail::is_form_allowed("Received", Form::text));
  BOOST_TEST((mail::parse_form("URLs") == Form::urls));
  BOOST_TEST(!mail::parse_form("urls").has_value());
}

BOOST_AUTO_TEST_CASE(long_text_is_cut_between_characters) {
  BOOST_TEST(mail::cut_utf8("你好", 5) == "你");
  BOOST_TEST(mail::cut_utf8("ab", 5) == "ab");
}

BOOST_AUTO_TEST_SUITE_END()
