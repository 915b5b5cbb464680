// base/json_writer.hh -- an append-only JSON writer (RFC 8259): values go straight into text.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Commas are set by the writer. The caller balances begin_ and end_ calls and gives each object
// value its key. Strings that are not UTF-8 get U+FFFD for each broken byte, so that the output is
// always valid.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace base {

class JsonWriter {
 public:
  JsonWriter& begin_object() { return open('{'); }
  JsonWriter& end_object() { return close('}'); }
  JsonWriter& begin_array() { return open('['); }
  JsonWriter& end_array() { return close(']'); }
  JsonWriter& key(std::string_view name);

  JsonWriter& string(std::string_view text);
  JsonWriter& number(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  // Valid JSON text made elsewhere, taken as it is.
  JsonWriter& raw(std::string_view json);

  const std::string& text() const { return out_; }
  std::string take() { return std::move(out_); }

 private:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  void separate();

  std::string out_;
};

// `text` as a JSON string with its quotes.
std::string json_string(std::string_view text);

}  // namespace base
