// policyd/checks/own_networks.hh -- networks that checks of strangers skip, as settings name them.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/ip.hh"
#include "base/result.hh"
#include "base/settings.hh"
#include "base/text.hh"

namespace policy {

// The default: loopback, private (RFC 1918, RFC 4193) and link-local addresses.
inline constexpr std::string_view own_networks =
    "127.0.0.0/8, ::1, 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16, fc00::/7, "
    "fe80::/10";

using Networks = std::vector<base::IpNetwork>;

// malformed, with the name of the setting, for a word that is no network.
inline base::Result<Networks> parse_networks(std::string_view setting, const base::Words& words) {
  Networks networks;
  for (const std::string& word : words) {
    const auto network = base::IpNetwork::parse(word);
    if (!network) {
      return base::make_error(base::Errc::malformed,
                              std::string(setting) + ": no network: " + base::printable(word, 80),
                              "write an address or a network such as 192.0.2.0/24");
    }
    networks.push_back(*network);
  }
  return networks;
}

inline bool is_within(const Networks& networks, const base::IpAddress& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const base::IpNetwork& network) { return network.contains(address); });
}

}  // namespace policy
