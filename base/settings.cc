// base/settings.cc -- lines and values of a settings file, and the advice on wrong ones.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/settings.hh"

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <optional>

#include "base/text.hh"

namespace base {

namespace {

// A settings file is written by hand; more is a mistake (a mailbox, a device).
constexpr std::size_t file_limit = 1U << 20U;

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 6> time_units{{
    {"ms", 1},
    {"s", 1000},
    {"m", 60'000},
    {"h", 3'600'000},
    {"d", 86'400'000},
    {"w", 604'800'000},
}};
constexpr std::array<Unit, 4> size_units{{
    {"B", 1},
    {"k", 1LL << 10},
    {"M", 1LL << 20},
    {"G", 1LL << 30},
}};

struct Line {
  std::size_t number;
  std::string name;
  std::string value;
};

template <typename Units>
Result<std::int64_t> parse_with_unit(std::string_view text, const Units& units,
                                     std::string_view example) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string hint = "write a number with a unit, such as " + std::string(example);
  const auto number = parse_number<std::int64_t>(text.substr(0, digits));
  const std::string_view unit = trim(text.substr(digits));
  if (!number || unit.empty()) {
    return make_error(Errc::malformed, number ? "the unit is missing" : "not a number with a unit",
                      hint);
  }
  for (const Unit& known : units) {
    if (known.name == unit) {
      if (*number > std::numeric_limits<std::int64_t>::max() / known.factor) {
        return make_error(Errc::malformed, "the number is too large", hint);
      }
      return *number * known.factor;
    }
  }
  return make_error(Errc::malformed, "unknown unit '" + printable(unit, 20) + "'", hint);
}

// A number in the row's own syntax, so that "1s..1d" can be compared.
Result<std::int64_t> parse_scalar(std::size_t kind, std::string_view text) {
  if (kind == 2) {
    return parse_with_unit(text, time_units, "30s, 5m or 1h");
  }
  if (kind == 3) {
    return parse_with_unit(text, size_units, "64k, 10M or 1G");
  }
  auto number = parse_number<std::int64_t>(text);
  if (!number) {
    return make_error(Errc::malformed, "not a whole number", "write digits only, such as 24");
  }
  return number;
}

Result<std::int64_t> parse_limited(const SettingRow& row, std::string_view text) {
  auto number = parse_scalar(row.kind, text);
  if (!number || row.limits.empty()) {
    return number;
  }
  const std::size_t dots = row.limits.find("..");
  const auto least = parse_scalar(row.kind, row.limits.substr(0, dots));
  const auto most = parse_scalar(row.kind, row.limits.substr(dots + 2));
  if ((least && *number < *least) || (most && *number > *most)) {
    return make_error(Errc::malformed, "out of range", "allowed is " + std::string(row.limits));
  }
  return number;
}

Result<SettingValue> parse_bool(std::string_view text) {
  if (text == "yes" || text == "no") {
    return SettingValue(text == "yes");
  }
  return make_error(Errc::malformed, "neither yes nor no", "write yes or no");
}

Result<SettingValue> parse_text(const SettingRow& row, std::string_view text) {
  if (!is_utf8(text)) {
    return make_error(Errc::malformed, "not UTF-8 text", "save the file as UTF-8");
  }
  if (row.limits.empty()) {
    return SettingValue(std::string(text));
  }
  const auto choices = split(row.limits, '|');
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) {
    return SettingValue(std::string(text));
  }
  return make_error(Errc::malformed, "'" + printable(text, 40) + "' is not one of the choices",
                    "write one of " + std::string(row.limits));
}

// Joins continued lines, drops comments; what is no setting becomes a problem.
std::vector<Line> parse_lines(std::string_view text, std::vector<SettingProblem>& problems) {
  std::vector<Line> lines;
  std::size_t number = 0;
  bool continues = false;  // whether a line that starts with a blank has one to continue
  for (const std::string_view raw : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(raw);
    if (line.empty() || line.front() == '#') {
      continue;
    }
    if (raw.front() == ' ' || raw.front() == '\t') {
      if (continues) {
        lines.back().value.append(lines.back().value.empty() ? "" : " ").append(line);
      } else {
        problems.push_back({number, "a line that starts with a blank, but nothing to continue",
                            "begin the line with the setting's name"});
      }
      continue;
    }
    const std::size_t equals = line.find('=');
    continues = equals != std::string_view::npos;
    if (!continues) {
      problems.push_back(
          {number, "no '=' in \"" + printable(line, 60) + "\"", "write name = value"});
      continue;
    }
    lines.push_back({number, std::string(trim(line.substr(0, equals))),
                     std::string(trim(line.substr(equals + 1)))});
  }
  return lines;
}

// Levenshtein distance; names are short.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (const char c : a) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replace = diagonal + (c == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replace, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string nearest_name_hint(std::span<const SettingRow> rows, std::string_view name) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(3, name.size() / 3 + 1);
  for (const SettingRow& row : rows) {
    const std::size_t d = name.size() > 80 ? best_distance : distance(name, row.name);
    if (d < best_distance) {
      best_distance = d;
      best = row.name;
    }
  }
  return best.empty() ? "--settings=conf lists all settings"
                      : "did you mean " + std::string(best) + "?";
}

