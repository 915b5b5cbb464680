// maildir-lib/summary.hh -- what lists show of a message, and what makes threads of messages.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pure: bytes in, text and numbers out.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mail-lib/header.hh"

namespace maildir {

inline constexpr std::size_t summary_octets = 1U << 20U;  // of a message, read for its summary
inline constexpr std::size_t max_listed_field = 2048;     // longer fields are read from the file

// The header fields a summary holds, in lower case; the order is that of the bits in `omitted`.
inline constexpr std::array<std::string_view, 11> listed_fields = {
    "from",       "to",       "cc",     "subject",     "date", "message-id",
    "references", "reply-to", "sender", "in-reply-to", "bcc",
};

struct Summary {
  std::string header;         // "Name:value" LF for each listed field, as written
  std::uint32_t omitted = 0;  // a bit for each listed field that is too long to be held
  std::string preview;
  bool has_attachment = false;
  std::vector<std::int64_t> thread_keys;
};

// Of the first summary_octets of a message.
Summary summarize(std::string_view message);

// The fields of Summary::header; views into it.
std::vector<mail::HeaderField> listed_header(std::string_view header);

// True when a summary with these omissions tells all there is about the field `name` (any case).
bool is_listed(std::string_view name, std::uint32_t omitted);

// RFC 8621 s3: messages are in one thread when they share a message id in Message-ID, In-Reply-To
// or References and have the same subject but for prefixes. One key for each such pair.
std::vector<std::int64_t> thread_keys(const std::vector<mail::HeaderField>& fields);

// The decoded subject without "Re:" and its like, list tags and "(fwd)"; lower case, no blanks.
std::string base_subject(std::string_view subject);

}  // namespace maildir
