// mail-lib/header.hh -- the header of a message as views into its bytes, however broken it is.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The scanner never fails: a line that is no field is skipped when fields follow it soon, else the
// body starts there (the blank line is missing). Lines end in CRLF or LF. Values keep their folds
// and their bytes; mail-lib/forms.hh turns them into what RFC 8621 s4.1.2 shows.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace mail {

// What is read of one header; more is body to nobody and field to nobody.
inline constexpr std::size_t max_header_bytes = 1U << 20U;
inline constexpr std::size_t max_header_fields = 5000;

struct HeaderField {
  std::string_view name;   // as written, without blanks before the colon
  std::string_view value;  // from behind the colon up to the line end of its last line
};

// Views into the bytes scanned; these must outlive it.
struct Header {
  std::vector<HeaderField> fields;  // in the order of the message
  std::size_t body = 0;    // where the body starts; the size of the bytes when there is none
  bool is_regular = true;  // every line was a field and a blank line ended them
};

Header scan_header(std::string_view message);

// The last field called `name` (any case), or nullptr.
const HeaderField* last_field(const std::vector<HeaderField>& fields, std::string_view name);

}  // namespace mail
