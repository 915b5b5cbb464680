// test/fuzz/fuzz_dns_answer.cc -- any bytes as a DNS answer, and any text as a name.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/loop/dns_answer.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const loop::DnsType type : {loop::DnsType::a, loop::DnsType::aaaa, loop::DnsType::ptr,
                                   loop::DnsType::mx, loop::DnsType::txt, loop::DnsType::cname}) {
    if (const auto answer = loop::decode_dns_answer(bytes, "a.test", type)) {
      (void)answer->addresses();
      (void)answer->texts();
      (void)answer->exchangers();
      for (const std::string& name : answer->names()) {
        // What was decoded is a name in our form: it reads back as itself, or is the root.
        const auto again = loop::dns_name(name);
        if (!name.empty() && again && *again != name) {
          __builtin_trap();
        }
      }
    }
  }
  (void)loop::reverse_name(bytes);
  if (const auto name = loop::dns_name(bytes)) {
    const auto again = loop::dns_name(*name);
    if (!again || *again != *name) {
      __builtin_trap();
    }
  }
  return 0;
}
