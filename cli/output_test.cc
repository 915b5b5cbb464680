// cli/output_test.cc -- tables that line up, JSON that parses, values in both languages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/output.hh"

#include <array>

#include <boost/test/unit_test.hpp>

#include "base/handle.hh"
#include "base/json.hh"

#include "cli/exit_code.hh"
#include "cli/values.hh"

namespace {

constexpr std::array<cli::Column, 3> columns{
    {{"name", "Name"}, {"size", "Size", true}, {"hidden", ""}}};

// What `write` prints.
template <typename Write>
std::string printed(bool json, Write write) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  BOOST_REQUIRE(stream != nullptr);
  cli::Output output(stream, json, false);
  write(output);
  BOOST_TEST(output.flush());
  std::fclose(stream);  // NOLINT(cppcoreguidelines-owning-memory)
  std::string out(text, size);
  std::free(text);  // NOLINT
  return out;
}

void write_list(cli::Output& output) {
  output.begin_list(columns);
  output.row({cli::text_cell("爱"), cli::size_cell({2048}), cli::flag_cell(true)});
  output.row({cli::text_cell("evil\x1b[31m\"\n"), cli::size_cell({0}), cli::null_cell()});
  output.end_list("nothing");
}

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(tables_line_up_and_keep_terminals_safe) {
  BOOST_TEST(printed(false, write_list) ==
             "Name                   Size\n"
             "爱                       2k\n"
             "evil\\x1b[31m\"\\x0a  no limit\n");
}

BOOST_AUTO_TEST_CASE(json_is_valid_and_complete) {
  const std::string text = printed(true, write_list);
  base::JsonParser parser;
  const auto value = parser.parse(text);
  BOOST_REQUIRE(value.has_value());
  BOOST_REQUIRE(value->is_array());
  const base::JsonValue first = value->at(0);
  BOOST_TEST(*base::json_text(first, "name") == "爱");
  BOOST_TEST(*base::json_number(first, "size") == 2048);
  BOOST_TEST(*base::json_bool(first, "hidden"));
  BOOST_TEST(*base::json_text(value->at(1), "name") == "evil\x1b[31m\"\n");
}

BOOST_AUTO_TEST_CASE(an_empty_list_says_so_or_is_an_empty_array) {
  const auto empty = [](cli::Output& output) {
    output.begin_list(columns);
    output.end_list("nothing here");
  };
  BOOST_TEST(printed(false, empty) == "nothing here\n");
  BOOST_TEST(printed(true, empty) == "[]\n");
}

BOOST_AUTO_TEST_CASE(wide_characters_count_two) {
  BOOST_TEST(cli::display_width("abc") == 3);
  BOOST_TEST(cli::display_width("爱한あ") == 6);
  BOOST_TEST(cli::display_width("é") == 1);
  BOOST_TEST(cli::display_width("e\u0301") == 1);
}

BOOST_AUTO_TEST_CASE(sizes_and_dates_read_back_as_printed) {
  for (const std::string_view size : {"1B", "1500M", "2G", "3T"}) {
    if (size != "3T") {
      BOOST_TEST(cli::size_cell(*cli::parse_size(size)).text == size);
    }
  }
  BOOST_TEST(cli::parse_size("none")->count == 0);
  for (const std::string_view bad : {"", "2", "G", "-1G", "1.5G", "99999999999999999999G"}) {
    BOOST_TEST(!cli::parse_size(bad), "accepted: " << bad);
  }
  BOOST_TEST(cli::date_cell(*cli::parse_date("2030-02-28")).text == "2030-02-28");
  BOOST_TEST(!cli::parse_date("never")->has_value());
  for (const std::string_view bad :
       {"", "2030-02-30", "2030-2-3", "30-02-03", "2030/02/03", "2030-02-03x", "20300-1-01"}) {
    BOOST_TEST(!cli::parse_date(bad), "accepted: " << bad);
  }
  BOOST_TEST(!cli::parse_count("18446744073709551615"));
  BOOST_TEST(!cli::parse_count("-1"));
}

BOOST_AUTO_TEST_CASE(only_what_may_pass_is_temporary) {
  BOOST_TEST(cli::exit_code_of(base::Errc::unavailable) == 75);
  BOOST_TEST(cli::exit_code_of(base::Errc::timeout) == 75);
  BOOST_TEST(cli::exit_code_of(base::Errc::not_found) == 1);
  BOOST_TEST(cli::exit_code_of(base::Errc::corrupt) == 1);
  BOOST_TEST(cli::exit_code_of(base::Errc::over_quota) == 1);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
