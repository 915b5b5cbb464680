// test/fuzz/fuzz_mime.cc -- any bytes as a message: every leaf read, lists and preview made.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "mail-lib/body.hh"

namespace {

void check(const mail::Message& message, const mail::Part& part) {
  for (const mail::Part& child : part.parts) {
    check(message, child);
  }
  if (!part.is_multipart && !base::is_utf8(message.text(part).text)) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto message = mail::Message::parse(text);
  check(message, message.root());
  const auto lists = mail::body_lists(message.root());
  if (!base::is_utf8(mail::preview(message, lists))) {
    __builtin_trap();
  }
  (void)mail::has_attachment(lists);
  return 0;
}
