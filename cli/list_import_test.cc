// cli/list_import_test.cc -- ExtMail's lists and our own form.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/list_import.hh"

#include <boost/test/unit_test.hpp>

using directory::ListKind;

namespace {

// "LINE KIND PATTERN;" for each entry.
std::string told(const cli::ListImport& import) {
  std::string text;
  for (const auto& entry : import.entries) {
    text += std::to_string(entry.line) + " " + std::string(directory::list_kind_name(entry.kind)) +
            " " + entry.pattern + ";";
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(list_import)

BOOST_AUTO_TEST_CASE(a_file_of_extmail_is_of_the_kind_that_is_said) {
  const auto import =
      cli::read_list_import("friend@example.org\r\n\r\nNews.Example.com\r\n", ListKind::white);
  BOOST_TEST(told(import) == "1 white friend@example.org;3 white news.example.com;");
  BOOST_TEST(import.problems.empty());
}

BOOST_AUTO_TEST_CASE(our_own_form_says_the_kind_on_each_line) {
  const auto import = cli::read_list_import(
      "\xef\xbb\xbf# from the old server\nwhite a@example.org  # a friend\nBlack\t192.0.2.0/24\n"
      "black client:*.dyn.example\nwhite.example\n",
      ListKind::black);
  BOOST_TEST(told(import) ==
             "2 white a@example.org;3 black 192.0.2.0/24;4 black client:*.dyn.example;"
             "5 black white.example;");
}

BOOST_AUTO_TEST_CASE(a_bad_line_has_a_number_and_advice_and_the_others_are_taken) {
  const auto import = cli::read_list_import(
      "a@example.org\nblack .*@spam\\.example$\nwhite ok.example\nwhite\tx y\n", std::nullopt);
  BOOST_TEST(told(import) == "3 white ok.example;");
  BOOST_REQUIRE(import.problems.size() == 3U);
  BOOST_TEST(import.problems[0].line == 1U);
  BOOST_TEST(import.problems[0].hint.find("--kind") != std::string::npos);
  BOOST_TEST(import.problems[1].line == 2U);
  BOOST_TEST(import.problems[1].hint.starts_with("write *@spam.example, or"));
  BOOST_TEST(import.problems[2].line == 4U);
}

BOOST_AUTO_TEST_SUITE_END()
