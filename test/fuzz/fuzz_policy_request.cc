// test/fuzz/fuzz_policy_request.cc -- a policy connection gives the same requests however cut.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <string>

#include "policyd/request.hh"

namespace {

// All requests of `input`, fed in pieces of `piece` bytes, as one text. Stops at the refusal.
std::string requests_of(std::string_view input, std::size_t piece) {
  policy::RequestReader reader({.line = 256, .attributes = 16, .total = 1024});
  std::string text;
  while (true) {
    const auto request = reader.next();
    if (!request) {
      return text + "refused";
    }
    if (*request) {
      for (std::size_t i = 0; i < policy::attribute_count; ++i) {
        text.append((**request)[static_cast<policy::Attribute>(i)]).append("\n");
      }
      text += "\n";
      continue;
    }
    if (input.empty()) {
      return text;
    }
    reader.append(input.substr(0, piece));
    input.remove_prefix(std::min(piece, input.size()));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string whole = requests_of(input, size + 1);
  if (whole != requests_of(input, 1) || whole != requests_of(input, 7)) {
    __builtin_trap();
  }
  return 0;
}
