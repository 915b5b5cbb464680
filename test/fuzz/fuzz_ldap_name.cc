// test/fuzz/fuzz_ldap_name.cc -- any bytes as a value in an LDAP filter or name.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "directory-lib/ldap_call.hh"
#include "directory-lib/ldap_names.hh"

namespace {

void require(bool holds) {
  if (!holds) {
    __builtin_trap();
  }
}

// RFC 4515: what is not special stands for itself, "\XX" for a byte.
std::string read_filter_value(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    require(std::string_view("()*").find(text[i]) == std::string_view::npos && text[i] != '\0');
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    require(i + 2 < text.size());
    const auto byte = base::from_hex(text.substr(i + 1, 2));
    require(byte.has_value());
    out += *byte;
    i += 2;
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value(reinterpret_cast<const char*>(data), size);
  require(read_filter_value(directory::ldap_filter_value(value)) == value);
  if (!value.empty()) {
    const auto name = directory::ldap_child("mail", value, "virtualDomain=x,dc=example");
    const auto parts = directory::parse_ldap_name(name);
    require(parts.has_value() && parts->size() == 3);
    require(parts->front().first == "mail" && parts->front().second == value);
    require((*parts)[1].second == "x");
  }
  const auto ascii = directory::ldap_ascii(value);
  for (const char c : ascii) {
    require(static_cast<unsigned char>(c) < 0x80);
  }
  require(directory::ldap_unascii(ascii) == value);
  // What an administrator or a server may have written.
  (void)directory::parse_ldap_name(value).has_value();
  (void)directory::parse_ldap_class(std::string(value)).has_value();
  return 0;
}
