// webmail-cgi/account.cc -- account ids.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/account.hh"

#include "base/digest.hh"
#include "base/text.hh"

namespace webmail {

std::string account_id(std::string_view username) {
  return "a" + base::hex(base::bytes_of(base::sha256(username))).substr(0, 24);
}

}  // namespace webmail
