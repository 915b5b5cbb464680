// test/fuzz/fuzz_set_action.cc -- any text as an action of a setting; the answer stays one line.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "policyd/action_type.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto action = policy::parse_action({reinterpret_cast<const char*>(data), size});
  if (action) {
    const std::string line = policy::answer_line({.action = action->action, .text = action->text});
    if (!line.starts_with("action=") || line.find('\n') != line.size() - 2) {
      __builtin_trap();
    }
  }
  return 0;
}
