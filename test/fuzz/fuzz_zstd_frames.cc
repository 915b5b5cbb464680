// test/fuzz/fuzz_zstd_frames.cc -- any bytes as a compressed mail, and any mail there and back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstdint>

#include "maildir-lib/zstd.hh"

namespace {

constexpr std::size_t limit = 1U << 20U;

std::string compress(std::string_view mail, std::size_t piece) {
  maildir::FrameWriter writer(1);
  std::string out;
  while (!mail.empty()) {
    if (!writer.write(mail.substr(0, piece), out)) {
      __builtin_trap();
    }
    mail.remove_prefix(std::min(piece, mail.size()));
  }
  if (!writer.finish(out)) {
    __builtin_trap();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)maildir::unzstd(text, limit);
  if (maildir::header_size(text) > size) {
    __builtin_trap();
  }
  const auto back = maildir::unzstd(compress(text, 1 + size / 3), size);
  if (!back || *back != text) {
    __builtin_trap();
  }
  return 0;
}
