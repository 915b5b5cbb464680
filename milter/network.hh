// milter/network.hh -- address ranges, as they are written in settings.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/result.hh"

namespace milter {

// One IPv4 or IPv6 range; IPv4 is kept as ::ffff:a.b.c.d.
class Network {
 public:
  // "192.0.2.0/24", "2001:db8::/32", or an address alone. malformed otherwise.
  static base::Result<Network> parse(std::string_view text);
  // False for what is no numeric address.
  bool contains(std::string_view address) const;

 private:
  std::array<std::uint8_t, 16> bytes_{};
  int prefix_ = 128;
};

}  // namespace milter
