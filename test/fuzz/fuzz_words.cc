// test/fuzz/fuzz_words.cc -- any bytes as a header value with encoded words: always UTF-8 out.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "mail-lib/words.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto place : {mail::WordPlace::text, mail::WordPlace::phrase}) {
    for (const std::string_view guess : {"gb18030", "big5", "iso-2022-jp", "none"}) {
      if (!base::is_utf8(mail::decode_words(text, place, guess))) {
        __builtin_trap();
      }
    }
  }
  return 0;
}
