// maildir-lib/message.cc -- the octets of a message, whatever form its file has.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/message.hh"

#include <algorithm>
#include <span>
#include <utility>

#include "base/text.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/zstd.hh"

namespace maildir {

namespace {

constexpr std::size_t zstd_room = 1U << 14U;  // more than frames add to what cannot be compressed
constexpr std::size_t magic_bytes = 4;
constexpr int attempts = 3;  // for a message that is moved while we look
constexpr std::int64_t second = 1'000'000'000;

// The first `limit` octets of a mail, from the start of its file.
base::Result<std::string> unzstd_start(std::string_view bytes, std::size_t limit, bool is_all) {
  FrameReader frames;
  std::string out;
  std::vector<char> room(std::min(limit, zstd_room));
  while (out.size() < limit) {
    const auto step =
        frames.read(bytes, std::span(room).first(std::min(room.size(), limit - out.size())));
    if (!step) {
      return step.error();
    }
    out.append(room.data(), step->made);
    bytes.remove_prefix(step->taken);
    if (step->made == 0 && (bytes.empty() || step->taken == 0)) {
      break;
    }
  }
  if (is_all && out.size() < limit && !frames.at_frame_end()) {
    return base::make_error(base::Errc::corrupt, "a compressed mail without its end");
  }
  return out;
}

// What a link's text says behind the tier root it is below.
std::optional<std::pair<std::string, std::string_view>> below_tier(std::string_view link,
                                                                   const TierRoots& tiers) {
  for (const std::string& root : tiers) {
    const std::string start = root + (root.ends_with('/') ? "" : "/");
    if (root.starts_with('/') && link.starts_with(start) && link.size() > start.size()) {
      return std::pair(root, link.substr(start.size()));
    }
  }
  return std::nullopt;
}

base::Result<base::Fd> open_below(const std::string& root, std::string_view path) {
  auto folder = Directory::open(root);
  const auto parts = base::split(path, '/');
  for (std::size_t i = 0; folder && i + 1 < parts.size(); ++i) {
    folder = folder->open_directory(std::string(parts[i]));
  }
  return folder ? folder->open_file(std::string(parts.back())) : folder.error();
}

}  // namespace

bool is_mail_link(const std::string& link_target, const TierRoots& tiers) {
  return parse_stub(link_target) || below_tier(link_target, tiers);
}

// Nothing when what the link names is missing.
base::Result<std::optional<Message>> Message::follow(const Directory& maildir,
                                                     const std::string& link,
                                                     const TierRoots& tiers, Packs* packs) {
  Message message;
  base::Result<void> done;
  if (auto stub = parse_stub(link)) {
    if (packs == nullptr) {
      auto root = maildir.again();
      if (!root) {
        return root.error();
      }
      message.own_ = std::make_unique<Packs>(std::move(*root));
    }
    message.packs_ = packs != nullptr ? packs : message.own_.get();
    message.stub_ = std::move(*stub);
    message.size_ = message.stub_.length;
    const auto reader = message.packs_->reader(message.stub_.pack);
    done = reader ? done : reader.error();
  } else if (const auto place = below_tier(link, tiers)) {
    auto file = open_below(place->first, place->second);
    if (file) {
      message.size_ = stamp_of(file->get()).size;
      message.file_ = std::move(*file);
    } else {
      done = file.error();
    }
  } else {
    done = base::make_error(base::Errc::denied, "a link that leads elsewhere: " + link);
  }
  if (!done && done.error().code != base::Errc::not_found) {
    return done.error();
  }
  return done ? std::optional(std::move(message)) : std::nullopt;
}

// What the name stands for; nothing when its link leads nowhere, whose text is then in `missing`.
base::Result<std::optional<Message>> Message::look(const Directory& maildir, const Directory& place,
                                                   const std::string& name, const TierRoots& tiers,
                                                   Packs* packs, std::string& missing) {
  auto file = place.open_file(name);
  if (file) {
    Message message;
    message.size_ = stamp_of(file->get()).size;
    message.file_ = std::move(*file);
    return std::optional(std::move(message));
  }
  if (file.error().code != base::Errc::denied) {
    return file.error();
  }
  auto link = place.read_link(name);
  if (!link || !*link) {
    return link ? file.error() : link.error();
  }
  missing = std::move(**link);
  return follow(maildir, missing, tiers, packs);
}

base::Result<Message> Message::open(const Directory& maildir, const Directory& place,
                                    const std::string& name, const TierRoots& tiers, Packs* packs) {
  std::string missing;
  for (int i = 0; i < attempts; ++i) {
    std::string link;
    auto found = look(maildir, place, name, tiers, packs, link);
    if (!found) {
      return found.error();
    }
    const auto stamp = place.stamp(name);
    if (*found && stamp) {
      Message& message = **found;
      message.received_ = stamp->modified / second - (stamp->modified % second < 0 ? 1 : 0);
      message.size_ = parse_file_name(name).size.value_or(message.size_);
      return std::move(message);
    }
    if (!*found && missing == link) {
      break;
    }
    missing = link;  // a rewrite may have moved the mail: the link is read again
  }
  return missing.empty()
             ? base::make_error(base::Errc::not_found, "no mail " + name)
             : base::make_error(base::Errc::unavailable, name + ": " + missing + " is missing",
                                "is a tier not mounted, or a pack lost?");
}

base::Result<std::string> Message::read() {
  return packs_ != nullptr ? packs_->read(stub_) : read_mail(file_.get());
}

base::Result<std::string> Message::read_start(std::size_t limit) {
  if (packs_ == nullptr) {
    return read_mail_start(file_.get(), limit);
  }
  std::string octets;
  while (octets.size() < limit) {
    const auto piece = packs_->piece(stub_, octets.size());
    if (!piece) {
      return piece.error();
    }
    if (piece->empty()) {
      break;
    }
    octets += piece->substr(0, limit - octets.size());
  }
  return octets;
}

std::optional<base::Fd> Message::take_plain_file() {
  if (packs_ != nullptr) {
    return std::nullopt;
  }
  const auto start = maildir::read_start(file_.get(), magic_bytes);
  return start && !is_zstd(*start) ? std::optional(std::move(file_)) : std::nullopt;
}

base::Result<std::string> read_mail(int fd) {
  auto bytes = read_all(fd, max_mail_bytes);
  return bytes && is_zstd(*bytes) ? unzstd(*bytes, max_mail_bytes) : std::move(bytes);
}

base::Result<std::string> read_mail_start(int fd, std::size_t limit) {
  auto bytes = read_start(fd, limit + zstd_room);
  if (bytes && is_zstd(*bytes)) {
    return unzstd_start(*bytes, limit, bytes->size() < limit + zstd_room);
  }
  if (bytes) {
    bytes->resize(std::min(bytes->size(), limit));
  }
  return bytes;
}

}  // namespace maildir
