// test/fuzz/fuzz_rate_limits.cc -- any text as a setting of rates; what is understood must count.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "policyd/checks/rate_window.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  base::Words words;
  for (const std::string_view word : base::split_words(input)) {
    words.emplace_back(word);
  }
  const auto limits = policy::parse_rate_limits(words);
  if (!limits) {
    return 0;
  }
  for (const policy::RateLimit& limit : *limits) {
    policy::RateWindow window(limit.window);
    window.add(1'000'000'000, 3);
    if (window.sum(1'000'000'000 + limit.window - 1) != 3 || window.sum(window.ends()) != 0 ||
        window.wait(1'000'000'000, 0) < limit.window) {
      __builtin_trap();
    }
  }
  return 0;
}
