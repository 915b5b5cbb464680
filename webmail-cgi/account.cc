// webmail-cgi/account.cc -- account ids.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/account.hh"

#include "base/digest.hh"
#include "base/text.hh"

namespace webmail {

std::string account_id(std::string_view username) {
  return "a" + base::hex(base::bytes_of(base::sha256(username))).substr(0, 24);
}

// In folders of at most 256, by the digest's first digits.
std::string index_file(std::string_view directory, std::string_view account_id) {
  return std::string(directory) + "/" + std::string(account_id.substr(1, 2)) + "/" +
         std::string(account_id) + ".index";
}

}  // namespace webmail
