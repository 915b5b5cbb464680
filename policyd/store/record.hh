// policyd/store/record.hh -- numbers and texts of records to bytes and back, and hashed keys.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Numbers are little-endian. A text is one byte of length and its bytes; it is cut at 255.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "policyd/siphash.hh"

namespace policy {

inline constexpr std::size_t record_text_limit = 255;

template <typename Int>
void append_number(std::string& out, Int value) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out += static_cast<char>(value >> (8 * i));
  }
}

inline void append_text(std::string& out, std::string_view text) {
  text = text.substr(0, record_text_limit);
  out += static_cast<char>(text.size());
  out += text;
}

// Reads from the front; after the first lack of bytes everything is zero and is_whole() false.
class RecordReader {
 public:
  explicit RecordReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Int>
  Int number() {
    const std::string_view bytes = take(sizeof(Int));
    Int value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value = static_cast<Int>(value | static_cast<Int>(static_cast<std::uint8_t>(bytes[i]))
                                           << (8 * i));
    }
    return value;
  }
  std::string text() { return std::string(take(number<std::uint8_t>())); }
  bool has_enough() const { return !lacks_; }
  bool is_whole() const { return !lacks_ && rest_.empty(); }

 private:
  std::string_view take(std::size_t count) {
    lacks_ = lacks_ || count > rest_.size();
    const std::string_view taken = lacks_ ? std::string_view() : rest_.substr(0, count);
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
  bool lacks_ = false;
};

// A key's part: the first `size` bytes of the hash of a letter that says what it is of, and the
// texts with the first one's length.
inline std::string hashed(const HashKey& hash_key, char kind, std::string_view first,
                          std::string_view second, std::size_t size) {
  std::string text(1, kind);
  append_number(text, static_cast<std::uint32_t>(first.size()));
  text.append(first).append(second);
  const Hash128 hash = siphash128(hash_key, text);
  return {hash.begin(), hash.begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace policy
