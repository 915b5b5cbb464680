// mail-lib/date.cc -- dates of mail headers (RFC 5322 s3.3 and what else is sent) and of JMAP.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/date.hh"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/text.hh"

namespace mail {

namespace {

constexpr std::size_t max_date_bytes = 256;
constexpr std::array<std::string_view, 12> months = {"jan", "feb", "mar", "apr", "may", "jun",
                                                     "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::pair<std::string_view, int>, 12> zone_names{{{"ut", 0},
                                                                       {"gmt", 0},
                                                                       {"utc", 0},
                                                                       {"z", 0},
                                                                       {"edt", -4},
                                                                       {"est", -5},
                                                                       {"cdt", -5},
                                                                       {"cst", -6},
                                                                       {"mdt", -6},
                                                                       {"mst", -7},
                                                                       {"pdt", -7},
                                                                       {"pst", -8}}};

// Words of a date: split at blanks and commas, comments gone.
std::vector<std::string> words_of(std::string_view value) {
  std::vector<std::string> words(1);
  int depth = 0;
  for (const char c : value.substr(0, max_date_bytes)) {
    depth += c == '(' ? 1 : 0;
    const bool is_break = depth > 0 || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',';
    if (!is_break) {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
    depth -= c == ')' && depth > 0 ? 1 : 0;
  }
  if (words.back().empty()) {
    words.pop_back();
  }
  return words;
}

std::optional<int> number(std::string_view text) {
  const auto value = base::parse_number<int>(text);
  return value && *value >= 0 ? std::optional(*value) : std::nullopt;
}

std::optional<unsigned> month_of(std::string_view word) {
  for (unsigned i = 0; i < months.size(); ++i) {
    if (base::istarts_with(word, months.at(i))) {
      return i + 1;
    }
  }
  return std::nullopt;
}

std::optional<std::chrono::seconds> time_of(std::string_view word) {
  const auto parts = base::split(word, ':');
  if (parts.size() < 2 || parts.size() > 3) {
    return std::nullopt;
  }
  const auto hour = number(parts[0]);
  const auto minute = number(parts[1]);
  const auto second = parts.size() == 3 ? number(parts[2].substr(0, parts[2].find('.'))) : 0;
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) {
    return std::nullopt;
  }
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

std::optional<std::chrono::minutes> zone_of(std::string_view word) {
  for (const auto& [name, hours] : zone_names) {
    if (base::iequals(word, name)) {
      return std::chrono::hours(hours);
    }
  }
  if (word.size() < 5 || (word[0] != '+' && word[0] != '-')) {
    // RFC 5322 s4.3: other letters say nothing of the zone.
    return word.empty() || (word[0] >= '0' && word[0] <= '9')
               ? std::nullopt
               : std::optional(std::chrono::minutes(0));
  }
  std::string digits(word.substr(1));
  std::erase(digits, ':');
  const auto value = digits.size() == 4 ? number(digits) : std::nullopt;
  if (!value || *value / 100 > 14 || *value % 100 > 59) {
    return std::nullopt;
  }
  const auto offset = std::chrono::hours(*value / 100) + std::chrono::minutes(*value % 100);
  return word[0] == '-' ? -offset : offset;
}

int full_year(int year, std::size_t digits) {
  if (digits > 3) {
    return year;
  }
  return digits == 3 || year >= 50 ? year + 1900 : year + 2000;  // RFC 5322 s4.3
}

}  // namespace

std::optional<Date> parse_date(std::string_view value) {
  std::vector<std::string> words = words_of(value);
  if (!words.empty() && !number(words.front())) {
    words.erase(words.begin());  // the weekday, true or not
  }
  if (words.size() < 4) {
    return std::nullopt;
  }
  if (!number(words[0]) || !month_of(words[1])) {
    return std::nullopt;
  }
  const auto year = number(words[2]);
  const auto clock = time_of(words[3]);
  const auto zone = words.size() > 4 ? zone_of(words[4]) : std::optional(std::chrono::minutes(0));
  if (!year || !clock || !zone) {
    return std::nullopt;
  }
  const std::chrono::year_month_day day(std::chrono::year(full_year(*year, words[2].size())),
                                        std::chrono::month(*month_of(words[1])),
                                        std::chrono::day(static_cast<unsigned>(*number(words[0]))));
  if (!day.ok() || int(day.year()) < 1 || int(day.year()) > 9998) {
    return std::nullopt;
  }
  return Date{std::chrono::sys_days(day) + *clock - *zone, *zone};
}

std::string date_text(const Date& date) {
  const auto local = date.time + date.zone;
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day day(midnight);
  const std::chrono::hh_mm_ss clock(local - midnight);
  std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", int(day.year()),
                                 unsigned(day.month()), unsigned(day.day()), clock.hours().count(),
                                 clock.minutes().count(), clock.seconds().count());
  if (date.zone.count() == 0) {
    return text + "Z";
  }
  const auto offset = std::chrono::abs(date.zone);
  return text + fmt::format("{}{:02}:{:02}", date.zone.count() < 0 ? '-' : '+', offset.count() / 60,
                            offset.count() % 60);
}

}  // namespace mail
