// base/loop/test_packet.hh -- DNS packets put together by hand, for tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/loop/dns_answer.hh"
#include "base/text.hh"

namespace loop {

inline std::string wire16(unsigned value) {
  return {static_cast<char>(value >> 8U & 0xFFU), static_cast<char>(value & 0xFFU)};
}

inline std::string wire_name(std::string_view name) {
  std::string out;
  for (const std::string_view label : base::split(name, '.')) {
    out += static_cast<char>(label.size());
    out += label;
  }
  return out + '\0';
}

inline std::string wire_record(const std::string& owner, DnsType type, const std::string& data) {
  return owner + wire16(static_cast<unsigned>(type)) + wire16(1) + wire16(0) + wire16(300) +
         wire16(static_cast<unsigned>(data.size())) + data;
}

// The question's name stands at offset 12: "\xC0\x0C" points to it.
struct TestPacket {
  TestPacket(std::string_view name, DnsType type)
      : question(wire_name(name) + wire16(static_cast<unsigned>(type)) + wire16(1)) {}
  TestPacket& add(DnsType type, const std::string& data, const std::string& owner = "\xC0\x0C") {
    records += wire_record(owner, type, data);
    ++count;
    return *this;
  }
  std::string text(unsigned rcode = 0, unsigned number = 1) const {
    return wire16(number) + wire16(0x8180U | rcode) + wire16(1) + wire16(count) + wire16(0) +
           wire16(0) + question + records;
  }
  std::string question;
  std::string records;
  unsigned count = 0;
};

}  // namespace loop
