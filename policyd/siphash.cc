// policyd/siphash.cc -- SipHash-2-4-128.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/siphash.hh"

#include <bit>
#include <cstddef>

namespace policy {

namespace {

std::uint64_t read_le64(const char* bytes, std::size_t count = 8) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    value |= std::uint64_t{static_cast<std::uint8_t>(bytes[i])} << (8 * i);
  }
  return value;
}

struct State {
  std::uint64_t a;
  std::uint64_t b;
  std::uint64_t c;
  std::uint64_t d;

  void round() {
    a += b;
    b = std::rotl(b, 13) ^ a;
    a = std::rotl(a, 32);
    c += d;
    d = std::rotl(d, 16) ^ c;
    a += d;
    d = std::rotl(d, 21) ^ a;
    c += b;
    b = std::rotl(b, 17) ^ c;
    c = std::rotl(c, 32);
  }
  void absorb(std::uint64_t word) {
    d ^= word;
    round();
    round();
    a ^= word;
  }
  std::uint64_t squeeze() {
    for (int i = 0; i < 4; ++i) {
      round();
    }
    return a ^ b ^ c ^ d;
  }
};

}  // namespace

Hash128 siphash128(const HashKey& key, std::string_view text) {
  const auto* key_bytes = reinterpret_cast<const char*>(key.data());
  const std::uint64_t k0 = read_le64(key_bytes);
  const std::uint64_t k1 = read_le64(key_bytes + 8);
  State state{k0 ^ 0x736f6d6570736575U, k1 ^ 0x646f72616e646f6dU ^ 0xeeU, k0 ^ 0x6c7967656e657261U,
              k1 ^ 0x7465646279746573U};
  const std::size_t whole = text.size() / 8 * 8;
  for (std::size_t i = 0; i < whole; i += 8) {
    state.absorb(read_le64(text.data() + i));
  }
  state.absorb(read_le64(text.data() + whole, text.size() - whole) |
               std::uint64_t{text.size() & 0xffU} << 56U);
  state.c ^= 0xeeU;
  const std::uint64_t low = state.squeeze();
  state.b ^= 0xddU;
  const std::uint64_t high = state.squeeze();
  Hash128 hash{};
  for (std::size_t i = 0; i < 8; ++i) {
    hash[i] = static_cast<std::uint8_t>(low >> (8 * i));
    hash[i + 8] = static_cast<std::uint8_t>(high >> (8 * i));
  }
  return hash;
}

}  // namespace policy
