// test/fuzz/fuzz_access_list.cc -- any bytes as a list file and as an entry, and then asked.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "mail-lib/access_list.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const auto kind : {mail::ListKind::clients, mail::ListKind::addresses}) {
    const auto parsed = mail::AccessList::parse(kind, input);
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
  if (const auto entry = mail::parse_list_entry(input); entry) {
    const auto again = mail::parse_list_entry(entry->text());
    if (!again || again->subject != entry->subject || again->pattern != entry->pattern) {
      __builtin_trap();  // what is written down means the same when it is read
    }
  }
  return 0;
}
