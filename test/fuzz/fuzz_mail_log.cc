// test/fuzz/fuzz_mail_log.cc -- any bytes as lines of a mail log: bounded facts, nothing worse.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "cli/mail_log.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  cli::LoggedMail mail("4WxYz12abcZ");
  for (const std::string_view line : base::split(text, '\n')) {
    mail.take(line);
  }
  const bool is_empty = mail.client.empty() && !mail.sender && mail.recipients.empty();
  if (!mail.is_found() && !is_empty) {
    __builtin_trap();
  }
  return 0;
}
