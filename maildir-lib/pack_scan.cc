// maildir-lib/pack_scan.cc -- every record of a pack, also of one that is damaged or has no end.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <utility>

#include "maildir-lib/message.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/pack_blocks.hh"

namespace maildir {

class PackScan::State {
 public:
  State(PackBlocks blocks, PackReader reader, std::string id, bool is_finished)
      : blocks_(std::move(blocks)),
        reader_(std::move(reader)),
        id_(std::move(id)),
        is_finished_(is_finished) {}

  base::Result<std::optional<Record>> next();
  base::Result<std::string> read(const Record& record) { return reader_.read(record.stub); }
  bool is_finished() const { return is_finished_; }
  std::uint64_t damaged() const { return damaged_; }

 private:
  base::Result<void> step(std::uint64_t limit);
  void pass_over(std::uint64_t end);

  PackBlocks blocks_;
  PackReader reader_;  // apart: mails are read between two steps
  std::string id_;
  bool is_finished_;
  std::uint64_t at_ = 0;  // where the next block should begin
  std::uint64_t damaged_ = 0;
  std::uint64_t block_ = 0;  // the one the records are from
  std::uint32_t taken_ = 0;
  std::uint32_t records_ = 0;
};

void PackScan::State::pass_over(std::uint64_t end) {
  end = std::min(end, blocks_.size());
  damaged_ += end - at_;
  at_ = end;
}

base::Result<std::optional<PackScan::Record>> PackScan::State::next() {
  const std::uint64_t limit = blocks_.size() - (is_finished_ ? block_head_bytes : 0);
  while (taken_ == records_ && at_ < limit) {
    if (auto done = step(limit); !done) {
      return done.error();
    }
  }
  if (taken_ == records_) {
    return std::optional<Record>();
  }
  const auto block = blocks_.headers(block_);
  if (!block) {
    return block.error();
  }
  const PackRecord& record = (*block)->records[taken_];
  const Stub stub{id_, block_ + taken_, record.size};
  ++taken_;
  return std::optional(Record{record.mail(), stub});
}

base::Result<void> PackScan::State::step(std::uint64_t limit) {
  const auto head = blocks_.head(at_);
  if (!head) {
    return head.error();
  }
  if (!*head || (*head)->place + block_head_bytes + (*head)->stored > limit) {
    pass_over(at_ + block_grain);
    return {};
  }
  if ((*head)->kind == BlockKind::headers) {
    const auto block = blocks_.headers(at_);
    if (!block && block.error().code != base::Errc::corrupt) {
      return block.error();
    }
    if (!block) {
      pass_over((*head)->end());
      return {};
    }
    block_ = at_;
    taken_ = 0;
    records_ = (*head)->records;
  }
  at_ = (*head)->end();
  return {};
}

PackScan::PackScan(std::unique_ptr<State> state) : state_(std::move(state)) {}
PackScan::PackScan(PackScan&&) noexcept = default;
PackScan& PackScan::operator=(PackScan&&) noexcept = default;
PackScan::~PackScan() = default;

base::Result<PackScan> PackScan::open(const Directory& packs, const std::string& id) {
  auto blocks = PackBlocks::open(packs, id);
  auto reader = PackReader::open(packs, id);
  if (!blocks || !reader) {
    return blocks ? reader.error() : blocks.error();
  }
  const auto end = blocks->end();
  if (!end) {
    return end.error();
  }
  return PackScan(
      std::make_unique<State>(std::move(*blocks), std::move(*reader), id, end->has_value()));
}

base::Result<std::optional<PackScan::Record>> PackScan::next() {
  return state_->next();
}

base::Result<std::string> PackScan::read(const Record& record) {
  return state_->read(record);
}

bool PackScan::is_finished() const {
  return state_->is_finished();
}

std::uint64_t PackScan::damaged_bytes() const {
  return state_->damaged();
}

}  // namespace maildir
