// test/fuzz/fuzz_control.cc -- any bytes as a line of the control socket.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/loop/control.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  base::JsonParser parser;
  const auto line = loop::parse_control_line(parser, {reinterpret_cast<const char*>(data), size});
  if (line && line->verb.empty()) {
    __builtin_trap();
  }
  return 0;
}
