// test/fuzz/fuzz_authres.cc -- any bytes as an Authentication-Results value, and as parts of ours.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstdint>

#include "mail-lib/authres.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto id = mail::authserv_id(text);
  if (id && !mail::claims_authserv(text, *id)) {
    __builtin_trap();  // a field is its writer's own
  }
  (void)mail::claims_authserv(text, "mx.example.org");
  const std::string hostile(text);
  const std::array<mail::AuthResult, 2> results{
      {{"auth", "pass", hostile, {{"smtp.auth", hostile}}}, {"iprev", "fail", "", {}}}};
  const std::string written = mail::write_authres("mx.example.org", results);
  // Whatever stands inside, the field stays ours and one field.
  if (mail::authserv_id(written) != "mx.example.org") {
    __builtin_trap();
  }
  for (std::size_t at = written.find('\n'); at != std::string::npos;
       at = written.find('\n', at + 1)) {
    if (at + 1 >= written.size() || written[at + 1] != '\t') {
      __builtin_trap();
    }
  }
  return 0;
}
