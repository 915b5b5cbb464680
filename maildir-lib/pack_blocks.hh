// maildir-lib/pack_blocks.hh -- the blocks of an open pack, the last used kept uncompressed.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/handle.hh"
#include "base/result.hh"

#include "maildir-lib/pack_format.hh"

namespace maildir {

struct HeaderBlock {
  BlockHead head;
  std::string plain;
  std::vector<PackRecord> records;  // views into plain
};

struct BodyBlock {
  BlockHead head;
  std::string plain;
};

class PackBlocks {
 public:
  static base::Result<PackBlocks> open(const Directory& packs, const std::string& id);

  std::uint64_t size() const { return size_; }   // of the file, when it was opened
  std::string where(std::uint64_t place) const;  // for errors

  // Nothing when no block begins there. An error is the disk's.
  base::Result<std::optional<BlockHead>> head(std::uint64_t place) const;
  // Valid until other blocks are asked for; corrupt.
  base::Result<const HeaderBlock*> headers(std::uint64_t place);
  const HeaderBlock* last_headers() const { return headers_[0].get(); }  // null: none yet
  base::Result<const BodyBlock*> bodies(const BlockHead& head);
  // Nothing when the pack has no end.
  base::Result<std::optional<PackTotals>> end() const;

 private:
  PackBlocks(base::Fd fd, std::string name, std::uint64_t size)
      : fd_(std::move(fd)), name_(std::move(name)), size_(size) {}

  base::Result<std::string> read(std::uint64_t from, std::size_t size) const;
  base::Result<std::string> uncompress(const BlockHead& head) const;

  base::Fd fd_;
  std::string name_;
  std::uint64_t size_;
  std::array<std::unique_ptr<HeaderBlock>, 2> headers_;  // the last used first
  std::unique_ptr<BodyBlock> bodies_;
};

}  // namespace maildir
