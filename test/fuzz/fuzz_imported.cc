// test/fuzz/fuzz_imported.cc -- any bytes as the list of what was imported into a folder.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstdint>

#include "maildir-lib/import.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto keys = maildir::parse_imported(input);
  if (keys && (!std::is_sorted(keys->begin(), keys->end()) || keys->size() * 32 > size)) {
    __builtin_trap();
  }
  return 0;
}
