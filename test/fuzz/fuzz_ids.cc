// test/fuzz/fuzz_ids.cc -- any bytes as the records of ids.log; any text as a GUID.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "maildir-lib/ids.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const maildir::ParsedIds parsed = maildir::parse_id_records(bytes);
  std::string again;
  for (const maildir::IdRecord& record : parsed.records) {
    again += maildir::id_record_text(record);
  }
  const bool is_whole = maildir::parse_id_records(again).records == parsed.records;
  const std::string_view bare = maildir::bare_guid(bytes);
  if (!is_whole || parsed.good_end > size || !bytes.starts_with(bare)) {
    __builtin_trap();
  }
  return 0;
}
