// mail-lib/date.hh -- dates of mail headers (RFC 5322 s3.3 and what else is sent) and of JMAP.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace mail {

struct Date {
  std::chrono::sys_seconds time;  // UTC
  std::chrono::minutes zone{0};   // the sender's offset from it
};

// The date-time of a header value; nothing when it is none or names no real time. Obsolete forms
// are read: two-digit years, zone names, no weekday, no seconds, comments.
std::optional<Date> parse_date(std::string_view value);

// RFC 8620 s1.4: "2014-10-30T14:12:00+08:00", "Z" for a zone of zero.
std::string date_text(const Date& date);

}  // namespace mail
