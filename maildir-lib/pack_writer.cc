// maildir-lib/pack_writer.cc -- writing a pack: bodies and headers gathered into blocks.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// What is gathered of bodies will be written at the end of the file as it is now: that is how a
// record knows its block. So a block of headers is written only when no bodies are held, and never
// between two blocks of one body.
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "maildir-lib/message.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/pack_format.hh"
#include "maildir-lib/zstd.hh"

namespace maildir {

namespace {

constexpr std::size_t body_block_bytes = 1536U << 10U;
constexpr std::size_t header_block_bytes = 256U << 10U;  // written at the next occasion
constexpr std::size_t header_block_records = 256;        // the same
constexpr std::size_t most_header_bytes = 3U << 20U;     // written at once
constexpr std::size_t most_records = max_block_records * 3 / 4;

}  // namespace

class PackWriter::State {
 public:
  State(std::string packs, std::string id, int level, DiskCalls& calls)
      : packs_(std::move(packs)), id_(std::move(id)), level_(level), calls_(&calls) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  State(State&&) = delete;
  State& operator=(State&&) = delete;
  ~State() {
    if (!to_remove_.empty()) {
      calls_->unlink(to_remove_.c_str());
    }
  }

  base::Result<void> open();
  base::Result<std::size_t> add(const PackedMail& mail, std::string_view octets);
  base::Result<std::vector<Stub>> finish();
  std::size_t mails() const { return stubs_.size(); }
  std::uint64_t size() const { return end_; }

 private:
  std::string path(const std::string& name) const { return packs_ + "/" + name; }
  base::Result<void> make_room(std::size_t body);
  base::Result<void> hold_body(std::string_view body);
  base::Result<void> write_bodies();
  base::Result<void> write_headers();
  base::Result<void> write_block(BlockKind kind, std::string_view plain, std::uint32_t records);
  base::Result<void> write(std::string_view octets);
  base::Result<void> publish();
  base::Result<void> sync_folder();

