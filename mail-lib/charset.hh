// mail-lib/charset.hh -- text of any charset as UTF-8, never invalid UTF-8 out (the iconv wrapper).
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Labels are looked up in a closed table, as mail really uses them (gb2312 is read as GB18030,
// iso-8859-1 as windows-1252); nothing from a mail reaches iconv_open(). UTF-7 is refused: it lets
// markup pass every filter. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace mail {

// What 8-bit text without a declared charset is read as when it is not UTF-8.
inline constexpr std::string_view default_guess = "gb18030";

struct Decoded {
  std::string text;      // valid UTF-8
  bool problem = false;  // something could not be read, or the charset is unknown
};

// True when `label` names a charset we decode; any case.
bool is_known_charset(std::string_view label);

// `bytes` as UTF-8. An unknown, refused or empty label, or us-ascii on 8-bit text: UTF-8 if it is
// valid, else `guess`. What cannot be read becomes U+FFFD and reading goes on.
Decoded to_utf8(std::string_view bytes, std::string_view label,
                std::string_view guess = default_guess);

// Each byte that is not part of UTF-8 becomes U+FFFD.
std::string scrub_utf8(std::string_view text);

// At most `limit` bytes of valid UTF-8, never cut inside a character.
std::string_view cut_utf8(std::string_view text, std::size_t limit);

// Unicode Normalization Form C of valid UTF-8.
std::string nfc(std::string text);

}  // namespace mail
