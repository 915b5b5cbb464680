// cli/csv.cc -- one octet after the other through five states.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/csv.hh"

#include "base/text.hh"

namespace cli {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

}  // namespace

base::Result<void> CsvReader::read(std::string_view text, std::vector<CsvRecord>& out) {
  for (const char c : text) {
    if (seen_ < byte_order_mark.size()) {
      if (c == byte_order_mark[seen_]) {
        ++seen_;
        continue;
      }
      // Only a whole mark is one.
      const std::size_t held = seen_;
      seen_ = byte_order_mark.size();
      for (const char before : byte_order_mark.substr(0, held)) {
        take(before, out);
      }
    }
    take(c, out);
    if (size_ > csv_record_limit) {
      return base::make_error(base::Errc::malformed,
                              "line " + std::to_string(record_.line) + ": longer than " +
                                  std::to_string(csv_record_limit) + " octets",
                              "is a quote missing?");
    }
  }
  return {};
}

void CsvReader::take(char c, std::vector<CsvRecord>& out) {
  if (size_++ == 0) {
    record_.line = line_;
  }
  if (c == '\n') {
    ++line_;
  }
  switch (state_) {
    case State::start:
      if (c == '"') {
        state_ = State::quoted;
        return;
      }
      state_ = State::plain;
      break;
    case State::quoted:
      if (c == '"') {
        state_ = State::quote_in_quoted;
      } else {
        field_ += c;
      }
      return;
    case State::quote_in_quoted:
      if (c == '"') {
        field_ += c;
        state_ = State::quoted;
        return;
      }
      if (c != ',' && c != '\n' && c != '\r') {
        record_.problem = "text behind a quoted field";
        state_ = State::broken;
        return;
      }
      break;
    case State::plain:
      if (c == '"') {
        record_.problem = "a quote inside a field that does not begin with one";
        state_ = State::broken;
        return;
      }
      break;
    case State::broken:
      break;
  }
  if (c == '\n') {
    end_record(out);
  } else if (c == ',' && state_ != State::broken) {
    end_field();
  } else if (state_ == State::plain) {
    field_ += c;
  }
}

void CsvReader::end_field() {
  record_.fields.emplace_back(state_ == State::quote_in_quoted ? field_
                                                               : std::string(base::trim(field_)));
  field_.clear();
  state_ = State::start;
}

void CsvReader::end_record(std::vector<CsvRecord>& out) {
  end_field();
  const bool is_empty = record_.fields.size() == 1 && record_.fields.front().empty();
  if (!is_empty || !record_.problem.empty()) {
    out.push_back(std::move(record_));
  }
  record_ = {};
  size_ = 0;
}

void CsvReader::finish(std::vector<CsvRecord>& out) {
  if (seen_ > 0 && seen_ < byte_order_mark.size()) {
    const std::size_t held = seen_;
    seen_ = byte_order_mark.size();
    for (const char before : byte_order_mark.substr(0, held)) {
      take(before, out);
    }
  }
  if (size_ == 0) {
    return;
  }
  if (state_ == State::quoted) {
    record_.problem = "a quote is missing: the field ends with the file";
  }
  end_record(out);
}

}  // namespace cli
