// maildir-lib/pack_format.hh -- the blocks of a pack and the records in them, as octets.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pure: no disk. Numbers are little-endian. docs/formats/pack.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

#include "maildir-lib/pack.hh"

namespace maildir {

// Blocks begin at multiples of this, so that one is found behind a damaged one, and so that a
// record's place in its block fits into a stub's offset.
inline constexpr std::uint64_t block_grain = 1024;
inline constexpr std::size_t block_head_bytes = 32;
inline constexpr std::size_t max_block_records = block_grain;
inline constexpr std::size_t max_block_bytes = 4U << 20U;  // of a block, uncompressed
// A header larger than this is kept as a part of the body.
inline constexpr std::size_t max_packed_header = 256U << 10U;
// Of the body, kept with the header: who parses a header looks this far behind its end, and would
// have the body's block uncompressed for it.
inline constexpr std::size_t lookahead_bytes = 2;

enum class BlockKind : std::uint8_t { headers = 1, bodies = 2 };

// What a block begins with.
struct BlockHead {
  BlockKind kind = BlockKind::bodies;
  std::uint32_t stored = 0;   // octets of the frame that follows
  std::uint32_t plain = 0;    // the same uncompressed
  std::uint32_t records = 0;  // of a block of headers
  std::uint64_t place = 0;    // in the file

  std::uint64_t end() const;  // where the next block begins
};
std::string to_octets(const BlockHead& head);
// Nothing when it is none, or none that was written at `place`.
std::optional<BlockHead> parse_block_head(std::string_view octets, std::uint64_t place);

// What a finished pack ends with; as many octets as a BlockHead.
struct PackEnd {
  PackTotals totals;
  std::uint64_t place = 0;
};
std::string to_octets(const PackEnd& end);
std::optional<PackTotals> parse_pack_end(std::string_view octets, std::uint64_t place);

// Views into a block of headers.
struct PackRecord {
  std::int64_t received = 0;
  std::uint64_t size = 0;        // of the mail
  std::uint64_t body_block = 0;  // where the block begins that has the body, or its start
  std::uint32_t body_place = 0;  // in that block, uncompressed
  std::string_view folder;
  std::string_view name;
  std::string_view guid;
  std::string_view start;  // the header, and a little of the body

  PackedMail mail() const;
};
// malformed when a name is too long for the format.
base::Result<void> add_record(const PackRecord& record, std::string& block);
// All records of a block of headers; corrupt when it is anything else.
base::Result<std::vector<PackRecord>> parse_records(std::string_view block, std::uint32_t count);

}  // namespace maildir
