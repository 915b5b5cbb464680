// maildir-lib/pack.hh -- packs: many mails of one account in one file of checksummed blocks.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A pack is written once, from front to end, and never changed: <Maildir>/packs/ID.pack. Headers of
// many mails stand together in blocks of their own, bodies in other blocks; a damaged block costs
// the mails in it and no others. In new/ and cur/ a packed mail is a symlink under the mail's
// ordinary name, `pack:ID#offset+length`. Every record also has the mail's GUID, folder, name and
// date, so that lost links can be made again. All of it blocks; one thread at a time.
// docs/formats/pack.md
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/handle.hh"
#include "base/result.hh"

#include "maildir-lib/beneath.hh"
#include "maildir-lib/delivery.hh"

namespace maildir {

inline constexpr const char* packs_folder = "packs";  // below the Maildir

// Where a mail is. The text of the symlink.
struct Stub {
  std::string pack;          // ID
  std::uint64_t offset = 0;  // the block that has its header, and its place there
  std::uint64_t length = 0;  // octets of the mail, uncompressed
  bool operator==(const Stub&) const = default;
};

// Nothing when the text is anything but `pack:ID#offset+length`.
std::optional<Stub> parse_stub(std::string_view link_target);
std::string stub_text(const Stub& stub);

// 10 to 64 of a-z, 0-9.
bool is_pack_id(std::string_view id);
std::string new_pack_id();  // never made before
// "ID.pack"; "ID.tmp" is one that is not finished: nothing points to it.
std::string pack_file_name(std::string_view id);
std::string unfinished_pack_name(std::string_view id);
// The ID in such a name of a finished pack.
std::optional<std::string> pack_id_of(std::string_view file_name);

// What a record says of its mail beside the octets.
struct PackedMail {
  std::string folder;         // on disk: "", ".A.B"
  std::string name;           // with flags, as it was when it was packed
  std::string guid;           // empty: not known
  std::int64_t received = 0;  // seconds
};

// Of a finished pack.
struct PackTotals {
  std::uint64_t mails = 0;
  std::uint64_t octets = 0;  // of all mails, uncompressed: the sum of their stubs' lengths
};

// Writes one pack. Nothing is read from it, and no stub may point to it, before finish() succeeded.
class PackWriter {
 public:
  // A new file in the folder `packs` (a path, which is there). exists when the ID was used before.
  static base::Result<PackWriter> begin(const std::string& packs, const std::string& id,
                                        int zstd_level = 6, DiskCalls& calls = DiskCalls::real());
  PackWriter(PackWriter&&) noexcept;
  PackWriter& operator=(PackWriter&&) = delete;
  PackWriter(const PackWriter&) = delete;
  PackWriter& operator=(const PackWriter&) = delete;
  ~PackWriter();  // a pack that was not finished is removed

  // One more mail, its octets uncompressed; its ticket: 0, 1, 2 ... over_quota when the disk is
  // full or the mail is larger than is read. After an error the pack is lost.
  base::Result<std::size_t> add(const PackedMail& mail, std::string_view octets);

  std::size_t mails() const;
  std::uint64_t size() const;  // of the file so far

  // Writes what is held and the end, fsyncs file and folder: the pack survives a power cut. The
  // stubs of all tickets. After an error there is no pack.
  base::Result<std::vector<Stub>> finish();

 private:
  class State;
  explicit PackWriter(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// Reads mails of one pack; holds the file open and the last blocks uncompressed (some 3 MB).
class PackReader {
 public:
  // not_found when there is no such pack.
  static base::Result<PackReader> open(const Directory& packs, const std::string& id);
  PackReader(PackReader&&) noexcept;
  PackReader& operator=(PackReader&&) noexcept;
  PackReader(const PackReader&) = delete;
  PackReader& operator=(const PackReader&) = delete;
  ~PackReader();

  // The mail; corrupt when its block is damaged or missing, or no mail is there; over_quota beyond
  // max_mail_bytes.
  base::Result<std::string> read(const Stub& stub);
  // Up to and with its first empty line. The body's block is not touched.
  base::Result<std::string> read_header(const Stub& stub);
  base::Result<PackedMail> about(const Stub& stub);

  // A piece of the mail's octets from `from` on, as much as one block holds; empty at the end of
  // the mail. Valid until the next call. A piece that begins in the header ends with it.
  base::Result<std::string_view> piece(const Stub& stub, std::uint64_t from);

  // The stub of the record beside the last one that was read, when it is of a mail with this base
  // name. Whoever reads mail after mail need not look at each link: a base name is given once, and
  // its octets never change.
  std::optional<Stub> neighbour(std::string_view base) const;

  base::Result<PackTotals> totals();  // corrupt when the pack has no end

 private:
  class State;
  explicit PackReader(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// The packs of one Maildir, for reading: opened as they are asked for, the last few held open.
class Packs {
 public:
  explicit Packs(Directory maildir) : maildir_(std::move(maildir)) {}

  // As PackReader; not_found when the pack is missing.
  base::Result<std::string_view> piece(const Stub& stub, std::uint64_t from);
  base::Result<std::string> read(const Stub& stub);
  std::optional<Stub> neighbour(std::string_view base) const;  // in the pack that was read last
  base::Result<PackReader*> reader(const std::string& id);     // valid until the next call

 private:
  struct Open {
    std::string id;
    PackReader reader;
  };
  template <typename Ask>
  auto ask(const std::string& id, Ask question) -> decltype(question(std::declval<PackReader&>()));

  Directory maildir_;
  std::list<Open> open_;  // the last used first
};

// Every record of a pack in order, also of one without its end or damaged in its middle: for fsck
// and for writing it anew.
class PackScan {
 public:
  struct Record {
    PackedMail mail;
    Stub stub;
  };

  static base::Result<PackScan> open(const Directory& packs, const std::string& id);
  PackScan(PackScan&&) noexcept;
  PackScan& operator=(PackScan&&) noexcept;
  PackScan(const PackScan&) = delete;
  PackScan& operator=(const PackScan&) = delete;
  ~PackScan();

  // Nothing behind the last. An error is the disk's; damage is passed over and counted.
  base::Result<std::optional<Record>> next();
  // The octets of a record; corrupt when they are damaged.
  base::Result<std::string> read(const Record& record);

  bool is_finished() const;             // the pack has its end, and it is whole
  std::uint64_t damaged_bytes() const;  // of the file, passed over so far

 private:
  class State;
  explicit PackScan(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace maildir
