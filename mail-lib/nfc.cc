// mail-lib/nfc.cc -- Unicode normalization by GLib.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include <glib.h>

#include "base/handle.hh"

#include "mail-lib/charset.hh"

namespace mail {

std::string nfc(std::string text) {
  // Below U+0300 (first byte 0xCC) every character is its own normal form.
  const auto is_plain = [](char c) { return static_cast<unsigned char>(c) < 0xCC; };
  if (std::all_of(text.begin(), text.end(), is_plain)) {
    return text;
  }
  const base::Handle<char, g_free> normal(
      g_utf8_normalize(text.data(), static_cast<gssize>(text.size()), G_NORMALIZE_NFC));
  return normal ? std::string(normal.get()) : std::move(text);
}

}  // namespace mail
