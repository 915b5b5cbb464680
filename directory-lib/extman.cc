// directory-lib/extman.cc -- quotas, dates, switches, lists, passwords and routes of ExtMan.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// quota     = item *( "," item ) / ""        item = 1*DIGIT [ "S" / "C" ]
// day       = "" / "0" / 4DIGIT "-" 2DIGIT "-" 2DIGIT [ " " time ]
// term      = "" / 1*DIGIT ( "d" / "w" / "m" / "y" )
// targets   = [ target ] *( "," [ target ] ), blanks anywhere between
// mail host = "" / host [ ":" port ] / transport ":" nexthop
#include "directory-lib/extman.hh"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/text.hh"

#include "mail-lib/address.hh"

namespace directory::extman {

namespace {

using base::Errc;

constexpr std::string_view never = "0000-00-00";
constexpr std::size_t day_size = never.size();
constexpr std::size_t term_limit = 12;  // default_expire is that wide

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// A host's or a transport's character.
bool is_plain(char c) {
  return c >= '!' && c <= '~';
}

std::size_t digits_at(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is_digit(text[n])) {
    ++n;
  }
  return n;
}

base::Error no_quota(std::string_view text) {
  return base::make_error(Errc::malformed, "'" + base::printable(text, 40) + "' is no quota",
                          "bytes, as 104857600 or 104857600S");
}

// The kind of an item of a quota: 'S' bytes, 'C' messages, 0 when it is neither.
char item_kind(std::string_view item) {
  const std::size_t n = digits_at(item);
  if (n == 0 || item.size() > n + 1) {
    return 0;
  }
  const char kind = item.size() == n ? 'S' : item[n];
  return kind == 'S' || kind == 'C' ? kind : '\0';
}

// A number of exactly so many digits; -1 when it is none.
int fixed(std::string_view text, std::size_t at, std::size_t size) {
  int value = 0;
  for (std::size_t i = at; i < at + size; ++i) {
    if (i >= text.size() || !is_digit(text[i])) {
      return -1;
    }
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

std::optional<std::chrono::sys_days> calendar_day(std::string_view text) {
  if (text.size() < day_size || text[4] != '-' || text[7] != '-') {
    return std::nullopt;
  }
  const int year = fixed(text, 0, 4);
  const int month = fixed(text, 5, 2);
  const int day = fixed(text, 8, 2);
  if (year <= 0 || month < 0 || day < 0) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date(std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day)));
  return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

std::string scheme_label(std::string_view scheme) {
  std::string label = "{";
  for (const char c : scheme) {
    label += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  return label + "}";
}

// One target in its normal form; as written when it is no address.
std::string normal_target(std::string_view word) {
  if (word.starts_with('@')) {
    const auto domain = mail::parse_domain(word.substr(1));
    return domain ? "@" + *domain : std::string(word);
  }
  const auto address = mail::parse_address(word);
  return address ? address->text() : std::string(word);
}

// A mail host taken apart.
struct Route {
  std::string_view transport;  // empty when only a host stands there
  std::string_view nexthop;
};

Route split_route(std::string_view mail_host) {
  const std::size_t colon = mail_host.find(':');
  // "[2001:db8::1]" has its colons inside; "store2:2424" is a host and its port.
  if (colon == std::string_view::npos || mail_host.starts_with('[')) {
    return {"", mail_host};
  }
  const std::string_view rest = mail_host.substr(colon + 1);
  if (!rest.empty() && digits_at(rest) == rest.size()) {
    return {"", mail_host};
  }
  return {mail_host.substr(0, colon), rest};
}

std::string_view without_port(std::string_view nexthop) {
  const std::size_t colon = nexthop.find(':');
  const bool one = colon != std::string_view::npos && nexthop.find(':', colon + 1) == nexthop.npos;
  return one ? nexthop.substr(0, colon) : nexthop;
}

bool has_port(std::string_view nexthop) {
  const std::size_t from = nexthop.starts_with('[') ? nexthop.find(']') : 0;
  return from != std::string_view::npos && nexthop.find(':', from) != std::string_view::npos;
}

}  // namespace

base::Result<base::Bytes> parse_quota(std::string_view text) {
  std::optional<base::Bytes> found;
  bool counts = false;
  if (text.empty()) {
    return base::Bytes();
  }
  for (const std::string_view item : base::split(text, ',')) {
    const char kind = item_kind(item);
    const auto number = base::parse_number<std::uint64_t>(item.substr(0, digits_at(item)));
    if (kind == 0 || !number || (kind == 'S' ? found.has_value() : counts)) {
      return no_quota(text);
    }
    if (kind == 'S') {
      found = base::Bytes{*number};
    } else {
      counts = true;
    }
  }
  return found.value_or(base::Bytes());
}

std::string quota_text(base::Bytes quota, std::string_view found) {
  const std::string number = std::to_string(quota.count);
  if (found == "S" || found.empty()) {
    return number + std::string(found);
  }
  const auto known = parse_quota(found);
  if (!known) {
    return number + (found.ends_with('S') ? "S" : "");
  }
  if (*known == quota) {
    return std::string(found);
  }
  std::string text;
  bool is_written = false;
  for (const std::string_view item : base::split(found, ',')) {
    text += text.empty() ? "" : ",";
    if (item_kind(item) == 'S') {
      text += number + std::string(item.substr(digits_at(item)));
      is_written = true;
    } else {
      text += item;
    }
  }
  return is_written ? text : number + "S," + text;
}

base::Result<Expiry> parse_day(std::string_view text) {
  if (text.empty() || text == "0" || text.substr(0, day_size) == never) {
    return Expiry();
  }
  const auto day = calendar_day(text);
  if (!day || (text.size() > day_size && text[day_size] != ' ' && text[day_size] != 'T')) {
    return base::make_error(Errc::malformed, "'" + base::printable(text, 40) + "' is no date",
                            "a date as 2030-12-31, or 0000-00-00 for ever");
  }
  return Expiry(*day);
}

std::string day_text(const Expiry& day) {
  if (!day) {
    return std::string(never);
  }
  const std::chrono::year_month_day date(*day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

base::WallTime parse_time(std::string_view text) {
  const auto day = calendar_day(text);
  if (!day) {
    return {};
  }
  const int hour = fixed(text, day_size + 1, 2);
  const int minute = fixed(text, day_size + 4, 2);
  const int second = fixed(text, day_size + 7, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) {
    return *day;
  }
  return *day + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

std::string time_text(base::WallTime time) {
  if (time == base::WallTime()) {
    return std::string(never) + " 00:00:00";
  }
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{} {:02}:{:02}:{:02}", day_text(day), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

bool is_on(std::string_view text) {
  const auto number = base::parse_number<std::int64_t>(text);
  return number && *number != 0;
}

std::string parse_term(std::string_view text) {
  const std::size_t n = digits_at(text);
  const bool is_term = n > 0 && text.size() == n + 1 && text.size() <= term_limit &&
                       std::string_view("dwmy").find(text[n]) != std::string_view::npos;
  const bool is_nothing = text.find_first_not_of('0') == n;
  return is_term && !is_nothing ? std::string(text) : std::string();
}

std::vector<std::string> parse_targets(std::string_view text) {
  std::vector<std::string> targets;
  std::set<std::string, std::less<>> seen;
  for (const std::string_view word : base::split_words(text)) {
    const bool has_control = std::any_of(word.begin(), word.end(), [](char c) {
      return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
    });
    if (has_control) {
      continue;
    }
    std::string target = normal_target(word);
    if (seen.insert(target).second) {
      targets.push_back(std::move(target));
    }
  }
  return targets;
}

std::string targets_text(const std::vector<std::string>& targets) {
  return base::join(targets, ",");
}

std::string stored_password(std::string_view text, std::string_view scheme) {
  constexpr std::string_view digest = "{MD5}";
  if (text.empty()) {
    return {};
  }
  if (base::istarts_with(text, digest) && !text.substr(digest.size()).starts_with("$1$")) {
    return "{LDAP-MD5}" + std::string(text.substr(digest.size()));
  }
  if (text.starts_with('{') && text.find('}') != std::string_view::npos) {
    return std::string(text);
  }
  return (text.starts_with('$') ? "{CRYPT}" : scheme_label(scheme)) + std::string(text);
}

std::string stored_path(std::string_view text) {
  while (text.ends_with('/')) {
    text.remove_suffix(1);
  }
  return std::string(text);
}

std::string stored_home(std::string_view homedir, std::string_view maildir) {
  std::string home = stored_path(homedir);
  if (home.empty()) {
    home = stored_path(maildir);
    const std::size_t slash = home.rfind('/');
    home.resize(slash == std::string::npos ? 0 : slash);
  }
  return home;
}

std::string domain_mail_host(std::string_view transport) {
  constexpr std::array<std::string_view, 7> local{"virtual", "local",   "maildrop", "dovecot",
                                                  "lmtp",    "discard", "pipe"};
  const std::string_view name = transport.substr(0, transport.find(':'));
  const bool has_nexthop = transport.size() > name.size() + 1;
  const bool is_agent = std::find(local.begin(), local.end(), name) != local.end();
  if (is_agent && (!has_nexthop || name != "lmtp")) {
    return {};
  }
  return has_nexthop || name.size() == transport.size() ? std::string(transport) : std::string();
}

std::string readable(std::string_view text) {
  if (base::is_utf8(text)) {
    return std::string(text);
  }
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xC0 | (byte >> 6U));
      out += static_cast<char>(0x80 | (byte & 0x3FU));
    }
  }
  return out;
}

base::Result<std::string> nexthop_of(std::string_view mail_host) {
  if (!std::all_of(mail_host.begin(), mail_host.end(), is_plain)) {
    return base::make_error(Errc::malformed,
                            "'" + base::printable(mail_host, 80) + "' is no mail host");
  }
  const auto [transport, nexthop] = split_route(mail_host);
  if (nexthop.empty()) {
    return std::string(mail_host);
  }
  const std::string_view port = has_port(nexthop) ? "" : ":24";
  if (transport.empty()) {
    return "lmtp:inet:" + std::string(nexthop) + std::string(port);
  }
  if (transport == "lmtp" && !nexthop.starts_with("inet:") && !nexthop.starts_with("unix:")) {
    return "lmtp:inet:" + std::string(nexthop) + std::string(port);
  }
  return std::string(mail_host);
}

std::string host_of(std::string_view mail_host) {
  if (!std::all_of(mail_host.begin(), mail_host.end(), is_plain)) {
    return {};
  }
  std::string_view host = split_route(mail_host).nexthop;
  if (host.starts_with("unix:")) {
    return {};
  }
  host.remove_prefix(host.starts_with("inet:") ? 5 : 0);
  if (host.starts_with('[')) {
    host = host.substr(1, std::min(host.find(']'), host.size()) - 1);
    host.remove_prefix(base::istarts_with(host, "ipv6:") ? 5 : 0);
    return std::string(host);
  }
  return std::string(without_port(host));
}

bool is_among(std::string_view mail_host, const base::Words& hosts) {
  const std::string host = host_of(mail_host);
  return std::any_of(hosts.begin(), hosts.end(), [&](const std::string& name) {
    return base::iequals(name, mail_host) || (!host.empty() && base::iequals(name, host));
  });
}

std::uint16_t lmtp_port_of(std::string_view mail_host) {
  constexpr std::uint16_t usual = 24;
  const auto route = nexthop_of(mail_host);
  if (!route || !route->starts_with("lmtp:inet:")) {
    return usual;
  }
  const auto port = base::parse_number<std::uint16_t>(route->substr(route->rfind(':') + 1));
  return port && *port != 0 ? *port : usual;
}

}  // namespace directory::extman
