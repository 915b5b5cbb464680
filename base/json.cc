// base/json.cc -- simdjson's calls in the form that reports errors by code.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.hh"

namespace base {

namespace {

// Requests nest a few levels; deep nesting is an attack on recursive readers.
constexpr std::size_t depth_limit = 64;

template <typename T>
std::optional<T> member_as(const JsonValue& object, std::string_view key) {
  T value{};
  if (object[key].get(value) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

Result<JsonValue> JsonParser::parse(std::string_view text) {
  if (parser_.allocate(std::max<std::size_t>(text.size(), 1), depth_limit) != simdjson::SUCCESS) {
    return make_error(Errc::unavailable, "no memory for a JSON document");
  }
  JsonValue value;
  const auto err = parser_.parse(text.data(), text.size(), true).get(value);
  if (err != simdjson::SUCCESS) {
    return make_error(Errc::malformed, std::string("not JSON: ") + simdjson::error_message(err));
  }
  return value;
}

std::optional<std::string_view> json_text(const JsonValue& object, std::string_view key) {
  return member_as<std::string_view>(object, key);
}

std::optional<std::int64_t> json_number(const JsonValue& object, std::string_view key) {
  return member_as<std::int64_t>(object, key);
}

std::optional<bool> json_bool(const JsonValue& object, std::string_view key) {
  return member_as<bool>(object, key);
}

std::optional<JsonValue> json_member(const JsonValue& object, std::string_view key) {
  auto value = member_as<JsonValue>(object, key);
  return value && value->is_null() ? std::nullopt : value;
}

}  // namespace base
