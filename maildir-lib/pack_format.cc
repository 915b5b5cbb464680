// maildir-lib/pack_format.cc -- the blocks of a pack and the records in them, as octets.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/pack_format.hh"

#include <limits>

#include "maildir-lib/folder_scan.hh"

namespace maildir {

namespace {

constexpr std::string_view block_magic = "PHB1";
constexpr std::string_view end_magic = "PHE1";
constexpr std::size_t check_bytes = 4;
constexpr std::uint32_t frame_slack = 64U << 10U;  // more than a frame adds to what it holds
constexpr std::size_t longest_text = std::numeric_limits<std::uint16_t>::max();

template <typename Int>
void put(Int value, std::string& out) {
  for (std::size_t i = 0; i < sizeof(Int); ++i) {
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xFFU);
  }
}

// Takes numbers and texts off the front; what is not there is 0 or empty, and `failed` is set.
class Taker {
 public:
  explicit Taker(std::string_view octets) : rest_(octets) {}

  template <typename Int>
  Int number() {
    const std::string_view octets = text(sizeof(Int));
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < octets.size(); ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(octets[i])} << (8 * i);
    }
    return static_cast<Int>(value);
  }
  std::string_view text(std::size_t size) {
    if (size > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  bool failed() const { return failed_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

std::string with_check(std::string octets) {
  octets.resize(block_head_bytes - check_bytes, '\0');
  put(short_hash(octets), octets);
  return octets;
}

bool is_whole(std::string_view octets, std::string_view magic) {
  return octets.size() == block_head_bytes && octets.starts_with(magic) &&
         Taker(octets.substr(octets.size() - check_bytes)).number<std::uint32_t>() ==
             short_hash(octets.substr(0, octets.size() - check_bytes));
}

}  // namespace

std::uint64_t BlockHead::end() const {
  const std::uint64_t end = place + block_head_bytes + stored;
  return (end + block_grain - 1) / block_grain * block_grain;
}

std::string to_octets(const BlockHead& head) {
  std::string octets(block_magic);
  put(static_cast<std::uint32_t>(head.kind), octets);
  put(head.stored, octets);
  put(head.plain, octets);
  put(head.records, octets);
  put(head.place, octets);
  return with_check(std::move(octets));
}

std::optional<BlockHead> parse_block_head(std::string_view octets, std::uint64_t place) {
  if (!is_whole(octets, block_magic)) {
    return std::nullopt;
  }
  Taker from(octets.substr(block_magic.size()));
  const auto kind = from.number<std::uint32_t>();
  BlockHead head;
  head.kind = kind == 1 ? BlockKind::headers : BlockKind::bodies;
  head.stored = from.number<std::uint32_t>();
  head.plain = from.number<std::uint32_t>();
  head.records = from.number<std::uint32_t>();
  head.place = from.number<std::uint64_t>();
  const bool has_records = head.kind == BlockKind::headers;
  if ((kind != 1 && kind != 2) || head.place != place || head.plain == 0 ||
      head.plain > max_block_bytes || head.stored > head.plain + frame_slack ||
      head.records > max_block_records || (head.records > 0) != has_records) {
    return std::nullopt;
  }
  return head;
}

std::string to_octets(const PackEnd& end) {
  std::string octets(end_magic);
  put(end.totals.mails, octets);
  put(end.totals.octets, octets);
  put(end.place, octets);
  return with_check(std::move(octets));
}

std::optional<PackTotals> parse_pack_end(std::string_view octets, std::uint64_t place) {
  if (!is_whole(octets, end_magic)) {
    return std::nullopt;
  }
  Taker from(octets.substr(end_magic.size()));
  PackTotals totals;
  totals.mails = from.number<std::uint64_t>();
  totals.octets = from.number<std::uint64_t>();
  return from.number<std::uint64_t>() == place ? std::optional(totals) : std::nullopt;
}

PackedMail PackRecord::mail() const {
  return {std::string(folder), std::string(name), std::string(guid), received};
}

base::Result<void> add_record(const PackRecord& record, std::string& block) {
  if (record.folder.size() > longest_text || record.name.size() > longest_text ||
      record.guid.size() > longest_text) {
    return base::make_error(base::Errc::malformed, "a name too long for a pack");
  }
  put(record.received, block);
  put(record.size, block);
  put(record.body_block, block);
  put(record.body_place, block);
  put(static_cast<std::uint32_t>(record.start.size()), block);
  for (const std::string_view text : {record.folder, record.name, record.guid}) {
    put(static_cast<std::uint16_t>(text.size()), block);
  }
  for (const std::string_view text : {record.folder, record.name, record.guid, record.start}) {
    block += text;
  }
  return {};
}

base::Result<std::vector<PackRecord>> parse_records(std::string_view block, std::uint32_t count) {
  Taker from(block);
  std::vector<PackRecord> records;
  while (records.size() < count && !from.failed()) {
    PackRecord& record = records.emplace_back();
    record.received = from.number<std::int64_t>();
    record.size = from.number<std::uint64_t>();
    record.body_block = from.number<std::uint64_t>();
    record.body_place = from.number<std::uint32_t>();
    const auto start = from.number<std::uint32_t>();
    const auto folder = from.number<std::uint16_t>();
    const auto name = from.number<std::uint16_t>();
    const auto guid = from.number<std::uint16_t>();
    record.folder = from.text(folder);
    record.name = from.text(name);
    record.guid = from.text(guid);
    record.start = from.text(start);
    if (start > record.size || record.body_block % block_grain != 0) {
      return base::make_error(base::Errc::corrupt, "a record that makes no sense");
    }
  }
  if (from.failed() || !from.at_end()) {
    return base::make_error(base::Errc::corrupt, "a block of headers of another size");
  }
  return records;
}

}  // namespace maildir
