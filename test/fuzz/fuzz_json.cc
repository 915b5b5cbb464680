// test/fuzz/fuzz_json.cc -- any bytes as JSON, and any text through the writer and back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/json.hh"
#include "base/json_writer.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  base::JsonParser parser;
  if (const auto value = parser.parse(text)) {
    (void)base::json_text(*value, "a");
    (void)base::json_member(*value, "b");
  }
  base::JsonParser again;
  if (!again.parse(base::json_string(text))) {
    __builtin_trap();  // what we write must always be JSON
  }
  return 0;
}
