// webmail-cgi/jmap/ids.cc -- the ids of mail objects: made from what Dovecot keeps, without state.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/ids.hh"

#include <algorithm>

#include "base/digest.hh"
#include "base/text.hh"

namespace webmail::jmap {

namespace {

// RFC 4648 s6, lower case: ids must not differ by case alone (RFC 8620 s1.2).
constexpr std::string_view base32 = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t max_part_id = 160;

bool are_digits(std::string_view text) {
  return text.size() == id_digits && text.find_first_not_of(base32) == std::string_view::npos;
}

}  // namespace

std::string digits_of(std::string_view unique) {
  const std::string hash = base::sha256(unique);
  std::string digits;
  unsigned bits = 0;
  unsigned held = 0;
  for (std::size_t i = 0; digits.size() < id_digits; ++i) {
    bits = (bits << 8U | static_cast<unsigned char>(hash[i])) & 0xFFFFU;
    held += 8;
    while (held >= 5 && digits.size() < id_digits) {
      held -= 5;
      digits += base32[bits >> held & 31U];
    }
  }
  return digits;
}

std::string mailbox_id(std::string_view folder_guid, std::string_view disk_name) {
  return "M" + (folder_guid.empty() ? digits_of("name:" + std::string(disk_name))
                                    : digits_of("guid:" + std::string(folder_guid)));
}

std::string part_blob_id(std::string_view digits, std::string_view part_id) {
  std::string id = "P" + std::string(digits) + "-" + std::string(part_id);
  std::replace(id.begin(), id.end(), '.', '_');
  return id;
}

std::optional<std::string> digits_in(std::string_view id, char letter) {
  if (!id.starts_with(letter) || !are_digits(id.substr(1))) {
    return std::nullopt;
  }
  return std::string(id.substr(1));
}

std::optional<BlobId> parse_blob_id(std::string_view id) {
  if (const auto digits = digits_in(id, 'B')) {
    return BlobId{*digits, {}};
  }
  const std::size_t dash = id.find('-');
  if (dash == std::string_view::npos || !digits_in(id.substr(0, dash), 'P')) {
    return std::nullopt;
  }
  std::string part(id.substr(dash + 1));
  if (part.empty() || part.size() > max_part_id ||
      part.find_first_not_of("0123456789_") != std::string::npos) {
    return std::nullopt;
  }
  std::replace(part.begin(), part.end(), '_', '.');
  return BlobId{std::string(id.substr(1, id_digits)), std::move(part)};
}

}  // namespace webmail::jmap
