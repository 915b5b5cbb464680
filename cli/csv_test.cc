// cli/csv_test.cc -- CSV as spreadsheets write it, and as they should not.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/csv.hh"

#include <boost/test/unit_test.hpp>

namespace {

// "line:field|field" of each record, a problem in angle brackets; in parts of every size.
std::string read(std::string_view text) {
  std::string answer;
  for (const std::size_t part : {text.size() + 1, std::size_t{1}, std::size_t{2}, std::size_t{3}}) {
    cli::CsvReader reader;
    std::vector<cli::CsvRecord> records;
    for (std::size_t at = 0; at < text.size(); at += part) {
      BOOST_REQUIRE(reader.read(text.substr(at, part), records).has_value());
    }
    reader.finish(records);
    std::string told;
    for (const cli::CsvRecord& record : records) {
      told += std::to_string(record.line) + ":";
      for (const std::string& field : record.fields) {
        told += field + "|";
      }
      told += record.problem.empty() ? "\n" : "<" + record.problem + ">\n";
    }
    BOOST_TEST((answer.empty() || told == answer));
    answer = told;
  }
  return answer;
}

BOOST_AUTO_TEST_SUITE(csv)

BOOST_AUTO_TEST_CASE(fields_are_told_apart_with_and_without_quotes) {
  BOOST_TEST(read("a,b\n1,2\n") == "1:a|b|\n2:1|2|\n");
  BOOST_TEST(read("a,b\r\n 1 ,\r\n") == "1:a|b|\n2:1||\n");
  BOOST_TEST(read("\"a,b\",\"say \"\"hi\"\"\"\n") == "1:a,b|say \"hi\"|\n");
  BOOST_TEST(read("\" a \",\"\"\n") == "1: a ||\n");
  BOOST_TEST(read("a") == "1:a|\n");
  BOOST_TEST(read(",") == "1:||\n");
}

BOOST_AUTO_TEST_CASE(lines_are_counted_as_an_editor_counts_them) {
  BOOST_TEST(read("a\n\n\nb\n\"x\ny\"\nc\n") == "1:a|\n4:b|\n5:x\ny|\n7:c|\n");
}

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_passed_over) {
  BOOST_TEST(read("\xEF\xBB\xBF"
                  "a,b\n") == "1:a|b|\n");
  BOOST_TEST(read("\xEF\xBB") == "1:\xEF\xBB|\n");
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_told_and_the_next_is_read) {
  BOOST_TEST(read("a\"b,c\nd\n") ==
             "1:a|<a quote inside a field that does not begin with one>\n2:d|\n");
  BOOST_TEST(read("\"a\"b,c\nd\n") == "1:a|<text behind a quoted field>\n2:d|\n");
  BOOST_TEST(read("d\n\"a,b\n") ==
             "1:d|\n2:a,b|<a quote is missing: the field ends with the file>\n");
}

BOOST_AUTO_TEST_CASE(a_record_without_end_is_given_up) {
  cli::CsvReader reader;
  std::vector<cli::CsvRecord> records;
  const std::string much = "\"" + std::string(cli::csv_record_limit, 'x');
  BOOST_TEST(!reader.read(much, records));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
