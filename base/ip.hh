// base/ip.hh -- IP addresses and networks: parsing, masking, comparing.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Both families are held as 16 bytes, IPv4 in its mapped form (::ffff:a.b.c.d, RFC 4291 s2.5.5.2),
// so that a client is the same whichever way its address is written.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

class IpAddress {
 public:
  // "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"; nothing for any other text.
  static std::optional<IpAddress> parse(std::string_view text);
  static IpAddress from_bytes(const std::array<std::uint8_t, 16>& bytes);

  bool is_v4() const;
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  std::string text() const;  // RFC 5952; dotted for IPv4

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

// An address whose host bits are zero, with the number of bits that count.
class IpNetwork {
 public:
  IpNetwork() = default;
  // `bits` counts in the address's own family (at most 32 or 128) and is cut to that.
  IpNetwork(const IpAddress& address, unsigned bits);
  // "192.0.2.0/24", "2001:db8::/32", or a single address. Host bits may be set; they are dropped.
  static std::optional<IpNetwork> parse(std::string_view text);

  bool contains(const IpAddress& address) const;
  const IpAddress& address() const { return address_; }
  // Counted on the 16 bytes: an IPv4 /24 is 120.
  unsigned mapped_bits() const { return mapped_bits_; }
  std::string text() const;  // "192.0.2.0/24"

  auto operator<=>(const IpNetwork&) const = default;

 private:
  IpAddress address_{};
  unsigned mapped_bits_ = 128;
};

// `address` with all but the first `mapped_bits` bits of its 16 bytes cleared.
IpAddress masked(const IpAddress& address, unsigned mapped_bits);

}  // namespace base
