// directory-lib/rules.hh -- the checks and error texts that the rules of every backend share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/clock.hh"
#include "base/result.hh"
#include "base/text.hh"

#include "directory-lib/entries.hh"
#include "directory-lib/stores.hh"
#include "mail-lib/address.hh"

namespace directory {

inline base::Error absent(std::string_view what, std::string_view name) {
  return base::make_error(base::Errc::not_found,
                          "no " + std::string(what) + " " + base::printable(name, 80));
}

inline base::Error unknown_domain(std::string_view name) {
  const std::string shown = base::printable(name, 80);
  return base::make_error(base::Errc::not_found, "no domain " + shown,
                          "posthouse domain add " + shown);
}

inline base::Error unknown_store(std::string_view name) {
  return base::make_error(base::Errc::not_found, "no store " + base::printable(name, 80),
                          "posthouse store list shows all");
}

inline base::Error taken(std::string_view name, std::string_view as, std::string hint = {}) {
  return base::make_error(base::Errc::exists, base::printable(name, 80) + " is " + std::string(as),
                          std::move(hint));
}

// An account or alias to be made: what no client can write unquoted is not given out.
base::Result<mail::Address> parse_new(std::string_view text);

// "@domain" or an address of ours, in its normal form. `is_new` as parse_new().
base::Result<std::string> parse_alias_address(std::string_view text, bool is_new);

// malformed for what is longer than 255 octets, not UTF-8, or holds a control character.
base::Result<void> check_text(std::string_view what, std::string_view text);

// The last line of defence before a path is stored; maildir-lib/layout.hh has the full rules.
base::Result<void> check_path(const std::string& path);

inline std::string domain_of(std::string_view address) {
  return std::string(address.substr(address.rfind('@') + 1));
}

inline base::WallTime born(base::WallTime given) {
  return given == base::WallTime() ? base::system_clock().now() : given;
}

inline std::size_t cut(std::size_t limit) {
  return std::clamp<std::size_t>(limit, 1, page_limit);
}

// What an update changed, for the audit trail: "quota 1000 to 2000, enabled yes to no".
std::string differences(const Domain& before, const Domain& after);
std::string differences(const User& before, const User& after);
std::string differences(const Alias& before, const Alias& after);
std::string differences(const ManagerAccount& before, const ManagerAccount& after);
std::string differences(const Store& before, const Store& after);

// What of it is worth remembering when it is made.
std::string particulars(const Domain& domain);
std::string particulars(const User& user);
std::string particulars(const Alias& alias);
std::string particulars(const ManagerAccount& manager);
std::string particulars(const Store& store);

}  // namespace directory
