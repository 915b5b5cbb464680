// maildir-lib/compress.cc -- mail that was stored as it is becomes zstd, in place.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/message.hh"
#include "maildir-lib/upkeep.hh"
#include "maildir-lib/zstd.hh"

namespace maildir {

namespace {

constexpr std::uint64_t disk_block = 4096;  // of most file systems

std::uint64_t blocks_of(std::uint64_t size) {
  return (size + disk_block - 1) / disk_block;
}

}  // namespace

base::Result<std::optional<std::string>> shrink(std::string_view mail, int level) {
  std::string out;
  FrameWriter frames(level);
  if (auto written = frames.write(mail, out); !written) {
    return written.error();
  }
  if (auto ended = frames.finish(out); !ended) {
    return ended.error();
  }
  if (blocks_of(out.size()) >= blocks_of(mail.size())) {
    return std::optional<std::string>();
  }
  // Cheap beside the disk, and what it replaces is the only copy.
  const auto back = unzstd(out, max_mail_bytes);
  if (!back || *back != mail) {
    return base::make_error(base::Errc::internal, "zstd does not give it back");
  }
  return std::optional(std::move(out));
}

base::Result<UpkeepCounts> compress_account(const std::string& maildir, const Upkeep& how,
                                            int level, Watcher& watcher) {
  auto opened = open_for_upkeep(maildir, how);
  if (!opened) {
    return opened.error();
  }
  AccountFiles& account = opened->account;
  UpkeepCounts counts;
  const auto choices = choose(
      account, how,
      [](const AccountFiles& all, const MailFile& file) {
        return !file.is_link && file.stamp.size > disk_block &&
               storage_of(all, file) == Storage::plain;
      },
      counts);
  const auto make = [&](MailFile& file) -> base::Result<std::optional<Substitute>> {
    const auto mail = read_sized(account, file);
    if (!mail) {
      return mail.error();
    }
    // A plain mail that begins like a compressed one would be read as what is inside.
    if (mail->size() != file.stamp.size || is_compressed(*mail)) {
      return std::optional<Substitute>();
    }
    auto small = shrink(*mail, level);
    if (!small) {
      return small.error();
    }
    return *small ? std::optional(Substitute{std::move(**small), false}) : std::nullopt;
  };
  if (auto done = replace_all(account, choices, how, make, watcher, counts); !done) {
    return done.error();
  }
  return counts;
}

}  // namespace maildir
