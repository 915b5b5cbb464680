// webmail-cgi/account.hh -- whose mail a request is about, as Dovecot's user database told it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace webmail {

// Made at login, kept in the session, read only afterwards. `home` is absolute, normal (no "." or
// ".." part) and lies below the setting mail_root; it need not exist yet.
struct Account {
  std::string username;              // as Dovecot returned it: alice@example.org
  std::string id;                    // JMAP accountId, account_id(username)
  std::string home;                  // /var/vmail/example.org/7C/alice
  std::string maildir;               // home + "/" + the setting maildir
  std::string index;                 // the file of its index, below the setting index_directory
  std::vector<std::string> tiers{};  // the setting tier_roots
};

// "a" and 24 hex digits of the SHA-256 of the user name: the same for ever, on every node.
std::string account_id(std::string_view username);

// Where the index of that account lies.
std::string index_file(std::string_view directory, std::string_view account_id);

}  // namespace webmail
