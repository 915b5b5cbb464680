// webmail-cgi/jmap/ids.cc -- the ids of mail objects: a letter and a number that is kept for ever.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/ids.hh"

#include <algorithm>

#include "base/text.hh"

namespace webmail::jmap {

namespace {

// Lower case alone: ids must not differ by case (RFC 8620 s1.2).
constexpr std::string_view base32 = "0123456789abcdefghijklmnopqrstuv";
constexpr std::size_t max_digits = 12;  // 60 bits
constexpr std::size_t max_part_id = 160;

std::optional<std::int64_t> number_of(std::string_view digits) {
  if (digits.empty() || digits.size() > max_digits || digits.front() == '0') {
    return std::nullopt;
  }
  std::int64_t number = 0;
  for (const char c : digits) {
    const std::size_t value = base32.find(c);
    if (value == std::string_view::npos) {
      return std::nullopt;
    }
    number = number * 32 + static_cast<std::int64_t>(value);
  }
  return number;
}

}  // namespace

std::string digits_of(std::int64_t number) {
  std::string digits;
  for (auto rest = static_cast<std::uint64_t>(number); rest > 0; rest >>= 5U) {
    digits += base32[rest & 31U];
  }
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string id_of(char letter, std::int64_t number) {
  return letter + digits_of(number);
}

std::optional<std::int64_t> number_in(std::string_view id, char letter) {
  return id.starts_with(letter) ? number_of(id.substr(1)) : std::nullopt;
}

std::string part_blob_id(std::string_view digits, std::string_view part_id) {
  std::string id = "P" + std::string(digits) + "-" + std::string(part_id);
  std::replace(id.begin(), id.end(), '.', '_');
  return id;
}

std::optional<BlobId> parse_blob_id(std::string_view id) {
  if (const auto number = number_in(id, 'B')) {
    return BlobId{*number, digits_of(*number), {}};
  }
  const std::size_t dash = id.find('-');
  const auto number =
      dash == std::string_view::npos ? std::nullopt : number_in(id.substr(0, dash), 'P');
  if (!number) {
    return std::nullopt;
  }
  std::string part(id.substr(dash + 1));
  if (part.empty() || part.size() > max_part_id ||
      part.find_first_not_of("0123456789_") != std::string::npos) {
    return std::nullopt;
  }
  std::replace(part.begin(), part.end(), '_', '.');
  return BlobId{*number, digits_of(*number), std::move(part)};
}

std::string state_of(const maildir::Index& index, maildir::Kind kind) {
  return index.epoch() + "-" + std::to_string(index.state(kind));
}

std::optional<std::int64_t> parse_state(const maildir::Index& index, std::string_view state) {
  const std::string epoch = index.epoch() + "-";
  const auto number = state.starts_with(epoch)
                          ? base::parse_number<std::int64_t>(state.substr(epoch.size()))
                          : base::Result<std::int64_t>(base::Error());
  return number ? std::optional(*number) : std::nullopt;
}

}  // namespace webmail::jmap
