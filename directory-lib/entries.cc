// directory-lib/entries.cc -- the words of the entries' kinds, and what an account may do now.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/entries.hh"

#include <array>
#include <span>

#include "base/text.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::array<std::string_view, service_count> service_names{
    "receive", "submission", "imap", "pop3", "sieve", "webmail", "netdisk"};
constexpr std::array<std::string_view, 2> list_kind_names{"white", "black"};
constexpr std::array<std::string_view, 2> manager_level_names{"admin", "postmaster"};
constexpr unsigned longest_term = 9999;

// The index of `name`; malformed with all of them as hint.
base::Result<std::size_t> parse_word(std::string_view what, std::span<const std::string_view> known,
                                     std::string_view name) {
  std::string hint = "one of";
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (known[i] == name) {
      return i;
    }
    hint.append(" ").append(known[i]);
  }
  return base::make_error(Errc::malformed,
                          "no " + std::string(what) + " '" + base::printable(name, 40) + "'", hint);
}

std::chrono::sys_days last_day_after(std::chrono::sys_days today, std::chrono::months months) {
  const std::chrono::year_month_day date = std::chrono::year_month_day(today) + months;
  // The 31st of a month without one is its last.
  return date.ok() ? std::chrono::sys_days(date)
                   : std::chrono::sys_days(date.year() / date.month() / std::chrono::last);
}

}  // namespace

std::string_view service_name(Service service) {
  return service_names.at(static_cast<std::size_t>(service));
}

base::Result<Service> parse_service(std::string_view name) {
  const auto index = parse_word("service", service_names, name);
  return index ? base::Result<Service>(static_cast<Service>(*index)) : index.error();
}

std::string_view list_kind_name(ListKind kind) {
  return list_kind_names.at(static_cast<std::size_t>(kind));
}

base::Result<ListKind> parse_list_kind(std::string_view name) {
  const auto index = parse_word("kind of list", list_kind_names, name);
  return index ? base::Result<ListKind>(static_cast<ListKind>(*index)) : index.error();
}

std::string_view manager_level_name(ManagerLevel level) {
  return manager_level_names.at(static_cast<std::size_t>(level));
}

base::Result<ManagerLevel> parse_manager_level(std::string_view name) {
  const auto index = parse_word("level of managers", manager_level_names, name);
  return index ? base::Result<ManagerLevel>(static_cast<ManagerLevel>(*index)) : index.error();
}

bool is_expired(const Expiry& expires, base::WallTime now) {
  return expires && now >= *expires + std::chrono::days(1);
}

base::Result<Expiry> expiry_after(std::string_view term, base::WallTime now) {
  if (term.empty() || term == "0") {
    return Expiry();
  }
  const auto count = base::parse_number<unsigned>(term.substr(0, term.size() - 1));
  const std::size_t unit = std::string_view("dwmy").find(term.back());
  if (!count || *count > longest_term || unit == std::string_view::npos) {
    return base::make_error(Errc::malformed, "'" + base::printable(term, 40) + "' is no term",
                            "a number and d, w, m or y, as 6m; 0 for ever");
  }
  const auto today = std::chrono::floor<std::chrono::days>(now);
  const int number = static_cast<int>(*count);
  switch (term.back()) {
    case 'd':
      return Expiry(today + std::chrono::days(number));
    case 'w':
      return Expiry(today + std::chrono::weeks(number));
    case 'm':
      return Expiry(last_day_after(today, std::chrono::months(number)));
    default:
      return Expiry(last_day_after(today, std::chrono::months(12 * number)));
  }
}

Access access_of(const User& user, Service service, base::WallTime now) {
  if (!user.domain_enabled) {
    return Access::domain_disabled;
  }
  if (is_expired(user.domain_expires, now)) {
    return Access::domain_expired;
  }
  if (!user.enabled) {
    return Access::user_disabled;
  }
  if (is_expired(user.expires, now)) {
    return Access::user_expired;
  }
  return user.disabled.has(service) ? Access::service_disabled : Access::granted;
}

std::string_view access_name(Access access) {
  switch (access) {
    case Access::granted:
      return "granted";
    case Access::user_disabled:
      return "user_disabled";
    case Access::user_expired:
      return "user_expired";
    case Access::domain_disabled:
      return "domain_disabled";
    case Access::domain_expired:
      return "domain_expired";
    case Access::service_disabled:
      return "service_disabled";
  }
  return "user_disabled";
}

}  // namespace directory
