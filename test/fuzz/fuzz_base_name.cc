// test/fuzz/fuzz_base_name.cc -- any bytes as the name of a message file.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "maildir-lib/filename.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto name = maildir::parse_file_name(text);
  if (!text.starts_with(name.base) || name.base != maildir::base_name(name.base)) {
    __builtin_trap();  // a base name is its own base name
  }
  (void)maildir::is_message_name(text);
  return 0;
}
