// maildir-lib/ids.hh -- ids.log: the numbers behind the ids of e-mails and folders, kept for ever.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The one thing of the index that is no cache. It lies in the home beside the Maildir, so that it
// moves and is backed up with it. docs/formats/ids.md
//
//   file   = header *record
//   header = "posthouse ids 1" LF 16OCTET      the octets are random: they tell one log from
//   another record = number:64 key:128 zero:32 crc:32  little endian; CRC-32C of the 28 octets
//   before it
//
// A key stands for a GUID; of several records of one key the last holds, and several keys may lead
// to one number. Everything here blocks.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/handle.hh"
#include "base/result.hh"

namespace maildir {

using IdKey = std::array<std::uint8_t, 16>;

// A GUID without the sizes at its end. Dovecot's GUID of a plain mail is its base name, sizes and
// all; that of a mail compressed when it was saved has none, until a lost uidlist gives it some.
std::string_view bare_guid(std::string_view guid);

// Of a mail's GUID or base name; the same for both forms of a GUID.
IdKey email_key(std::string_view guid);
IdKey folder_guid_key(std::string_view guid);
IdKey folder_name_key(std::string_view disk_name);

struct IdRecord {
  std::uint64_t number = 0;
  IdKey key{};
  bool operator==(const IdRecord&) const = default;
};

inline constexpr std::size_t id_record_bytes = 32;
inline constexpr std::size_t id_header_bytes = 32;

struct ParsedIds {
  std::vector<IdRecord> records;
  std::size_t damaged = 0;   // records between good ones that cannot be read
  std::size_t good_end = 0;  // where the last good record ends, within the bytes
};

// Records from the start of `bytes`, which begin behind the header or at any record.
ParsedIds parse_id_records(std::string_view bytes);
std::string id_record_text(const IdRecord& record);

// How much of which log somebody has read.
struct IdsPlace {
  std::string log;            // the random octets of its header; empty: nothing was read
  std::uint64_t end = 0;      // octets of the file
  std::uint64_t largest = 0;  // of all numbers in it
  std::string last;           // the record that ends there
  bool operator==(const IdsPlace&) const = default;
};

// Numbers grow, and never fall behind the clock: an old copy of a log that was put back does not
// give a number a second time, whatever was given out since it was copied.
std::uint64_t first_free_number(std::uint64_t largest, base::WallTime now);

// A log while it is locked: whoever assigns numbers reads what others appended, then appends.
class IdsLog {
 public:
  // Makes it when there is none; cuts a torn tail. unavailable when another process keeps the lock
  // for longer than `patience`; malformed for the log of a later release.
  static base::Result<IdsLog> open(const std::string& path, std::chrono::milliseconds patience);

  struct News {
    bool is_other = false;  // not the log of `seen`, or put back from a copy: all records are told
    std::vector<IdRecord> records;
    std::size_t damaged = 0;
  };
  // The records behind `seen`, which moves to their end.
  base::Result<News> read(IdsPlace& seen) const;

  // Durable when it returns. `seen`, which has read everything, moves along.
  base::Result<void> append(std::span<const IdRecord> records, IdsPlace& seen);

 private:
  IdsLog(base::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  base::Result<void> lock(std::chrono::milliseconds patience) const;
  base::Result<void> begin();
  base::Result<void> cut_torn_tail();
  base::Result<bool> continues(const IdsPlace& seen, std::uint64_t end) const;
  base::Result<std::string> octets(std::uint64_t from, std::uint64_t to) const;
  base::Result<std::uint64_t> size() const;

  base::Fd fd_;
  std::string path_;
  std::string log_;
};

}  // namespace maildir
