// base/json.hh -- reading JSON (RFC 8259) through simdjson, its errors turned into values.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include <simdjson.h>

#include "base/result.hh"

namespace base {

using JsonValue = simdjson::dom::element;
using JsonObject = simdjson::dom::object;
using JsonArray = simdjson::dom::array;

// Holds one parsed document; views into it die with it or at its next parse(). One thread.
class JsonParser {
 public:
  // malformed when `text` is not one JSON value or nests deeper than 64.
  Result<JsonValue> parse(std::string_view text);

 private:
  simdjson::dom::parser parser_{};
};

// The member of an object, or nothing when it is absent, null, or of another type.
std::optional<std::string_view> json_text(const JsonValue& object, std::string_view key);
std::optional<std::int64_t> json_number(const JsonValue& object, std::string_view key);
std::optional<bool> json_bool(const JsonValue& object, std::string_view key);
std::optional<JsonValue> json_member(const JsonValue& object, std::string_view key);

}  // namespace base
