// test/fuzz/fuzz_summary.cc -- any bytes as a message in a list: its row, base subject and threads.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "maildir-lib/summary.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const maildir::Summary summary = maildir::summarize(bytes);
  for (const mail::HeaderField& field : maildir::listed_header(summary.header)) {
    (void)maildir::is_listed(field.name, summary.omitted);
  }
  if (!base::is_utf8(summary.preview) || summary.thread_keys.size() > 40) {
    __builtin_trap();
  }
  (void)maildir::base_subject(bytes);
  return 0;
}
