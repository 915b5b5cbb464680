// test/fuzz/fuzz_policy_record.cc -- any bytes as a record of rates and of spamtraps.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "policyd/checks/rate_record.hh"
#include "policyd/checks/trap_book.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (auto rate = policy::decode_rate(input); rate) {
    for (policy::RateCount& count : rate->counts) {
      for (const policy::Seconds now : {0U, 1'000'000'000U, 0xffffffffU}) {
        (void)count.window.sum(now);
        (void)count.window.wait(now, 1);
        (void)count.window.ends();
        policy::RateWindow window = count.window;
        window.add(now, 7);
        if (window.sum(now) < 7) {
          __builtin_trap();
        }
      }
    }
    if (!(policy::decode_rate(policy::encode(*rate)).value() == *rate)) {
      __builtin_trap();
    }
  }
  if (const auto trap = policy::decode_trap(input); trap && policy::encode(*trap) != input) {
    __builtin_trap();
  }
  return 0;
}
