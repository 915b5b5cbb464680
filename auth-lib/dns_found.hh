// auth-lib/dns_found.hh -- a resolver's answer as the pure checks see it.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A template, so that this room need not know the resolver: `Found` is loop::DnsAnswer
// (base/loop/dns_answer.hh) in the daemons and the command.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "auth-lib/dns_view.hh"

namespace auth {

template <typename Found>
DnsAnswer dns_answer_from(const Found& found) {
  DnsAnswer out{.outcome = DnsAnswer::Outcome::found};
  const auto type = static_cast<DnsType>(found.type);
  if (type == DnsType::a || type == DnsType::aaaa) {
    const std::size_t size = type == DnsType::a ? 4 : 16;
    for (const auto& record : found.records) {
      if (record.data.size() == size) {
        // IPv4 in its mapped form.
        std::array<std::uint8_t, 16> bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
        std::copy(record.data.begin(), record.data.end(),
                  bytes.end() - static_cast<std::ptrdiff_t>(size));
        out.addresses.push_back(base::IpAddress::from_bytes(bytes));
      }
    }
  } else if (type == DnsType::txt) {
    out.texts = found.texts();
  } else if (type == DnsType::ptr) {
    out.texts = found.names();
  } else {
    for (auto& exchanger : found.exchangers()) {
      out.texts.push_back(std::move(exchanger.host));
    }
  }
  if (out.addresses.empty() && out.texts.empty()) {
    out.outcome = DnsAnswer::Outcome::none;
  }
  return out;
}

}  // namespace auth
