// directory-lib/webman.hh -- what ExtMan's webman.cf says of where homes lie.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   line    = [ NAME "=" value ] [ "#" ... at the start ]
//   routes  = value of SYS_USER_ROUTING_LIST or SYS_DOMAIN_ROUTING_LIST: mail hosts between commas
// All other names but those below are left alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace directory {

struct Webman {
  std::vector<std::string> routes;    // of users, then of domains; as written, each once
  std::vector<std::string> problems;  // routes that can be no mail host
  std::string mail_root;              // SYS_MAILDIR_BASE
  std::string domain_hash;  // "2x2", or "none" where ExtMan does not hash; empty: not said
  std::string user_hash;
  std::string quota;   // the setting extman_quota
  std::string scheme;  // the setting default_password_scheme
};
// Reads any text; what is no webman.cf says nothing.
Webman parse_webman(std::string_view text);

// The name of a store for a route: its host, in letters that a store's name may have.
std::string store_name_of(std::string_view route);

}  // namespace directory
