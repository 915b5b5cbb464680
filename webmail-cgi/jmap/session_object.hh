// webmail-cgi/jmap/session_object.hh -- the JMAP Session object (RFC 8620 s2, RFC 8621 s1.3).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "webmail-cgi/account.hh"
#include "webmail-cgi/jmap/method.hh"

namespace webmail::jmap {

struct SessionObject {
  std::string json;
  std::string state;  // changes when anything else in it does
};

// `origin` is the setting public_origin: URLs are absolute and never made from a Host header.
SessionObject session_object(const Account& account, std::string_view origin, const Limits& limits);

}  // namespace webmail::jmap
