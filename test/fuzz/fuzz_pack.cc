// test/fuzz/fuzz_pack.cc -- any bytes as a pack: scanned, and read wherever a stub may point.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

#include "maildir-lib/pack.hh"
#include "maildir-lib/pack_format.hh"

namespace {

namespace fs = std::filesystem;

// One a process, removed at its end.
struct Folder {
  std::string path = (fs::temp_directory_path() / "fuzz-pack-XXXXXX").string();
  Folder() {
    if (::mkdtemp(path.data()) == nullptr) {
      std::abort();
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;
  ~Folder() { fs::remove_all(path); }
};

const std::string& folder() {
  static const Folder made;
  return made.path;
}

// What follows a '!' is put into a block with right checks, so that the fuzzer gets behind them.
std::string with_blocks(std::string_view text) {
  if (!text.starts_with("!") || text.size() < 10) {
    return std::string(text);
  }
  text.remove_prefix(1);
  maildir::BlockHead head;
  head.kind = (text[0] & 1) != 0 ? maildir::BlockKind::headers : maildir::BlockKind::bodies;
  head.records = head.kind == maildir::BlockKind::headers ? 1 + (text[0] & 0x7F) / 2U : 0;
  head.plain = static_cast<unsigned char>(text[1]) * 7919U + static_cast<unsigned char>(text[2]);
  head.stored = static_cast<std::uint32_t>(text.size() - 3) + (text[0] < 0 ? 900'000U : 0);
  std::string pack = maildir::to_octets(head) + std::string(text.substr(3));
  pack.resize((pack.size() + 1023) / 1024 * 1024, '\0');
  return pack + maildir::to_octets(maildir::PackEnd{{1, 1}, pack.size()});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)maildir::parse_stub(text);
  (void)maildir::parse_records(text, size > 0 ? data[0] : 0);
  const std::string id = "0123456789";
  std::ofstream(folder() + "/" + maildir::pack_file_name(id), std::ios::binary)
      << with_blocks(text);
  const auto packs = maildir::Directory::open(folder());
  auto scan = maildir::PackScan::open(*packs, id);
  auto reader = maildir::PackReader::open(*packs, id);
  if (!scan || !reader) {
    return 0;
  }
  (void)reader->totals();
  for (auto record = scan->next(); record && *record; record = scan->next()) {
    const auto octets = scan->read(**record);
    if (octets && octets->size() > (*record)->stub.length) {
      __builtin_trap();
    }
    (void)reader->read_header((*record)->stub);
  }
  (void)reader->read({id, 0, size});
  (void)reader->piece({id, size, size}, size / 2);
  return 0;
}
