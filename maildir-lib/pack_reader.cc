// maildir-lib/pack_reader.cc -- reading mails out of packs, in pieces or whole.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <utility>

#include "maildir-lib/filename.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/pack_blocks.hh"
#include "maildir-lib/zstd.hh"

namespace maildir {

namespace {

constexpr std::size_t most_open = 3;

}  // namespace

class PackReader::State {
 public:
  State(PackBlocks blocks, std::string id) : blocks_(std::move(blocks)), id_(std::move(id)) {}

  base::Result<PackRecord> record(const Stub& stub);
  base::Result<std::string_view> piece(const Stub& stub, std::uint64_t from);
  base::Result<PackTotals> totals() const;
  std::optional<Stub> neighbour(std::string_view base) const;

 private:
  base::Result<std::string_view> body_piece(const PackRecord& record, std::uint64_t from);

  PackBlocks blocks_;
  std::string id_;
  std::uint64_t last_ = 0;  // offset of the stub that was read last
};

// Its views are valid until another block of headers is asked for.
base::Result<PackRecord> PackReader::State::record(const Stub& stub) {
  const std::uint64_t number = stub.offset % block_grain;
  const auto block = blocks_.headers(stub.offset - number);
  if (!block) {
    return block.error();
  }
  if (number >= (*block)->records.size() || (*block)->records[number].size != stub.length) {
    return base::make_error(base::Errc::corrupt, blocks_.where(stub.offset) + ": no such mail");
  }
  last_ = stub.offset;
  return (*block)->records[number];
}

std::optional<Stub> PackReader::State::neighbour(std::string_view base) const {
  const HeaderBlock* const block = blocks_.last_headers();
  if (block == nullptr || last_ / block_grain != block->head.place / block_grain) {
    return std::nullopt;
  }
  const std::uint64_t number = last_ % block_grain;
  for (const std::uint64_t beside : {number + 1, number - 1}) {
    if (beside < block->records.size() && base_name(block->records[beside].name) == base) {
      return Stub{id_, block->head.place + beside, block->records[beside].size};
    }
  }
  return std::nullopt;
}

base::Result<std::string_view> PackReader::State::piece(const Stub& stub, std::uint64_t from) {
  const auto record = this->record(stub);
  if (!record) {
    return record.error();
  }
  if (from >= record->size) {
    return std::string_view();
  }
  return from < record->start.size() ? record->start.substr(from)
                                     : body_piece(*record, from - record->start.size());
}

base::Result<std::string_view> PackReader::State::body_piece(const PackRecord& record,
                                                             std::uint64_t from) {
  const std::uint64_t size = record.size - record.start.size();
  std::uint64_t at = record.body_place + from;  // from the start of the first block
  std::uint64_t place = record.body_block;
  for (;;) {
    const auto head = blocks_.head(place);
    if (!head) {
      return head.error();
    }
    if (!*head || (*head)->kind != BlockKind::bodies) {
      return base::make_error(base::Errc::corrupt, blocks_.where(place) + ": no block of bodies");
    }
    if (at < (*head)->plain) {
      const auto block = blocks_.bodies(**head);
      return block ? base::Result<std::string_view>(
                         std::string_view((*block)->plain).substr(at, size - from))
                   : block.error();
    }
    at -= (*head)->plain;
    place = (*head)->end();
  }
}

base::Result<PackTotals> PackReader::State::totals() const {
  const auto end = blocks_.end();
  if (!end) {
    return end.error();
  }
  return *end ? base::Result<PackTotals>(**end)
              : base::make_error(base::Errc::corrupt,
                                 blocks_.where(blocks_.size()) + ": the pack has no end");
}

PackReader::PackReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
PackReader::PackReader(PackReader&&) noexcept = default;
PackReader& PackReader::operator=(PackReader&&) noexcept = default;
PackReader::~PackReader() = default;

base::Result<PackReader> PackReader::open(const Directory& packs, const std::string& id) {
  auto blocks = PackBlocks::open(packs, id);
  if (!blocks) {
    return blocks.error();
  }
  return PackReader(std::make_unique<State>(std::move(*blocks), id));
}

base::Result<std::string_view> PackReader::piece(const Stub& stub, std::uint64_t from) {
  return state_->piece(stub, from);
}

base::Result<std::string> PackReader::read(const Stub& stub) {
  if (stub.length > max_mail_bytes) {
    return base::make_error(base::Errc::over_quota, "a packed mail larger than is read");
  }
  std::string octets;
  for (;;) {
    const auto piece = state_->piece(stub, octets.size());
    if (!piece) {
      return piece.error();
    }
    if (piece->empty()) {
      return octets;
    }
    octets += *piece;
  }
}

base::Result<std::string> PackReader::read_header(const Stub& stub) {
  const auto record = state_->record(stub);
  if (!record) {
    return record.error();
  }
  if (const std::size_t size = header_size(record->start); size > 0) {
    return std::string(record->start.substr(0, size));
  }
  auto octets = read(stub);  // no header, or one too large for its block
  if (octets) {
    octets->resize(header_size(*octets));
  }
  return octets;
}

base::Result<PackedMail> PackReader::about(const Stub& stub) {
  const auto record = state_->record(stub);
  return record ? base::Result<PackedMail>(record->mail()) : record.error();
}

std::optional<Stub> PackReader::neighbour(std::string_view base) const {
  return state_->neighbour(base);
}

base::Result<PackTotals> PackReader::totals() {
  return state_->totals();
}

base::Result<PackReader*> Packs::reader(const std::string& id) {
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const Open& open) { return open.id == id; });
  if (found != open_.end()) {
    open_.splice(open_.begin(), open_, found);
    return &open_.front().reader;
  }
  const auto packs = maildir_.open_directory(packs_folder);
  auto reader = packs ? PackReader::open(*packs, id) : base::Result<PackReader>(packs.error());
  if (!reader) {
    return reader.error();
  }
  open_.push_front({id, std::move(*reader)});
  if (open_.size() > most_open) {
    open_.pop_back();
  }
  return &open_.front().reader;
}

// What the disk refuses is asked once more of the pack opened anew: a descriptor of a file on NFS
// is of no use any more once the server has come back without knowing of it.
template <typename Ask>
auto Packs::ask(const std::string& id, Ask question)
    -> decltype(question(std::declval<PackReader&>())) {
  const auto reader = this->reader(id);
  if (!reader) {
    return reader.error();
  }
  auto answer = question(**reader);
  if (answer || answer.error().code != base::Errc::unavailable) {
    return answer;
  }
  open_.pop_front();
  const auto anew = this->reader(id);
  return anew ? question(**anew) : anew.error();
}

base::Result<std::string_view> Packs::piece(const Stub& stub, std::uint64_t from) {
  return ask(stub.pack, [&](PackReader& reader) { return reader.piece(stub, from); });
}

std::optional<Stub> Packs::neighbour(std::string_view base) const {
  return open_.empty() ? std::nullopt : open_.front().reader.neighbour(base);
}

base::Result<std::string> Packs::read(const Stub& stub) {
  return ask(stub.pack, [&](PackReader& reader) { return reader.read(stub); });
}

}  // namespace maildir
