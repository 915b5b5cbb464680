// test/fuzz/fuzz_quota_answer.cc -- any bytes as the answers of quota-status.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "policyd/quota.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (true) {
    const auto answer = policy::read_quota_answer(rest);
    if (!answer || !*answer) {
      return 0;
    }
    if ((*answer)->size == 0 || (*answer)->size > rest.size()) {
      __builtin_trap();
    }
    rest.remove_prefix((*answer)->size);
  }
}
