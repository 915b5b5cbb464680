// test/fuzz/fuzz_maildirsize.cc -- any bytes as maildirsize, and as the name of a message file.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "maildir-lib/filename.hh"
#include "maildir-lib/maildirsize.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)maildir::parse_maildirsize(text);
  const auto flags = maildir::parse_file_name(text).flags;
  const std::string name = maildir::name_with_flags(text, flags);
  const auto again = maildir::parse_file_name(name);
  if (again.base != maildir::base_name(text) || !(again.flags == flags)) {
    __builtin_trap();  // a flag change must not make another file of it
  }
  return 0;
}
