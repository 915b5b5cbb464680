// milter/network.cc -- reading ranges and comparing addresses bit by bit.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "milter/network.hh"

#include <algorithm>
#include <optional>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.hh"

namespace milter {

namespace {

using Bytes16 = std::array<std::uint8_t, 16>;
constexpr int v4_offset = 96;

struct Parsed {
  Bytes16 bytes{};
  bool is_v4 = false;
};

std::optional<Parsed> parse_address(std::string_view text) {
  const std::string zero_ended(text);
  Parsed out;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, zero_ended.c_str(), &v6) == 1) {
    std::copy(std::begin(v6.s6_addr), std::end(v6.s6_addr), out.bytes.begin());
    return out;
  }
  std::array<std::uint8_t, 4> v4{};
  if (::inet_pton(AF_INET, zero_ended.c_str(), v4.data()) != 1) {
    return std::nullopt;
  }
  out.is_v4 = true;
  out.bytes[10] = out.bytes[11] = 0xFF;
  std::copy(v4.begin(), v4.end(), out.bytes.begin() + 12);
  return out;
}

}  // namespace

base::Result<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  Network network;
  if (address) {
    network.bytes_ = address->bytes;
    if (slash == std::string_view::npos) {
      return network;
    }
    const int width = address->is_v4 ? 32 : 128;
    const auto prefix = base::parse_number<int>(text.substr(slash + 1));
    if (prefix && *prefix >= 0 && *prefix <= width) {
      network.prefix_ = *prefix + (address->is_v4 ? v4_offset : 0);
      return network;
    }
  }
  return base::make_error(base::Errc::malformed, "not a network: " + base::printable(text, 64),
                          "write 192.0.2.0/24, 2001:db8::/32 or one address");
}

bool Network::contains(std::string_view address) const {
  const auto other = parse_address(address);
  if (!other) {
    return false;
  }
  const auto whole = static_cast<std::size_t>(prefix_ / 8);
  if (!std::equal(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(whole),
                  other->bytes.begin())) {
    return false;
  }
  const int rest = prefix_ % 8;
  return rest == 0 || ((bytes_.at(whole) ^ other->bytes.at(whole)) >> (8 - rest)) == 0;
}

}  // namespace milter
