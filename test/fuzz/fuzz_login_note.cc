// test/fuzz/fuzz_login_note.cc -- any bytes as a note for posthouse-after-login.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "dovecot-plugin/after_login.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto note = plugin::parse_login_note(bytes);
  if (!note) {
    return 0;
  }
  // What was understood is written and read again as the same.
  const auto again = plugin::parse_login_note(plugin::login_note_line(*note));
  if (!again || again->kind != note->kind || again->address != note->address ||
      again->id != note->id || again->password != note->password) {
    __builtin_trap();
  }
  return 0;
}
