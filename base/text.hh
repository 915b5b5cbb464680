// base/text.hh -- small pure functions over text: trim, split, case, numbers, hex and base64.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace base {

// ASCII only, whatever the locale: protocol text, not prose.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}
std::string to_lower(std::string_view text);
bool iequals(std::string_view a, std::string_view b);
bool istarts_with(std::string_view text, std::string_view prefix);
bool iends_with(std::string_view text, std::string_view suffix);

// Without spaces, tabs, CR and LF at both ends; a view into `text`.
std::string_view trim(std::string_view text);

// The parts between `separator`s, empty ones too; views into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);

// The words between commas, spaces, tabs and line ends; no empty ones; views into `text`.
std::vector<std::string_view> split_words(std::string_view text);

std::string join(std::span<const std::string> parts, std::string_view separator);

// A whole decimal number and nothing else; malformed otherwise or when it does not fit.
template <typename Int>
Result<Int> parse_number(std::string_view text) {
  Int value{};
  const auto [end, err] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (err != std::errc() || end != text.data() + text.size() || text.empty()) {
    return make_error(Errc::malformed, "not a number: " + std::string(text.substr(0, 40)));
  }
  return value;
}

using ByteView = std::span<const std::uint8_t>;
inline ByteView bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string hex(ByteView bytes);
Result<std::string> from_hex(std::string_view text);

// RFC 4648 s4 with padding; `url` is s5 without padding.
std::string base64(std::string_view bytes);
std::string base64url(std::string_view bytes);
// Reads either alphabet, padded or not; malformed on any other byte.
Result<std::string> from_base64(std::string_view text);

// `text` fit for one line of a log or a terminal: control bytes and bytes of broken UTF-8 become
// \xNN, a backslash is doubled, and what exceeds `limit` bytes is cut and marked by "...".
std::string printable(std::string_view text, std::size_t limit = 256);

// The length of the UTF-8 sequence (RFC 3629) that `text`, not empty, starts with; 0 when there is
// none.
std::size_t utf8_length(std::string_view text);

// True when `text` is well-formed UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

}  // namespace base
