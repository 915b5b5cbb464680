// test/fuzz/fuzz_mutf7.cc -- any bytes as a folder name: what is read is written back the same.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "maildir-lib/mutf7.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto name = maildir::from_mutf7(text)) {
    const auto again = maildir::to_mutf7(*name);
    if (!again || *again != text) {
      __builtin_trap();
    }
  }
  if (const auto disk = maildir::to_mutf7(text)) {
    const auto back = maildir::from_mutf7(*disk);
    if (!back || *back != text) {
      __builtin_trap();
    }
  }
  return 0;
}
