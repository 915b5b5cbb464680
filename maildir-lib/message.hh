// maildir-lib/message.hh -- the octets of a message, whatever form its file has.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// In new/ and cur/ a message is a regular file, plain or zstd frames, or a symbolic link: one to
// its place in a pack of this Maildir, or one to a regular file below a tier root. The text of a
// link is read and taken apart; no link is ever followed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/handle.hh"
#include "base/result.hh"

#include "maildir-lib/beneath.hh"
#include "maildir-lib/pack.hh"

namespace maildir {

inline constexpr std::size_t max_mail_bytes = 192U << 20U;  // what is read into memory of one mail

// The folders that old mail may have been moved to: absolute paths.
using TierRoots = std::vector<std::string>;

// True for the links that stand for mail.
bool is_mail_link(const std::string& link_target, const TierRoots& tiers);

// One message, open for reading.
class Message {
 public:
  // The name in `place`, which is new/ or cur/ of a folder. not_found: there is no such name.
  // unavailable: its pack or tier is missing. denied: it is no message. `packs`, which outlives
  // this, spares whoever reads many the opening of packs.
  static base::Result<Message> open(const Directory& maildir, const Directory& place,
                                    const std::string& name, const TierRoots& tiers = {},
                                    Packs* packs = nullptr);

  // Its octets, uncompressed; over_quota beyond max_mail_bytes, corrupt.
  base::Result<std::string> read();
  // The first `limit` of them.
  base::Result<std::string> read_start(std::size_t limit);

  std::int64_t received() const { return received_; }  // seconds: the mtime of its name
  std::uint64_t size() const { return size_; }         // as its name says, else the file's

  // The file, when it holds the message as it is; nothing for any other.
  std::optional<base::Fd> take_plain_file();

 private:
  Message() = default;
  static base::Result<std::optional<Message>> look(const Directory& maildir, const Directory& place,
                                                   const std::string& name, const TierRoots& tiers,
                                                   Packs* packs, std::string& missing);
  static base::Result<std::optional<Message>> follow(const Directory& maildir,
                                                     const std::string& link,
                                                     const TierRoots& tiers, Packs* packs);

  base::Fd file_;  // closed: it is packed
  std::unique_ptr<Packs> own_;
  Packs* packs_ = nullptr;
  Stub stub_;
  std::int64_t received_ = 0;
  std::uint64_t size_ = 0;
};

// The octets of an open mail file, uncompressed; over_quota beyond max_mail_bytes.
base::Result<std::string> read_mail(int fd);
// The first `limit` of them.
base::Result<std::string> read_mail_start(int fd, std::size_t limit);

}  // namespace maildir
