// base/settings.hh -- settings from one table: reading, checking, and printing their documentation.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The syntax is main.cf's: `name = value`, `#` lines, and lines that start with a blank continue
// the one before. A room declares a struct and a constexpr table of Setting<S> rows; the same table
// reads files, explains mistakes and prints conf-examples, man page and admin form.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.hh"

namespace base {

using Duration = std::chrono::milliseconds;  // written with a unit: 200ms, 30s, 5m, 1h, 35d

// A size in bytes; written with a unit: 512B, 64k, 10M, 1G (powers of 1024).
struct Bytes {
  std::uint64_t count = 0;
  auto operator<=>(const Bytes&) const = default;
};

using Words = std::vector<std::string>;  // separated by commas or blanks

using SettingValue = std::variant<bool, std::int64_t, Duration, Bytes, std::string, Words>;

// When a changed value takes effect.
enum class Reload { live, restart };  // live: on SIGHUP

// What the untyped half needs to know of a row.
struct SettingRow {
  std::string_view name;
  std::size_t kind;           // index into SettingValue
  std::string_view fallback;  // the default, as it would be written in a file
  std::string_view limits;    // numbers, times, sizes: "MIN..MAX"; text: "one|two"; "" for any
  Reload reload;
  std::string_view doc;  // whole sentences, as they stand in the man page
};

template <typename S>
struct Setting {
  std::string_view name;
  std::variant<bool S::*, std::int64_t S::*, Duration S::*, Bytes S::*, std::string S::*,
               Words S::*>
      member;
  std::string_view fallback;
  std::string_view limits;
  Reload reload;
  std::string_view doc;

  constexpr SettingRow row() const { return {name, member.index(), fallback, limits, reload, doc}; }
};

// For a static_assert beside each table: every doc is a sentence, every name lower_snake.
template <typename S, std::size_t n>
constexpr bool is_documented(const Setting<S> (&table)[n]) {
  for (const auto& row : table) {
    if (row.doc.size() < 10 || row.doc.back() != '.' || row.doc.front() < 'A' ||
        row.doc.front() > 'Z') {
      return false;
    }
    for (const char c : row.name) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) {
        return false;
      }
    }
  }
  return true;
}

// Several tables in one, for a room whose parts have a table each:
//   inline constexpr auto joined = base::join(part_rows<Settings>, other_rows<Settings>);
//   inline constexpr auto& settings_table = joined.rows;
template <typename S, std::size_t n>
struct JoinedSettings {
  Setting<S> rows[n];
};

namespace detail {
template <typename S, std::size_t... left, std::size_t... right>
constexpr JoinedSettings<S, sizeof...(left) + sizeof...(right)> join_two(
    const Setting<S> (&a)[sizeof...(left)], const Setting<S> (&b)[sizeof...(right)],
    std::index_sequence<left...> /*a*/, std::index_sequence<right...> /*b*/) {
  return {{a[left]..., b[right]...}};
}
}  // namespace detail

template <typename S, std::size_t n, std::size_t m, typename... More>
constexpr auto join(const Setting<S> (&a)[n], const Setting<S> (&b)[m], const More&... more) {
  const auto two =
      detail::join_two(a, b, std::make_index_sequence<n>(), std::make_index_sequence<m>());
  if constexpr (sizeof...(more) == 0) {
    return two;
  } else {
    return join(two.rows, more...);
  }
}

// A mistake in a settings file.
struct SettingProblem {
  std::size_t line = 0;  // 1 is the first
  std::string text;      // what is wrong
  std::string hint;      // what to write instead
};

// "FILE:LINE: text (hint)", a line each.
std::string problems_text(std::string_view file, std::span<const SettingProblem> problems);

// The untyped half. Every index of the result belongs to the row of the same index.
struct ParsedSettings {
  std::vector<SettingValue> values;  // defaults where the file says nothing
  std::vector<SettingProblem> problems;
};
ParsedSettings parse_settings(std::span<const SettingRow> rows, std::string_view text);

// One value in a row's syntax; malformed with a hint otherwise.
Result<SettingValue> parse_setting_value(const SettingRow& row, std::string_view text);

// One row that differs, as text. For the reload log.
std::string setting_value_text(const SettingValue& value);

enum class SettingsForm { conf, man, json };
Result<SettingsForm> parse_settings_form(std::string_view name);

// All rows with defaults and documentation: `conf` a commented file, `man` mdoc(7) list items,
// `json` an array for the administration form.
std::string print_settings(std::span<const SettingRow> rows, SettingsForm form);

template <typename S, std::size_t n>
std::vector<SettingRow> rows_of(const Setting<S> (&table)[n]) {
  std::vector<SettingRow> rows;
  rows.reserve(n);
  for (const auto& setting : table) {
    rows.push_back(setting.row());
  }
  return rows;
}

// The settings in `text`. On any mistake: malformed, whose detail is problems_text() of them all.
template <typename S, std::size_t n>
Result<S> settings_from_text(const Setting<S> (&table)[n], std::string_view file,
                             std::string_view text) {
  ParsedSettings parsed = parse_settings(rows_of(table), text);
  if (!parsed.problems.empty()) {
    return make_error(Errc::malformed, problems_text(file, parsed.problems));
  }
  S settings{};
  for (std::size_t i = 0; i < n; ++i) {
    std::visit(
        [&settings, &value = parsed.values[i]](auto member) {
          using Value = std::remove_reference_t<decltype(settings.*member)>;
          settings.*member = std::get<Value>(std::move(value));
        },
        table[i].member);
  }
  return settings;
}

}  // namespace base
