// mail-lib/words.hh -- encoded words of header values (RFC 2047) as UTF-8.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "mail-lib/charset.hh"

namespace mail {

// Where encoded words may stand (RFC 2047 s5): in text between white space; in a phrase also beside
// the specials that delimit it.
enum class WordPlace { text, phrase };

// `value` on one line: each fold is undone, other CR and LF become a blank, NUL goes.
std::string unfold(std::string_view value);

// `value` with its encoded words decoded, undeclared 8-bit text read as `guess` when it is not
// UTF-8, control characters dropped, in NFC. Consecutive words of one charset are joined before
// decoding, as senders split characters between them.
std::string decode_words(std::string_view value, WordPlace place,
                         std::string_view guess = default_guess);

// The bytes of base64 text; what is no digit is skipped, an unfinished end is cut.
std::string loose_base64(std::string_view text);

}  // namespace mail
