// policyd/quota.hh -- whether a mailbox has room for a message, as Dovecot's quota-status tells it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace policy {

enum class Quota { unknown, room, full };

struct QuotaQuestion {
  std::string mailbox{};   // lower case
  std::uint64_t size = 0;  // bytes; 0 when the client has not said

  auto operator<=>(const QuotaQuestion&) const = default;
};

// The request that asks quota-status, which speaks Postfix's policy protocol.
std::string quota_request(const QuotaQuestion& question);

// The first whole answer in `bytes`, and how many bytes it takes; nothing when more are needed;
// malformed when it can be none. `DUNNO` and `OK` are room; a reply code or an enhanced status of
// mailbox full (x.2.2) is full; anything else, such as an internal error or a user that Dovecot
// does not know, is unknown.
struct QuotaAnswer {
  Quota quota = Quota::unknown;
  std::string_view action{};  // view into `bytes`
  std::size_t size = 0;
};
base::Result<std::optional<QuotaAnswer>> read_quota_answer(std::string_view bytes);

}  // namespace policy
