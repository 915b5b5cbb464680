// base/ip.cc -- IP addresses and networks, on inet_pton(3).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/ip.hh"

#include <algorithm>
#include <cstring>

#include <arpa/inet.h>

#include "base/text.hh"

namespace base {

namespace {

constexpr std::array<std::uint8_t, 12> mapped_head{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned mapped_head_bits = 96;

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (text.empty() || text.size() >= buffer.size()) {
    return std::nullopt;
  }
  std::copy(text.begin(), text.end(), buffer.begin());
  IpAddress address;
  if (text.find(':') != std::string_view::npos) {
    if (::inet_pton(AF_INET6, buffer.data(), address.bytes_.data()) != 1) {
      return std::nullopt;
    }
    return address;
  }
  std::copy(mapped_head.begin(), mapped_head.end(), address.bytes_.begin());
  if (::inet_pton(AF_INET, buffer.data(), address.bytes_.data() + mapped_head.size()) != 1) {
    return std::nullopt;
  }
  return address;
}

IpAddress IpAddress::from_bytes(const std::array<std::uint8_t, 16>& bytes) {
  IpAddress address;
  address.bytes_ = bytes;
  return address;
}

bool IpAddress::is_v4() const {
  return std::equal(mapped_head.begin(), mapped_head.end(), bytes_.begin());
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> buffer{};
  if (is_v4()) {
    ::inet_ntop(AF_INET, bytes_.data() + mapped_head.size(), buffer.data(), buffer.size());
  } else {
    ::inet_ntop(AF_INET6, bytes_.data(), buffer.data(), buffer.size());
  }
  return buffer.data();
}

IpAddress masked(const IpAddress& address, unsigned mapped_bits) {
  std::array<std::uint8_t, 16> bytes = address.bytes();
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = mapped_bits > i * 8 ? std::min(mapped_bits - i * 8, 8U) : 0;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> kept));
  }
  return IpAddress::from_bytes(bytes);
}

IpNetwork::IpNetwork(const IpAddress& address, unsigned bits)
    : mapped_bits_(address.is_v4() ? mapped_head_bits + std::min(bits, 32U)
                                   : std::min(bits, 128U)) {
  address_ = masked(address, mapped_bits_);
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) {
    return std::nullopt;
  }
  const unsigned most = address->is_v4() ? 32 : 128;
  if (slash == std::string_view::npos) {
    return IpNetwork(*address, most);
  }
  const auto bits = parse_number<unsigned>(text.substr(slash + 1));
  if (!bits || *bits > most) {
    return std::nullopt;
  }
  return IpNetwork(*address, *bits);
}

bool IpNetwork::contains(const IpAddress& address) const {
  return masked(address, mapped_bits_) == address_;
}

std::string IpNetwork::text() const {
  const unsigned bits = address_.is_v4() && mapped_bits_ >= mapped_head_bits
                            ? mapped_bits_ - mapped_head_bits
                            : mapped_bits_;
  return address_.text() + "/" + std::to_string(bits);
}

}  // namespace base
