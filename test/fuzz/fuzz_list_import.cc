// test/fuzz/fuzz_list_import.cc -- any bytes as list entries to import.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "mail-lib/access_list.hh"

#include "cli/list_import.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const auto kind : {std::optional<directory::ListKind>(), {directory::ListKind::black}}) {
    const auto import = cli::read_list_import(input, kind);
    for (const auto& entry : import.entries) {
      if (entry.line == 0 || !mail::parse_list_entry(entry.pattern)) {
        __builtin_trap();  // what is imported can be read
      }
    }
    for (const auto& problem : import.problems) {
      if (problem.line == 0 || problem.hint.empty()) {
        __builtin_trap();  // every refused line has a number and advice
      }
    }
  }
  return 0;
}