void apply_line(std::span<const SettingRow> rows, const Line& line,
                std::vector<std::size_t>& seen_at, ParsedSettings& parsed) {
  const auto row = std::find_if(rows.begin(), rows.end(),
                                [&line](const SettingRow& r) { return r.name == line.name; });
  if (row == rows.end()) {
    parsed.problems.push_back({line.number, "unknown setting '" + printable(line.name, 60) + "'",
                               nearest_name_hint(rows, line.name)});
    return;
  }
  const auto index = static_cast<std::size_t>(row - rows.begin());
  if (seen_at[index] != 0) {
    parsed.problems.push_back(
        {line.number, line.name + " is set a second time",
         "it was set on line " + std::to_string(seen_at[index]) + "; keep one of the two"});
    return;
  }
  seen_at[index] = line.number;
  auto value = parse_setting_value(*row, line.value);
  if (!value) {
    parsed.problems.push_back(
        {line.number, line.name + ": " + value.error().detail, value.error().hint});
    return;
  }
  parsed.values[index] = std::move(*value);
}

}  // namespace

Result<SettingValue> parse_setting_value(const SettingRow& row, std::string_view text) {
  if (row.kind == 0) {
    return parse_bool(text);
  }
  if (row.kind == 4) {
    return parse_text(row, text);
  }
  if (row.kind == 5) {
    Words words;
    for (const std::string_view word : split_words(text)) {
      if (auto checked = parse_text(row, word); !checked) {
        return checked.error();
      }
      words.emplace_back(word);
    }
    return SettingValue(std::move(words));
  }
  const auto number = parse_limited(row, text);
  if (!number) {
    return number.error();
  }
  switch (row.kind) {
    case 2:
      return SettingValue(Duration(*number));
    case 3:
      return SettingValue(Bytes{static_cast<std::uint64_t>(*number)});
    default:
      return SettingValue(*number);
  }
}

ParsedSettings parse_settings(std::span<const SettingRow> rows, std::string_view text) {
  ParsedSettings parsed;
  for (const SettingRow& row : rows) {
    auto value = parse_setting_value(row, row.fallback);
    // A default that breaks its own row is our mistake; it shows up in the first run of any test.
    parsed.values.push_back(value ? std::move(*value) : SettingValue());
    if (!value) {
      parsed.problems.push_back({0, std::string(row.name) + ": bad default", value.error().hint});
    }
  }
  if (text.size() > file_limit) {
    parsed.problems.push_back({1, "the file is larger than 1 MiB", "is this a settings file?"});
    return parsed;
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    const auto line =
        std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(nul), '\n');
    parsed.problems.push_back(
        {static_cast<std::size_t>(line) + 1, "a NUL byte", "is this a settings file?"});
    return parsed;
  }
  std::vector<std::size_t> seen_at(rows.size(), 0);
  for (const Line& line : parse_lines(text, parsed.problems)) {
    apply_line(rows, line, seen_at, parsed);
  }
  std::sort(parsed.problems.begin(), parsed.problems.end(),
            [](const auto& a, const auto& b) { return a.line < b.line; });
  return parsed;
}

std::string problems_text(std::string_view file, std::span<const SettingProblem> problems) {
  std::string text;
  for (const SettingProblem& problem : problems) {
    if (!text.empty()) {
      text += '\n';
    }
    text.append(file).append(":").append(std::to_string(problem.line)).append(": ");
    text += problem.text;
    if (!problem.hint.empty()) {
      text.append(" (").append(problem.hint).append(")");
    }
  }
  return text;
}

}  // namespace base
