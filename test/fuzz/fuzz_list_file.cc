// test/fuzz/fuzz_list_file.cc -- any bytes as a list file of both kinds, and then asked.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "policyd/checks/list_file.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const auto kind : {policy::ListKind::clients, policy::ListKind::addresses}) {
    const auto parsed = policy::List::parse(kind, input);
    (void)parsed.list.find_client(base::IpAddress::parse("192.0.2.1"), "mx.example.org");
    (void)parsed.list.find_client(base::IpAddress::parse("2001:db8::1"), input.substr(0, 64));
    (void)parsed.list.find_address("alice@example.org");
    (void)parsed.list.find_address(input.substr(0, 64));
    for (const auto& problem : parsed.problems) {
      if (problem.line == 0 || problem.hint.empty()) {
        __builtin_trap();  // every refused line has a number and advice
      }
    }
  }
  return 0;
}
