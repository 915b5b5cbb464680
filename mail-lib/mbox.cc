// mail-lib/mbox.cc -- mbox files (RFC 4155): many mails in one text, split at their From_ lines.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/mbox.hh"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/text.hh"

namespace mail {

namespace {

constexpr std::string_view from_word = "From ";
constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr int seconds_a_minute = 60;
constexpr int minutes_an_hour = 60;
constexpr int hours_a_day = 24;
constexpr std::size_t longest_from_line = 1000;

// "01:05" or "01:05:34"; seconds of the day.
std::optional<int> parse_time(std::string_view word) {
  const auto parts = base::split(word, ':');
  if (parts.size() < 2 || parts.size() > 3) {
    return std::nullopt;
  }
  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto number = base::parse_number<int>(parts[i]);
    if (!number || parts[i].size() > 2 || *number < 0) {
      return std::nullopt;
    }
    numbers.at(i) = *number;
  }
  if (numbers[0] >= hours_a_day || numbers[1] >= minutes_an_hour || numbers[2] > seconds_a_minute) {
    return std::nullopt;
  }
  return (numbers[0] * minutes_an_hour + numbers[1]) * seconds_a_minute + numbers[2];
}

// The words behind the sender: [day] month date time [zone] year [zone].
struct FromDate {
  std::optional<unsigned> month;
  std::optional<unsigned> day;
  std::optional<int> time;
  std::optional<int> year;
};

void take_word(std::string_view word, FromDate& date) {
  const auto month = std::find(months.begin(), months.end(), word);
  const auto number = base::parse_number<int>(word);
  if (month != months.end() && !date.month) {
    date.month = static_cast<unsigned>(month - months.begin()) + 1;
  } else if (const auto time = parse_time(word); time && !date.time) {
    date.time = time;
  } else if (number && word.size() == 4 && *number >= 1970 && !date.year) {
    date.year = *number;
  } else if (number && word.size() <= 2 && *number >= 1 && *number <= 31 && !date.day) {
    date.day = static_cast<unsigned>(*number);
  }
}

bool is_field(std::string_view line, std::string_view name) {
  return line.size() > name.size() && base::istarts_with(line, name) && line[name.size()] == ':';
}

void take_flags(std::string_view value, MboxFlags& flags) {
  for (const char c : value) {
    flags.is_seen = flags.is_seen || c == 'R';
    flags.is_answered = flags.is_answered || c == 'A';
    flags.is_flagged = flags.is_flagged || c == 'F';
    flags.is_draft = flags.is_draft || c == 'T';
    flags.is_deleted = flags.is_deleted || c == 'D';
  }
}

// How many ">" stand before "From ", when nothing else does.
std::optional<std::size_t> quote_depth(std::string_view line) {
  const std::size_t depth = line.find_first_not_of('>');
  if (depth == std::string_view::npos || !line.substr(depth).starts_with(from_word)) {
    return std::nullopt;
  }
  return depth;
}

std::string two(unsigned number, char fill) {
  std::string text = std::to_string(number);
  return text.size() < 2 ? std::string(1, fill) + text : text;
}

std::string from_date(std::int64_t received) {
  namespace chrono = std::chrono;
  const chrono::sys_seconds at{chrono::seconds(received)};
  const auto midnight = chrono::floor<chrono::days>(at);
  const chrono::year_month_day date(midnight);
  const chrono::hh_mm_ss time(at - midnight);
  return std::string(days.at(chrono::weekday(midnight).c_encoding())) + " " +
         std::string(months.at(static_cast<unsigned>(date.month()) - 1)) + " " +
         two(static_cast<unsigned>(date.day()), ' ') + " " +
         two(static_cast<unsigned>(time.hours().count()), '0') + ":" +
         two(static_cast<unsigned>(time.minutes().count()), '0') + ":" +
         two(static_cast<unsigned>(time.seconds().count()), '0') + " " +
         std::to_string(static_cast<int>(date.year()));
}

// Status and X-Status, as they stand at the end of a header.
std::string status_fields(const MboxFlags& flags) {
  std::string more;
  more += flags.is_answered ? "A" : "";
  more += flags.is_deleted ? "D" : "";
  more += flags.is_flagged ? "F" : "";
  more += flags.is_draft ? "T" : "";
  return (flags.is_seen ? "Status: RO\n" : std::string()) +
         (more.empty() ? std::string() : "X-Status: " + more + "\n");
}

}  // namespace

