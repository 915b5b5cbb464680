// test/fuzz/fuzz_csv.cc -- any bytes as CSV: whole and in parts it must say the same.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "cli/csv.hh"

namespace {

std::vector<cli::CsvRecord> read(std::string_view input, std::size_t part) {
  cli::CsvReader reader;
  std::vector<cli::CsvRecord> records;
  for (std::size_t at = 0; at < input.size(); at += part) {
    if (!reader.read(input.substr(at, part), records)) {
      return records;
    }
  }
  reader.finish(records);
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto whole = read(input, input.size() + 1);
  const auto parts = read(input, 3);
  if (whole.size() != parts.size()) {
    __builtin_trap();  // where a part ends says nothing
  }
  std::size_t line = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    if (whole[i].fields != parts[i].fields || whole[i].problem != parts[i].problem ||
        whole[i].line <= line || (whole[i].fields.empty() && whole[i].problem.empty())) {
      __builtin_trap();  // records come in order, each with a field or a reason
    }
    line = whole[i].line;
  }
  return 0;
}
