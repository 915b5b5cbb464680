// test/fuzz/fuzz_header.cc -- any bytes as a header, and each of its values in every form.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "mail-lib/address_list.hh"
#include "mail-lib/date.hh"
#include "mail-lib/forms.hh"
#include "mail-lib/header.hh"

namespace {

void check(std::string_view text) {
  if (!base::is_utf8(text)) {
    __builtin_trap();
  }
}

void check(const std::optional<std::vector<std::string>>& texts) {
  for (const std::string& text : texts.value_or(std::vector<std::string>())) {
    check(text);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const mail::Header header = mail::scan_header(text);
  if (header.body > size) {
    __builtin_trap();
  }
  for (const mail::HeaderField& field : header.fields) {
    check(mail::raw_form(field.value));
    check(mail::text_form(field.value));
    check(mail::message_ids_form(field.value));
    check(mail::urls_form(field.value));
    if (const auto date = mail::parse_date(field.value)) {
      check(mail::date_text(*date));
    }
    for (const auto& address : mail::parse_addresses(field.value)) {
      check(address.name.value_or(""));
      check(address.email);
    }
  }
  return 0;
}
