// webmail-cgi/jmap/ids.hh -- the ids of mail objects: a letter and a number that is kept for ever.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Numbers come from the account's ids.log (docs/formats/ids.md) and are written in base32 (RFC 4648
// s7, lower case, without leading zeros). An Email's blob and its parts carry its digits:
//   E<digits>  Email       T<digits>  Thread: those of its first Email
//   M<digits>  Mailbox     B<digits>  the whole message
//   P<digits>-<part id, "_" for ".">  one part
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "maildir-lib/index.hh"

namespace webmail::jmap {

std::string digits_of(std::int64_t number);
std::string id_of(char letter, std::int64_t number);

// The number of "<letter><digits>"; nothing when `id` is something else.
std::optional<std::int64_t> number_in(std::string_view id, char letter);

std::string part_blob_id(std::string_view digits, std::string_view part_id);

struct BlobId {
  std::int64_t number = 0;
  std::string digits;
  std::string part;  // empty: the whole message
};
std::optional<BlobId> parse_blob_id(std::string_view id);

// "<epoch>-<number>": another epoch is of an index that is no more.
std::string state_of(const maildir::Index& index, maildir::Kind kind);
// Nothing when it is no state of this index.
std::optional<std::int64_t> parse_state(const maildir::Index& index, std::string_view state);

}  // namespace webmail::jmap