std::optional<std::int64_t> parse_from_line(std::string_view line) {
  if (!line.starts_with(from_word) || line.size() > longest_from_line) {
    return std::nullopt;
  }
  FromDate date;
  bool is_sender = true;
  for (const std::string_view word : base::split(line.substr(from_word.size()), ' ')) {
    // A sender may be missing: then the first word is a day.
    if (!is_sender || std::find(days.begin(), days.end(), word) != days.end()) {
      take_word(base::trim(word), date);
    }
    is_sender = is_sender && word.empty();
  }
  if (!date.month || !date.day || !date.time || !date.year) {
    return std::nullopt;
  }
  const std::chrono::year_month_day day{
      std::chrono::year(*date.year), std::chrono::month(*date.month), std::chrono::day(*date.day)};
  if (!day.ok()) {
    return std::nullopt;
  }
  const auto at = std::chrono::sys_days(day) + std::chrono::seconds(*date.time);
  return std::chrono::duration_cast<std::chrono::seconds>(at.time_since_epoch()).count();
}

bool MboxReader::read(std::string_view text, std::vector<MboxMail>& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) {
      rest_ += text;
      return true;
    }
    bool is_mbox = true;
    if (rest_.empty()) {
      is_mbox = take_line(text.substr(0, end), out);
    } else {
      rest_ += text.substr(0, end);
      const std::string line = std::exchange(rest_, {});
      is_mbox = take_line(line, out);
    }
    if (!is_mbox) {
      return false;
    }
    text.remove_prefix(end + 1);
  }
  return true;
}

bool MboxReader::finish(std::vector<MboxMail>& out) {
  if (!rest_.empty()) {
    const std::string line = std::exchange(rest_, {});
    if (!take_line(line, out)) {
      return false;
    }
  }
  if (is_begun_) {
    end_mail(out);
  }
  return true;
}

void MboxReader::end_mail(std::vector<MboxMail>& out) {
  out.push_back(std::exchange(mail_, {}));
  is_begun_ = false;
  was_empty_ = false;
}

bool MboxReader::take_line(std::string_view line, std::vector<MboxMail>& out) {
  const bool ends_in_cr = line.ends_with('\r');
  const std::string_view bare = ends_in_cr ? line.substr(0, line.size() - 1) : line;
  if (!is_begun_ || was_empty_) {
    if (const auto received = parse_from_line(bare)) {
      if (is_begun_) {
        end_mail(out);
      }
      is_begun_ = true;
      in_header_ = true;
      is_dropping_ = false;
      has_crlf_ = ends_in_cr;
      mail_.received = received;
      return true;
    }
  }
  if (!is_begun_) {
    return bare.empty();  // empty lines in front do no harm
  }
  if (has_crlf_) {
    line = bare;
  }
  if (was_empty_) {
    mail_.octets += '\n';
    was_empty_ = false;
  }
  if (in_header_) {
    take_header(line);
    return true;
  }
  if (line.empty()) {
    was_empty_ = true;  // it may belong to the next From_ line
    return true;
  }
  const auto depth = quoting_ == MboxQuoting::none ? std::nullopt : quote_depth(line);
  if (depth && *depth > 0 && (quoting_ == MboxQuoting::mboxrd || *depth == 1)) {
    line.remove_prefix(1);
  }
  mail_.octets += line;
  mail_.octets += '\n';
  return true;
}

void MboxReader::take_header(std::string_view line) {
  if (line.empty() || line == "\r") {
    in_header_ = false;
    mail_.octets += line;
    mail_.octets += '\n';
    return;
  }
  const bool goes_on = line.front() == ' ' || line.front() == '\t';
  is_dropping_ = goes_on ? is_dropping_ : is_field(line, "Status") || is_field(line, "X-Status");
  if (is_dropping_) {
    take_flags(goes_on ? line : line.substr(line.find(':') + 1), mail_.flags);
    return;
  }
  mail_.octets += line;
  mail_.octets += '\n';
}

std::string mbox_entry(std::string_view octets, std::string_view sender, std::int64_t received,
                       const MboxFlags& flags) {
  std::string out(from_word);
  for (const char c : sender) {
    out += static_cast<unsigned char>(c) <= ' ' ? '-' : c;
  }
  out += sender.empty() ? "MAILER-DAEMON" : "";
  out += " " + from_date(received) + "\n";
  bool in_header = true;
  while (!octets.empty()) {
    const std::size_t end = octets.find('\n');
    const std::string_view line = octets.substr(0, end);
    octets.remove_prefix(end == std::string_view::npos ? octets.size() : end + 1);
    if (in_header && (line.empty() || line == "\r")) {
      out += status_fields(flags);
      in_header = false;
    }
    out += !in_header && quote_depth(line) ? ">" : "";
    out += line;
    out += '\n';
  }
  if (in_header) {
    out += status_fields(flags) + "\n";
  }
  return out + "\n";
}

}  // namespace mail
