// test/fuzz/fuzz_uidlist.cc -- any bytes as dovecot-uidlist and as dovecot-keywords.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "maildir-lib/uidlist.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (const auto list = maildir::Uidlist::parse(text)) {
    (void)list->find("1795327797.M675890P30747.vm,S=169,W=177");
    for (const char c : list->folder_guid()) {
      if (c <= ' ') {
        __builtin_trap();  // ids of ours are made of it
      }
    }
  }
  (void)maildir::parse_keywords(text);
  return 0;
}
