// webmail-cgi/jmap/ids.hh -- the ids of mail objects: made from what Dovecot keeps, without state.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// An Email is what has one GUID in the account; its id is a letter and 24 base32 digits of the
// GUID's SHA-256. Its blob, its thread and its parts carry the same digits:
//   E<digits>  Email       T<digits>  Thread (one an Email)       B<digits>  the whole message
//   P<digits>-<part id, "_" for ".">  one part
//   M<digits>  Mailbox: of its GUID in dovecot-uidlist, else of its name on disk
// docs/notes/0060-ids-without-state.md
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace webmail::jmap {

inline constexpr std::size_t id_digits = 24;

// The digits of any unique text.
std::string digits_of(std::string_view unique);

std::string mailbox_id(std::string_view folder_guid, std::string_view disk_name);
std::string part_blob_id(std::string_view digits, std::string_view part_id);

// The digits of "<letter><digits>"; nothing when `id` is something else.
std::optional<std::string> digits_in(std::string_view id, char letter);

struct BlobId {
  std::string digits;
  std::string part;  // empty: the whole message
};
std::optional<BlobId> parse_blob_id(std::string_view id);

}  // namespace webmail::jmap
