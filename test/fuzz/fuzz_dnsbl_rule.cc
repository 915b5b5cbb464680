// test/fuzz/fuzz_dnsbl_rule.cc -- any bytes as a rule of dnsbl_zones, a name and a template.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstdint>

#include "policyd/checks/dnsbl_rule.hh"
#include "policyd/template.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto rule = policy::parse_dnsbl_rule(text);
  const auto refusal = base::IpAddress::parse("127.255.255.254");
  const auto elsewhere = base::IpAddress::parse("192.0.2.1");
  if (rule ? rule->weight == 0 || rule->domain.size() > 150 || rule->pattern.matches(*refusal) ||
                 rule->pattern.matches(*elsewhere)
           : rule.error().hint.empty()) {
    __builtin_trap();
  }
  const auto domain = policy::listable_domain(text);
  if (domain && (domain->size() > 100 || domain->find('.') == std::string::npos)) {
    __builtin_trap();
  }
  // As a template, and as its value: the value brings no control byte and no place of its own.
  const std::array<policy::TemplateValue, 2> values{{{"client", text}, {"zone", "a.example"}}};
  (void)policy::fill_template(text, values);
  for (const char c : policy::fill_template("{client} {client:url}", values)) {
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      __builtin_trap();
    }
  }
  constexpr std::array<std::string_view, 2> names{"client", "zone"};
  (void)policy::unknown_place(text, names);
  return 0;
}
