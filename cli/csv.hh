// cli/csv.hh -- reading CSV (RFC 4180): records of fields, with the number of their line.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace cli {

inline constexpr std::size_t csv_record_limit = 1024UL * 1024;  // octets

struct CsvRecord {
  std::size_t line = 0;  // where it begins; 1 is the first
  std::vector<std::string> fields{};
  std::string problem{};  // what is wrong with it; empty for a good one
};

// Takes the text in parts of any size. Lines end in LF or CRLF. A field in double quotes may hold
// commas, line ends and doubled quotes. Empty lines are passed over, and so is a byte order mark.
class CsvReader {
 public:
  // More text; records that are whole go to the end of `out`. malformed when a record is longer
  // than csv_record_limit: nothing behind it can be trusted.
  base::Result<void> read(std::string_view text, std::vector<CsvRecord>& out);
  // The text is at its end.
  void finish(std::vector<CsvRecord>& out);

 private:
  enum class State { start, plain, quoted, quote_in_quoted, broken };

  void take(char c, std::vector<CsvRecord>& out);
  void end_field();
  void end_record(std::vector<CsvRecord>& out);

  State state_ = State::start;
  CsvRecord record_{};
  std::string field_{};
  std::size_t line_ = 1;
  std::size_t size_ = 0;  // of the record
  std::size_t seen_ = 0;  // octets of the whole text, as far as a byte order mark goes
};

}  // namespace cli
