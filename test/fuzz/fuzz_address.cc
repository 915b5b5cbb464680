// test/fuzz/fuzz_address.cc -- any bytes as an address: what is accepted must survive writing it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "mail-lib/address.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto form : {mail::Local::strict, mail::Local::wire}) {
    const auto address = mail::parse_address(text, form);
    if (!address) {
      continue;
    }
    const auto again = mail::parse_address(address->text(), mail::Local::wire);
    const bool too_long = address->text().size() > mail::address_limit;
    if (!too_long && (!again || *again != *address)) {
      __builtin_trap();  // writing and reading must give the same address
    }
    if (!base::is_utf8(address->key()) || address->key().find('\n') != std::string::npos) {
      __builtin_trap();
    }
    const auto [local, extension] = mail::split_extension(address->local, "+-");
    if (local.empty() && !address->local.empty()) {
      __builtin_trap();
    }
  }
  (void)mail::parse_domain(text);
  return 0;
}
