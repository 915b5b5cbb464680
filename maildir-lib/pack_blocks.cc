// maildir-lib/pack_blocks.cc -- the blocks of an open pack, the last used kept uncompressed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/pack_blocks.hh"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "maildir-lib/zstd.hh"

namespace maildir {

base::Result<PackBlocks> PackBlocks::open(const Directory& packs, const std::string& id) {
  if (!is_pack_id(id)) {
    return base::make_error(base::Errc::malformed, "not the name of a pack: " + id);
  }
  auto fd = packs.open_file(pack_file_name(id));
  if (!fd) {
    return fd.error();
  }
  const std::uint64_t size = stamp_of(fd->get()).size;
  return PackBlocks(std::move(*fd), pack_file_name(id), size);
}

std::string PackBlocks::where(std::uint64_t place) const {
  return name_ + " at " + std::to_string(place);
}

// Fewer octets when the file ends before.
base::Result<std::string> PackBlocks::read(std::uint64_t from, std::size_t size) const {
  std::string octets(from < size_ ? std::min<std::uint64_t>(size, size_ - from) : 0, '\0');
  std::size_t done = 0;
  while (done < octets.size()) {
    const ssize_t got = ::pread(fd_.get(), octets.data() + done, octets.size() - done,
                                static_cast<off_t>(from + done));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return base::errno_error(where(from), errno);
    }
    if (got == 0) {
      break;
    }
    done += static_cast<std::size_t>(got);
  }
  octets.resize(done);
  return octets;
}

base::Result<std::optional<BlockHead>> PackBlocks::head(std::uint64_t place) const {
  const auto octets = read(place, block_head_bytes);
  return octets ? base::Result<std::optional<BlockHead>>(parse_block_head(*octets, place))
                : octets.error();
}

base::Result<std::string> PackBlocks::uncompress(const BlockHead& head) const {
  // All of it at once: read ahead, the kernel would ask a cold disk for it piece after piece.
  (void)::posix_fadvise(fd_.get(), static_cast<off_t>(head.place),
                        static_cast<off_t>(block_head_bytes + head.stored), POSIX_FADV_WILLNEED);
  const auto frame = read(head.place + block_head_bytes, head.stored);
  if (!frame) {
    return frame.error();
  }
  auto plain = frame->size() == head.stored ? uncompress_frame(*frame, head.plain)
                                            : base::make_error(base::Errc::corrupt, "cut off");
  if (!plain) {
    return base::make_error(plain.error().code, where(head.place) + ": " + plain.error().detail,
                            plain.error().hint);
  }
  return plain;
}

base::Result<const HeaderBlock*> PackBlocks::headers(std::uint64_t place) {
  for (auto& kept : headers_) {
    if (kept && kept->head.place == place) {
      std::swap(kept, headers_[0]);
      return headers_[0].get();
    }
  }
  const auto head = this->head(place);
  if (!head) {
    return head.error();
  }
  if (!*head || (*head)->kind != BlockKind::headers) {
    return base::make_error(base::Errc::corrupt, where(place) + ": no block of headers");
  }
  auto plain = uncompress(**head);
  if (!plain) {
    return plain.error();
  }
  auto block = std::make_unique<HeaderBlock>();
  block->head = **head;
  block->plain = std::move(*plain);
  auto records = parse_records(block->plain, block->head.records);
  if (!records) {
    return base::make_error(records.error().code, where(place) + ": " + records.error().detail);
  }
  block->records = std::move(*records);
  headers_[1] = std::move(headers_[0]);
  headers_[0] = std::move(block);
  return headers_[0].get();
}

base::Result<const BodyBlock*> PackBlocks::bodies(const BlockHead& head) {
  if (!bodies_ || bodies_->head.place != head.place) {
    auto plain = uncompress(head);
    if (!plain) {
      return plain.error();
    }
    bodies_ = std::make_unique<BodyBlock>(BodyBlock{head, std::move(*plain)});
  }
  return bodies_.get();
}

base::Result<std::optional<PackTotals>> PackBlocks::end() const {
  if (size_ < block_head_bytes) {
    return std::optional<PackTotals>();
  }
  const std::uint64_t place = size_ - block_head_bytes;
  const auto octets = read(place, block_head_bytes);
  return octets ? base::Result<std::optional<PackTotals>>(parse_pack_end(*octets, place))
                : octets.error();
}

}  // namespace maildir
