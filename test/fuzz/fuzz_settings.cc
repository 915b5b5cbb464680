// test/fuzz/fuzz_settings.cc -- any bytes as a settings file: problems, never a crash.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/settings.hh"

namespace {

struct Sample {
  bool flag = false;
  std::int64_t count = 0;
  base::Duration delay{};
  base::Bytes size;
  std::string mode;
  base::Words words;
};

constexpr base::Setting<Sample> table[] = {
    {"flag", &Sample::flag, "no", "", base::Reload::live, "A switch of the sample."},
    {"count", &Sample::count, "3", "1..9", base::Reload::live, "A number of the sample."},
    {"delay", &Sample::delay, "5m", "1s..1d", base::Reload::live, "A time of the sample."},
    {"size", &Sample::size, "64k", "1k..1G", base::Reload::live, "A size of the sample."},
    {"mode", &Sample::mode, "one", "one|two", base::Reload::live, "A choice of the sample."},
    {"words", &Sample::words, "a, b", "", base::Reload::live, "A list of the sample."},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto settings = base::settings_from_text(table, "fuzz.conf", text);
  if (settings && (settings->count < 1 || settings->count > 9)) {
    __builtin_trap();
  }
  return 0;
}
