// directory-lib/rules.hh -- the checks and error texts that directory.cc and aliases.cc share.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/result.hh"
#include "base/text.hh"

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

inline base::Error taken(std::string_view name, std::string_view as, std::string hint = {}) {
  return base::make_error(base::Errc::exists, base::printable(name, 80) + " is " + std::string(as),
                          std::move(hint));
}

// An account or alias to be made: what no client can write unquoted is not given out.
base::Result<mail::Address> parse_new(std::string_view text);

}  // namespace directory
