// policyd/siphash.hh -- SipHash-2-4-128: a hash whose collisions an outsider cannot make.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), in its 128-bit form.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace policy {

using HashKey = std::array<std::uint8_t, 16>;
using Hash128 = std::array<std::uint8_t, 16>;

Hash128 siphash128(const HashKey& key, std::string_view text);

}  // namespace policy
