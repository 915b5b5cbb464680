// cli/output.hh -- what verbs print: tables and sentences for people, JSON for programs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/settings.hh"

namespace cli {

// One value in both languages.
struct Cell {
  std::string text;  // may hold anything: it is made safe for terminals when it is printed
  std::string json;
};
Cell text_cell(std::string_view text);
Cell number_cell(std::uint64_t number);
Cell limit_cell(std::uint64_t number);  // 0 is "no limit" to people
Cell size_cell(base::Bytes size);       // exact: "1500M"; 0 is "no limit"
Cell flag_cell(bool value);             // "yes", "no"
Cell words_cell(std::span<const std::string> words);
Cell time_cell(base::WallTime time);  // RFC 3339
Cell null_cell();                     // "-", null
// A JSON value made elsewhere, such as a daemon's answer, and what people read for it.
Cell json_cell(std::string_view text, std::string_view json);

struct Column {
  std::string_view key;    // of the JSON object
  std::string_view title;  // of the table; empty: JSON only
  bool is_number = false;  // set to the right
};

// How many columns of a terminal the text fills (East Asian wide characters fill two).
std::size_t display_width(std::string_view text);

class Output {
 public:
  // `colours`: whether titles may be in bold.
  Output(std::FILE* stream, bool json, bool colours)
      : stream_(stream), json_(json), colours_(colours) {}

  bool is_json() const { return json_; }

  // A list: begin, any number of rows, end. JSON is one array, written as rows come; a table is
  // aligned over each 1000 rows. `nothing` is what people read when there was no row.
  void begin_list(std::span<const Column> columns);
  void row(std::vector<Cell> cells);
  void end_list(std::string_view nothing);

  // One thing: "title: text" lines, or a JSON object.
  void record(std::span<const Column> columns, const std::vector<Cell>& cells);

  // A thing that was done: the sentence, or the JSON object of record().
  void done(std::string_view sentence, std::span<const Column> columns,
            const std::vector<Cell>& cells);

  // Text for other programs, as it is.
  void text(std::string_view text) { print(text); }

  // False when something could not be written (a full disk, a closed pipe).
  bool flush();

 private:
  void print(std::string_view text);
  void flush_table();
  static std::string object(std::span<const Column> columns, const std::vector<Cell>& cells);

  std::FILE* stream_;
  bool json_;
  bool colours_;
  std::span<const Column> columns_{};
  std::vector<std::vector<Cell>> held_{};
  std::size_t rows_ = 0;
  bool titled_ = false;
  bool failed_ = false;
};

}  // namespace cli
