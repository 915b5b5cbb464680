// base/reply.hh -- the one table from an error code to what clients of each protocol are told.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The SMTP reply code and the enhanced status (RFC 3463) share their class digit by construction,
// so they cannot disagree; `temporary` follows from it. Doors translate, they never decide.
#pragma once

#include <array>
#include <string_view>

#include "base/result.hh"

namespace base {

struct Reply {
  Errc code;
  int smtp;                   // RFC 5321 reply code
  std::string_view enhanced;  // RFC 3463 status
  std::string_view jmap;      // RFC 8620 s3.6.2 method-level error type
  int http;                   // RFC 9110 status
  std::string_view text;      // plain words for the client; says nothing of our inside

  constexpr bool temporary() const { return enhanced.front() == '4'; }
};

inline constexpr std::array<Reply, 9> reply_table{{
    {Errc::not_found, 550, "5.1.1", "notFound", 404, "Not found"},
    {Errc::exists, 550, "5.5.0", "alreadyExists", 409, "Exists already"},
    {Errc::malformed, 501, "5.5.2", "invalidArguments", 400, "Syntax error"},
    {Errc::denied, 550, "5.7.1", "forbidden", 403, "Not allowed"},
    {Errc::over_quota, 452, "4.2.2", "overQuota", 507, "Over quota"},
    {Errc::timeout, 451, "4.4.7", "serverUnavailable", 504, "Timed out, try again later"},
    {Errc::unavailable, 451, "4.3.0", "serverUnavailable", 503, "Try again later"},
    {Errc::corrupt, 451, "4.3.0", "serverFail", 500, "Try again later"},
    {Errc::internal, 451, "4.3.0", "serverFail", 500, "Try again later"},
}};

// The row of `code`; every code has one.
constexpr const Reply& reply_of(Errc code) {
  for (const Reply& row : reply_table) {
    if (row.code == code) {
      return row;
    }
  }
  return reply_table.back();
}

constexpr bool reply_table_is_consistent() {
  for (const Reply& row : reply_table) {
    if (row.smtp / 100 != row.enhanced.front() - '0') {
      return false;
    }
  }
  return reply_table.size() == static_cast<std::size_t>(Errc::internal) + 1;
}
static_assert(reply_table_is_consistent(), "class digits agree and every code has a row");

}  // namespace base