  std::string packs_;
  std::string id_;
  int level_;
  DiskCalls* calls_;
  base::Fd fd_;
  std::string to_remove_;  // path of what is not finished
  std::uint64_t end_ = 0;  // of the file; a multiple of block_grain
  std::string bodies_;
  std::string headers_;
  std::uint32_t records_ = 0;  // in headers_; the last of stubs_
  std::vector<Stub> stubs_;
  PackTotals totals_;
};

base::Result<void> PackWriter::State::open() {
  if (!is_pack_id(id_)) {
    return base::make_error(base::Errc::malformed, "not the name of a pack: " + id_);
  }
  if (::access(path(pack_file_name(id_)).c_str(), F_OK) == 0) {
    return base::make_error(base::Errc::exists, "there is a pack " + id_);
  }
  const std::string unfinished = path(unfinished_pack_name(id_));
  fd_.reset(calls_->open(unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd_.is_open()) {
    return base::errno_error(unfinished, errno);
  }
  to_remove_ = unfinished;
  return {};
}

base::Result<std::size_t> PackWriter::State::add(const PackedMail& mail, std::string_view octets) {
  if (octets.size() > max_mail_bytes) {
    return base::make_error(base::Errc::over_quota, "a mail larger than is read");
  }
  const std::size_t header = header_size(octets);
  const bool is_apart = header > 0 && header <= max_packed_header;
  const std::string_view start = octets.substr(0, is_apart ? header + lookahead_bytes : 0);
  const std::string_view body = octets.substr(start.size());
  if (auto done = make_room(body.size()); !done) {
    return done.error();
  }
  PackRecord record{mail.received, octets.size(), 0, 0, mail.folder, mail.name, mail.guid, start};
  if (!body.empty()) {
    record.body_block = end_;
    record.body_place = static_cast<std::uint32_t>(bodies_.size());
  }
  if (auto done = add_record(record, headers_); !done) {
    return done.error();
  }
  ++records_;
  totals_.octets += octets.size();
  stubs_.push_back({id_, 0, octets.size()});
  auto done = hold_body(body);
  return done ? base::Result<std::size_t>(stubs_.size() - 1) : done.error();
}

base::Result<void> PackWriter::State::make_room(std::size_t body) {
  const bool is_at_limit = records_ >= most_records || headers_.size() >= most_header_bytes;
  const bool does_not_fit = bodies_.size() + body > body_block_bytes && body <= body_block_bytes;
  if (is_at_limit || does_not_fit) {
    if (auto done = write_bodies(); !done) {
      return done;
    }
  }
  const bool is_due =
      is_at_limit || headers_.size() >= header_block_bytes || records_ >= header_block_records;
  return is_due && bodies_.empty() ? write_headers() : base::Result<void>();
}

base::Result<void> PackWriter::State::hold_body(std::string_view body) {
  while (!body.empty()) {
    const std::string_view part = body.substr(0, body_block_bytes - bodies_.size());
    bodies_ += part;
    body.remove_prefix(part.size());
    if (bodies_.size() == body_block_bytes) {
      if (auto done = write_bodies(); !done) {
        return done;
      }
    }
  }
  return {};
}

base::Result<void> PackWriter::State::write_bodies() {
  auto done = write_block(BlockKind::bodies, bodies_, 0);
  bodies_.clear();
  return done;
}

base::Result<void> PackWriter::State::write_headers() {
  for (std::uint32_t i = 0; i < records_; ++i) {
    stubs_[stubs_.size() - records_ + i].offset = end_ + i;
  }
  auto done = write_block(BlockKind::headers, headers_, records_);
  headers_.clear();
  records_ = 0;
  return done;
}

base::Result<void> PackWriter::State::write_block(BlockKind kind, std::string_view plain,
                                                  std::uint32_t records) {
  if (plain.empty()) {
    return {};
  }
  std::string octets(block_head_bytes, '\0');
  if (auto done = compress_frame(plain, level_, octets); !done) {
    return done;
  }
  const BlockHead head{kind, static_cast<std::uint32_t>(octets.size() - block_head_bytes),
                       static_cast<std::uint32_t>(plain.size()), records, end_};
  octets.replace(0, block_head_bytes, to_octets(head));
  octets.resize(head.end() - head.place, '\0');
  return write(octets);
}

base::Result<void> PackWriter::State::write(std::string_view octets) {
  end_ += octets.size();
  while (!octets.empty()) {
    const ssize_t written = calls_->write(fd_.get(), octets.data(), octets.size());
    if (written < 0 && errno != EINTR) {
      return base::errno_error(to_remove_, errno);
    }
    octets.remove_prefix(written > 0 ? static_cast<std::size_t>(written) : 0);
  }
  return {};
}

base::Result<std::vector<Stub>> PackWriter::State::finish() {
  totals_.mails = stubs_.size();
  auto done = write_bodies();
  done = done ? write_headers() : done;
  done = done ? write(to_octets(PackEnd{totals_, end_})) : done;
  done = done ? publish() : done;
  return done ? base::Result<std::vector<Stub>>(std::move(stubs_)) : done.error();
}

base::Result<void> PackWriter::State::publish() {
  const std::string finished = path(pack_file_name(id_));
  if (calls_->fsync(fd_.get()) != 0 || calls_->rename(to_remove_.c_str(), finished.c_str()) != 0) {
    return base::errno_error(to_remove_, errno);
  }
  to_remove_ = finished;
  if (auto done = sync_folder(); !done) {
    return done;
  }
  to_remove_.clear();
  return {};
}

base::Result<void> PackWriter::State::sync_folder() {
  const base::Fd fd(calls_->open(packs_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (!fd.is_open() || calls_->fsync(fd.get()) != 0) {
    return base::errno_error(packs_, errno);
  }
  return {};
}

PackWriter::PackWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
PackWriter::PackWriter(PackWriter&&) noexcept = default;
PackWriter::~PackWriter() = default;

base::Result<PackWriter> PackWriter::begin(const std::string& packs, const std::string& id,
                                           int zstd_level, DiskCalls& calls) {
  auto state = std::make_unique<State>(packs, id, zstd_level, calls);
  if (auto done = state->open(); !done) {
    return done.error();
  }
  return PackWriter(std::move(state));
}

base::Result<std::size_t> PackWriter::add(const PackedMail& mail, std::string_view octets) {
  return state_->add(mail, octets);
}

std::size_t PackWriter::mails() const {
  return state_->mails();
}

std::uint64_t PackWriter::size() const {
  return state_->size();
}

base::Result<std::vector<Stub>> PackWriter::finish() {
  return state_->finish();
}

}  // namespace maildir
