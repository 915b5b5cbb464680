// cli/accounts.hh -- what the directory's verbs share: opening it, options, tables, passwords.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

#include "directory-lib/directory.hh"

#include "cli/values.hh"
#include "cli/verb.hh"

namespace cli {

using Accounts = std::unique_ptr<directory::Directory>;

// As --config says, acting as --as or as the Unix user, rehearsing with --dry-run.
base::Result<Accounts> open_accounts(const Call& call, directory::OpenAs mode);

// Sets `into` when the option is there.
template <typename T>
base::Result<void> take(const Arguments& arguments, std::string_view option,
                        base::Result<T> (*parse)(std::string_view), T& into) {
  const auto text = arguments.value(option);
  if (!text) {
    return {};
  }
  auto value = parse(*text);
  if (!value) {
    return base::make_error(value.error().code,
                            "--" + std::string(option) + ": " + value.error().detail,
                            value.error().hint);
  }
  into = std::move(*value);
  return {};
}
inline void take(const Arguments& arguments, std::string_view option, std::string& into) {
  if (const auto text = arguments.value(option)) {
    into = *text;
  }
}
// --disable and --enable.
base::Result<void> take_services(const Arguments& arguments, directory::Services& disabled);

// The first error of several checks.
inline base::Result<void> first_error(std::initializer_list<base::Result<void>> checks) {
  for (const auto& ok : checks) {
    if (!ok) {
      return ok.error();
    }
  }
  return {};
}

// The stored form of a password: of the columns password or password-hash of a CSV line, or asked
// for now; empty with --no-password, and when a CSV line has none.
base::Result<std::string> take_password(const Arguments& arguments, const std::string& scheme,
                                        const std::string& whose);

// All pages of one list, at most `limit` rows.
template <typename T, typename ListPage>
base::Result<void> print_pages(Call& call, std::span<const Column> columns, ListPage list_page,
                               std::vector<Cell> (*cells_of)(const T&), std::string_view nothing,
                               std::size_t limit = static_cast<std::size_t>(-1)) {
  std::string after;
  bool is_begun = false;
  do {
    auto page = list_page(after);
    if (!page) {
      return page.error();
    }
    if (!is_begun) {
      call.output.begin_list(columns);
      is_begun = true;
    }
    for (const T& item : page->items) {
      if (limit == 0) {
        break;
      }
      --limit;
      call.output.row(cells_of(item));
    }
    after = page->next;
  } while (!after.empty() && limit != 0);
  call.output.end_list(nothing);
  return {};
}

inline constexpr Option expires_option{"expires", "DATE",
                                       "The last day it is valid, as 2030-12-31 (UTC), or never."};
inline constexpr Option mail_host_option{"mail-host", "HOST",
                                         "The host that holds the mail; this one when empty."};
inline constexpr Option enabled_option{"enabled", "yes|no", "No switches it off altogether."};
inline constexpr Option stdin_option{
    "password-stdin", "",
    "Read the password from the first line of standard input, even at a terminal."};
inline constexpr Option no_password_option{"no-password", "",
                                           "Store no password, so that nobody can log in."};
inline constexpr std::string_view service_names =
    "receive, submission, imap, pop3, sieve, webmail or netdisk";

}  // namespace cli
