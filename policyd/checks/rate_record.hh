// policyd/checks/rate_record.hh -- what is remembered of one sender's rate, and its bytes.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The layout is docs/formats/rates.md; version 1. Numbers are little-endian.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

#include "policyd/checks/rate_window.hh"
#include "policyd/siphash.hh"

namespace policy {

// Whose mail is counted. The numbers are stored: DO NOT CHANGE, only append.
enum class RateKind : std::uint8_t {
  user = 1,         // who has logged in, by the login
  user_domain = 2,  // the same, by the domain of the sender
  client = 3,       // who has not, by the client's network
  domain = 4,       // the same, by the domain of the sender
};
inline constexpr std::array<RateKind, 4> all_rate_kinds{RateKind::user, RateKind::user_domain,
                                                        RateKind::client, RateKind::domain};
std::string_view rate_kind_name(RateKind kind);
std::optional<RateKind> parse_rate_kind(std::string_view name);

enum class RateUnit : std::uint8_t { messages = 1, recipients = 2 };
std::string_view rate_unit_name(RateUnit unit);

struct RateCount {
  RateUnit unit = RateUnit::messages;
  RateWindow window{};
  bool operator==(const RateCount&) const = default;
};

struct RateRecord {
  RateKind kind = RateKind::user;
  std::string subject{};  // lower case, cut at 255 bytes
  std::vector<RateCount> counts{};

  // The window of that unit and length; null when nothing was counted in it.
  const RateWindow* find(RateUnit unit, Seconds length) const;
  // From then on nothing in it counts.
  Seconds expires() const;
  bool operator==(const RateRecord&) const = default;
};

std::string encode(const RateRecord& record);
// corrupt when the bytes are not a record of version 1.
base::Result<RateRecord> decode_rate(std::string_view bytes);

Key rate_key(const HashKey& hash_key, RateKind kind, std::string_view subject);

}  // namespace policy
