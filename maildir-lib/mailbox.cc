// maildir-lib/mailbox.cc -- the mails of one folder, listed again only when something changed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/mailbox.hh"

#include <algorithm>
#include <span>

#include "maildir-lib/zstd.hh"

namespace maildir {

namespace {

constexpr std::size_t max_keywords_bytes = 1U << 20U;
constexpr std::size_t zstd_room = 1U << 14U;  // more than frames add to what cannot be compressed
constexpr int searches = 3;                   // for a name whose flags are changed while we look

// FNV-1a: stable between processes and machines.
std::uint64_t hash_of(std::string_view text, std::uint64_t seed = 0xCBF29CE484222325U) {
  for (const char c : text) {
    seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return seed;
}

bool is_newer(const Mail& a, const Mail& b) {
  return a.received != b.received ? a.received > b.received : a.guid > b.guid;
}

// The name a mail has now, in `which` of the folder.
std::optional<std::string> find_name(const Directory& folder, std::string_view base) {
  const auto entries = folder.list();
  if (!entries) {
    return std::nullopt;
  }
  const auto found = std::find_if(entries->begin(), entries->end(), [base](const auto& entry) {
    return base_name(entry.name) == base;
  });
  return found == entries->end() ? std::nullopt : std::optional(found->name);
}

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

}  // namespace

bool Mailbox::Stamps::is_racy(base::WallTime now) const {
  const auto racy = [now](const std::optional<Stamp>& stamp) {
    return stamp && stamp->is_racy(now);
  };
  return racy(fresh) || racy(cur) || racy(uidlist) || racy(keywords);
}

base::Result<Directory> Mailbox::open_folder() const {
  return folder_.is_inbox() ? maildir_.again() : maildir_.open_directory(folder_.disk_name);
}

Mailbox::Stamps Mailbox::stamps_of(const Directory& folder) {
  return {folder.stamp("new"), folder.stamp("cur"), folder.stamp("dovecot-uidlist"),
          folder.stamp("dovecot-keywords")};
}

base::Result<bool> Mailbox::refresh(base::WallTime now) {
  auto opened = open_folder();
  if (!opened) {
    return opened.error();
  }
  const Directory& folder = *opened;
  const Stamps before = stamps_of(folder);
  if (trusted_ && before == stamps_) {
    return false;
  }
  std::unordered_map<std::string, Mail> known;
  known.reserve(mails_.size());
  for (Mail& mail : mails_) {
    known.emplace(mail.base(), std::move(mail));
  }
  mails_.clear();
  trusted_ = false;
  std::vector<Mail> mails;
  mails.reserve(known.size() + 16);
  for (const char* which : {"new", "cur"}) {
    if (const auto listed = list(folder, which, known, mails); !listed) {
      return listed.error();
    }
  }
  apply_uidlist(folder, mails);
  const auto keywords = folder.read_file("dovecot-keywords", max_keywords_bytes);
  keywords_ = keywords ? parse_keywords(*keywords) : Keywords();
  std::sort(mails.begin(), mails.end(), is_newer);
  mails_ = std::move(mails);
  std::uint64_t digest = hash_of(keywords ? *keywords : "", hash_of(guid_));
  for (const Mail& mail : mails_) {
    digest = hash_of(mail.guid, hash_of(mail.name, digest));
  }
  const bool changed = digest != digest_;
  digest_ = digest;
  stamps_ = before;
  trusted_ = !before.is_racy(now);
  return changed;
}

std::optional<Mail> Mailbox::first_look(const Directory& folder, const std::string& name) {
  const auto stamp = folder.stamp(name);
  if (!stamp) {
    return std::nullopt;
  }
  Mail mail;
  mail.received = stamp->modified / 1'000'000'000 - (stamp->modified % 1'000'000'000 < 0 ? 1 : 0);
  mail.size = parse_file_name(name).size.value_or(stamp->size);
  return mail;
}

base::Result<void> Mailbox::list(const Directory& folder, const char* which,
                                 std::unordered_map<std::string, Mail>& known,
                                 std::vector<Mail>& mails) {
  const auto place = folder.open_directory(which);
  if (!place) {
    return place.error().code == base::Errc::not_found ? base::Result<void>() : place.error();
  }
  auto entries = place->list();
  if (!entries) {
    return entries.error();
  }
  for (DirectoryEntry& entry : *entries) {
    if ((!entry.is_file && !entry.is_unknown) || !is_message_name(entry.name)) {
      continue;
    }
    const FileName parsed = parse_file_name(entry.name);
    std::optional<Mail> mail;
    if (const auto found = known.find(std::string(parsed.base)); found != known.end()) {
      mail = std::move(found->second);
      known.erase(found);
    } else {
      mail = first_look(*place, entry.name);
    }
    if (mail) {
      mail->flags = parsed.flags;
      mail->in_new = which[0] == 'n';
      mail->name = std::move(entry.name);
      mails.push_back(std::move(*mail));
    }
  }
  return {};
}

void Mailbox::apply_uidlist(const Directory& folder, std::vector<Mail>& mails) {
  // Dovecot renames a whole new file into place or appends: one read sees one state of it.
  auto text = folder.read_file("dovecot-uidlist", max_uidlist_bytes);
  const auto uidlist =
      text ? Uidlist::parse(std::move(*text)) : base::Result<Uidlist>(text.error());
  guid_ = uidlist ? uidlist->folder_guid() : "";
  for (Mail& mail : mails) {
    const UidRecord* record = uidlist ? uidlist->find(mail.base()) : nullptr;
    const std::string_view guid =
        record != nullptr && !record->guid.empty() ? record->guid : mail.base();
    if (mail.guid != guid) {
      mail.guid = guid;
    }
  }
}

base::Result<base::Fd> Mailbox::open(const Mail& mail) const {
  const auto folder = open_folder();
  if (!folder) {
    return folder.error();
  }
  for (int i = 0; i < searches; ++i) {
    for (const char* which : {mail.in_new ? "new" : "cur", mail.in_new ? "cur" : "new"}) {
      const auto place = folder->open_directory(which);
      if (!place) {
        continue;
      }
      // The first time by the name it had; then by the one it has now.
      const auto name = i == 0 ? std::optional(mail.name) : find_name(*place, mail.base());
      auto file =
          name ? place->open_file(*name) : base::make_error(base::Errc::not_found, mail.name);
      if (file || file.error().code != base::Errc::not_found) {
        return file;
      }
    }
  }
  return base::make_error(base::Errc::not_found, "no mail " + mail.name);
}

base::Result<std::string> Mailbox::read(const Mail& mail) const {
  const auto file = open(mail);
  return file ? read_mail(file->get()) : base::Result<std::string>(file.error());
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
