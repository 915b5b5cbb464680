// test/fuzz/fuzz_mbox.cc -- any bytes as an mbox: whole and in parts, and written again.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "mail-lib/mbox.hh"

namespace {

std::vector<mail::MboxMail> read(std::string_view input, std::size_t part,
                                 mail::MboxQuoting quoting) {
  mail::MboxReader reader(quoting);
  std::vector<mail::MboxMail> mails;
  for (std::size_t at = 0; at < input.size(); at += part) {
    if (!reader.read(input.substr(at, part), mails)) {
      return mails;
    }
  }
  reader.finish(mails);
  return mails;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  for (const auto quoting :
       {mail::MboxQuoting::mboxrd, mail::MboxQuoting::mboxo, mail::MboxQuoting::none}) {
    const auto whole = read(input, input.size() + 1, quoting);
    const auto parts = read(input, 3, quoting);
    if (whole.size() != parts.size()) {
      __builtin_trap();  // where a part ends says nothing
    }
    for (std::size_t i = 0; i < whole.size(); ++i) {
      if (whole[i].octets != parts[i].octets || !whole[i].received) {
        __builtin_trap();
      }
      const std::string again =
          mail::mbox_entry(whole[i].octets, "a@b", *whole[i].received, whole[i].flags);
      const auto mails = read(again, again.size(), mail::MboxQuoting::mboxrd);
      if (mails.size() != 1 || !mails[0].octets.starts_with(whole[i].octets)) {
        __builtin_trap();  // one mail stays one, and loses nothing
      }
    }
  }
  return 0;
}
