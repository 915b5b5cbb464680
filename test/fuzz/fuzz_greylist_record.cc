// test/fuzz/fuzz_greylist_record.cc -- any bytes as a row of the greylist's tables.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "policyd/checks/greylist_record.hh"

namespace {

// What was understood means the same when it is written and read again.
template <typename Record>
void try_one(base::Result<Record> (*decode)(std::string_view), std::string_view bytes) {
  const auto record = decode(bytes);
  if (!record) {
    return;
  }
  const auto again = decode(policy::encode(*record));
  if (!again || !(*again == *record)) {
    __builtin_trap();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try_one(policy::decode_triplet, input);
  try_one(policy::decode_network, input);
  try_one(policy::decode_correspondent, input);
  return 0;
}
