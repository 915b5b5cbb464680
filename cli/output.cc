// cli/output.cc -- aligned tables, and JSON written as it comes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/output.hh"

#include <algorithm>
#include <array>

#include "base/json_writer.hh"
#include "base/must.hh"
#include "base/text.hh"

namespace cli {

namespace {

constexpr std::size_t table_rows = 1000;
constexpr std::size_t cell_limit = 4096;
constexpr std::string_view bold = "\x1b[1m";
constexpr std::string_view plain = "\x1b[0m";

// The blocks that terminals draw two columns wide, of Unicode's East Asian Width.
constexpr std::array<std::pair<char32_t, char32_t>, 8> wide_blocks{{
    {0x1100, 0x115F},
    {0x2E80, 0x303E},
    {0x3041, 0xA4CF},
    {0xAC00, 0xD7A3},
    {0xF900, 0xFAFF},
    {0xFE30, 0xFE6F},
    {0xFF00, 0xFF60},
    {0x1F300, 0x3FFFD},
}};

bool is_wide(char32_t point) {
  return std::any_of(wide_blocks.begin(), wide_blocks.end(), [point](const auto& block) {
    return point >= block.first && point <= block.second;
  });
}

bool is_combining(char32_t point) {
  return (point >= 0x0300 && point <= 0x036F) || (point >= 0x200B && point <= 0x200F) ||
         (point >= 0xFE00 && point <= 0xFE0F);
}

std::string shown(std::string_view text) {
  return text.empty() ? "-" : base::printable(text, cell_limit);
}

}  // namespace

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  char32_t point = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) == 0x80U) {
      point = point << 6U | (byte & 0x3FU);
    } else {
      point = byte < 0x80   ? byte
              : byte < 0xE0 ? byte & 0x1FU
              : byte < 0xF0 ? byte & 0x0FU
                            : byte & 0x07U;
    }
    const bool ends =
        i + 1 == text.size() || (static_cast<unsigned char>(text[i + 1]) & 0xC0U) != 0x80U;
    if (ends && !is_combining(point)) {
      width += is_wide(point) ? 2 : 1;
    }
  }
  return width;
}

Cell text_cell(std::string_view text) {
  return {std::string(text), base::json_string(text)};
}

Cell number_cell(std::uint64_t number) {
  return {std::to_string(number), std::to_string(number)};
}

Cell limit_cell(std::uint64_t number) {
  return {number == 0 ? "no limit" : std::to_string(number), std::to_string(number)};
}

Cell size_cell(base::Bytes size) {
  constexpr std::array<std::string_view, 5> units{"B", "k", "M", "G", "T"};
  if (size.count == 0) {
    return {"no limit", "0"};
  }
  std::uint64_t scaled = size.count;
  std::size_t unit = 0;
  while (scaled % 1024 == 0 && unit + 1 < units.size()) {
    scaled /= 1024;
    ++unit;
  }
  return {std::to_string(scaled) + std::string(units.at(unit)), std::to_string(size.count)};
}

Cell flag_cell(bool value) {
  return {value ? "yes" : "no", value ? "true" : "false"};
}

Cell words_cell(std::span<const std::string> words) {
  base::JsonWriter json;
  json.begin_array();
  for (const std::string& word : words) {
    json.string(word);
  }
  json.end_array();
  return {words.empty() ? "-" : base::join(words, ", "), json.take()};
}

Cell time_cell(base::WallTime time) {
  return text_cell(base::rfc3339(time));
}

Cell null_cell() {
  return {"-", "null"};
}

Cell json_cell(std::string_view text, std::string_view json) {
  return {std::string(text), std::string(json)};
}

void Output::print(std::string_view text) {
  failed_ = failed_ || std::fwrite(text.data(), 1, text.size(), stream_) != text.size();
}

std::string Output::object(std::span<const Column> columns, const std::vector<Cell>& cells) {
  base::must(columns.size() == cells.size(), "a row has a cell for every column");
  base::JsonWriter json;
  json.begin_object();
  for (std::size_t i = 0; i < cells.size(); ++i) {
    json.key(columns[i].key).raw(cells[i].json);
  }
  json.end_object();
  return json.take();
}

void Output::begin_list(std::span<const Column> columns) {
  columns_ = columns;
  rows_ = 0;
  titled_ = false;
  if (json_) {
    print("[");
  }
}

void Output::row(std::vector<Cell> cells) {
  if (json_) {
    print(rows_ == 0 ? "\n" : ",\n");
    print(object(columns_, cells));
  } else {
    held_.push_back(std::move(cells));
  }
  ++rows_;
  if (held_.size() == table_rows) {
    flush_table();
  }
}

void Output::end_list(std::string_view nothing) {
  if (json_) {
    print(rows_ == 0 ? "]\n" : "\n]\n");
    return;
  }
  flush_table();
  if (rows_ == 0) {
    print(nothing);
    print("\n");
  }
}

void Output::flush_table() {
  if (held_.empty()) {
    return;
  }
  std::vector<std::size_t> widths;
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    std::size_t width = display_width(columns_[c].title);
    for (const auto& row : held_) {
      width = std::max(width, display_width(shown(row[c].text)));
    }
    widths.push_back(width);
  }
  const auto line = [this, &widths](auto text_of) {
    std::string out;
    for (std::size_t c = 0; c < columns_.size(); ++c) {
      if (columns_[c].title.empty()) {
        continue;
      }
      const std::string text = text_of(c);
      const std::string space(widths[c] - display_width(text), ' ');
      out += out.empty() ? "" : "  ";
      out += columns_[c].is_number ? space + text : text + space;
    }
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
  };
  if (!titled_) {
    const std::string titles =
        line([this](std::size_t c) { return std::string(columns_[c].title); });
    print(colours_ ? std::string(bold) + titles + std::string(plain) : titles);
    print("\n");
    titled_ = true;
  }
  for (const auto& row : held_) {
    print(line([&row](std::size_t c) { return shown(row[c].text); }) + "\n");
  }
  held_.clear();
}

void Output::record(std::span<const Column> columns, const std::vector<Cell>& cells) {
  if (json_) {
    print(object(columns, cells) + "\n");
    return;
  }
  std::size_t width = 0;
  for (const Column& column : columns) {
    width = std::max(width, display_width(column.title));
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (!columns[i].title.empty()) {
      const std::string space(width - display_width(columns[i].title) + 2, ' ');
      print(std::string(columns[i].title) + space + shown(cells[i].text) + "\n");
    }
  }
}

void Output::done(std::string_view sentence, std::span<const Column> columns,
                  const std::vector<Cell>& cells) {
  if (json_) {
    record(columns, cells);
  } else {
    print(shown(sentence) + "\n");
  }
}

bool Output::flush() {
  return std::fflush(stream_) == 0 && !failed_;
}

}  // namespace cli
