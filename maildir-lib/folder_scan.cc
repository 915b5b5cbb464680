// maildir-lib/folder_scan.cc -- what changed in one folder since it was looked at last.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/folder_scan.hh"

#include <algorithm>
#include <unordered_map>

#include "base/text.hh"

#include "maildir-lib/filename.hh"

namespace maildir {

namespace {

constexpr std::size_t max_keywords_bytes = 1U << 20U;
constexpr std::size_t max_early = 4096;
constexpr std::size_t head_bytes = 512;
constexpr std::size_t tail_bytes = 64;

std::uint64_t fnv(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  }
  return hash;
}

std::string text_of(const std::optional<Stamp>& stamp) {
  if (!stamp) {
    return "-;";
  }
  return std::to_string(stamp->device) + " " + std::to_string(stamp->inode) + " " +
         std::to_string(stamp->modified) + " " + std::to_string(stamp->changed) + " " +
         std::to_string(stamp->size) + ";";
}

std::optional<std::vector<std::int64_t>> numbers_in(std::string_view text) {
  std::vector<std::int64_t> numbers;
  for (const std::string_view word : base::split(text, ' ')) {
    const auto number = base::parse_number<std::int64_t>(word);
    if (!number) {
      return std::nullopt;
    }
    numbers.push_back(*number);
  }
  return numbers;
}

std::optional<Stamp> stamp_in(std::string_view text) {
  if (text == "-") {
    return std::nullopt;
  }
  const auto numbers = numbers_in(text);
  if (!numbers || numbers->size() != 5) {
    return distrusted;
  }
  const auto& n = *numbers;
  return Stamp{static_cast<std::uint64_t>(n[0]), static_cast<std::uint64_t>(n[1]), n[2], n[3],
               static_cast<std::uint64_t>(n[4])};
}

const KnownFile* find_known(const std::vector<KnownFile>& known, std::int64_t base) {
  const auto at = std::lower_bound(known.begin(), known.end(), base,
                                   [](const KnownFile& f, std::int64_t b) { return f.base < b; });
  return at == known.end() || at->base != base ? nullptr : &*at;
}

bool may_be_mail(const DirectoryEntry& entry) {
  return (entry.is_file || entry.is_link || entry.is_unknown) && is_message_name(entry.name);
}

// False for a link that leads elsewhere.
bool is_mail(const Directory& place, const std::string& name, const TierRoots& tiers) {
  const auto link = place.read_link(name);
  return !link || !*link || is_mail_link(**link, tiers);
}

// The entries of new/ or cur/; none when it does not exist.
base::Result<std::vector<DirectoryEntry>> entries_of(const Directory& folder, bool in_new) {
  const auto place = folder.open_directory(in_new ? "new" : "cur");
  if (!place) {
    return place.error().code == base::Errc::not_found
               ? base::Result<std::vector<DirectoryEntry>>(std::vector<DirectoryEntry>())
               : place.error();
  }
  return place->list();
}

std::string_view first_line(std::string_view text) {
  return text.substr(0, text.find('\n'));
}

UidlistPlace place_of(const Stamp& stamp, std::string_view head, std::string_view before_end,
                      std::uint64_t end) {
  const std::size_t tail = std::min(before_end.size(), tail_bytes);
  return {stamp.device, stamp.inode, end, short_hash(first_line(head.substr(0, head_bytes))),
          short_hash(before_end.substr(before_end.size() - tail))};
}

// What was appended behind `place`, whole lines; nothing when the file is not the same any more.
std::optional<std::string> appended(int fd, const Stamp& stamp, const UidlistPlace& place) {
  if (stamp.device != place.device || stamp.inode != place.inode || stamp.size < place.end ||
      place.end < tail_bytes) {
    return std::nullopt;
  }
  const auto head = read_part(fd, 0, head_bytes);
  auto text = read_part(fd, place.end - tail_bytes, max_uidlist_bytes);
  if (!head || !text || short_hash(first_line(*head)) != place.head ||
      short_hash(text->substr(0, tail_bytes)) != place.tail) {
    return std::nullopt;
  }
  text->resize(text->rfind('\n') + 1);
  return text->substr(std::min(tail_bytes, text->size()));
}

UidEntry entry_of(std::string_view base, const UidRecord& record) {
  return {record.uid, record.guid == base ? std::string() : std::string(record.guid)};
}

// Enters records into what a scan found.
class UidBook {
 public:
  UidBook(const std::vector<KnownFile>& known, std::map<std::int64_t, UidEntry>& early,
          FolderChanges& out)
      : known_(known), early_(early), out_(out) {
    for (FoundFile& file : out.added) {
      added_.emplace(name_hash(base_name(file.name)), &file);
    }
  }

  void enter(const Uidlist& list, bool is_tail) {
    for (const auto& [base, record] : list.records()) {
      const std::int64_t hash = name_hash(base);
      UidEntry entry = entry_of(base, record);
      if (const auto found = added_.find(hash); found != added_.end()) {
        found->second->entry = std::move(entry);
        found->second->is_recorded = true;
      } else if (const KnownFile* file = find_known(known_, hash)) {
        if (file->uid != entry.uid || file->guid != short_hash(entry.guid)) {
          out_.numbered.push_back({hash, std::move(entry)});
        }
      } else if (is_tail && early_.size() < max_early) {
        early_.insert_or_assign(hash, std::move(entry));
      }
    }
  }

  // Records that came before their files. True when no file is left without one.
  bool take_early() {
    bool all = true;
    for (auto& [hash, file] : added_) {
      if (const auto found = early_.find(hash); !file->is_recorded && found != early_.end()) {
        file->entry = std::move(found->second);
        file->is_recorded = true;
        early_.erase(found);
      }
      all = all && file->is_recorded;
    }
    return all;
  }

 private:
  const std::vector<KnownFile>& known_;
  std::map<std::int64_t, UidEntry>& early_;
  FolderChanges& out_;
  std::unordered_map<std::int64_t, FoundFile*> added_;
};

}  // namespace

std::int64_t name_hash(std::string_view text) {
  return static_cast<std::int64_t>(fnv(text));
}

std::uint32_t short_hash(std::string_view text) {
  const std::uint64_t hash = fnv(text);
  return static_cast<std::uint32_t>(hash ^ hash >> 32U);
}

std::string FolderStamps::text() const {
  return text_of(fresh) + text_of(cur) + text_of(uidlist) + text_of(keywords) +
         std::to_string(place.device) + " " + std::to_string(place.inode) + " " +
         std::to_string(place.end) + " " + std::to_string(place.head) + " " +
         std::to_string(place.tail);
}

FolderStamps FolderStamps::parse(std::string_view text) {
  FolderStamps stamps{distrusted, distrusted, distrusted, distrusted, {}};
  const auto parts = base::split(text, ';');
  if (parts.size() != 5) {
    return stamps;
  }
  stamps.fresh = stamp_in(parts[0]);
  stamps.cur = stamp_in(parts[1]);
  stamps.uidlist = stamp_in(parts[2]);
  stamps.keywords = stamp_in(parts[3]);
  if (const auto n = numbers_in(parts[4]); n && n->size() == 5) {
    const auto at = [&n](std::size_t i) { return static_cast<std::uint64_t>((*n)[i]); };
    stamps.place = {at(0), at(1), at(2), static_cast<std::uint32_t>(at(3)),
                    static_cast<std::uint32_t>(at(4))};
  }
  return stamps;
}

FolderStamps FolderStamps::of(const Directory& folder) {
  return {folder.stamp("new"),
          folder.stamp("cur"),
          folder.stamp("dovecot-uidlist"),
          folder.stamp("dovecot-keywords"),
          {}};
}

bool FolderStamps::looks_like(const FolderStamps& other) const {
  return fresh == other.fresh && cur == other.cur && uidlist == other.uidlist &&
         keywords == other.keywords;
}

bool FolderStamps::is_trusted() const {
  return fresh != distrusted && cur != distrusted && uidlist != distrusted &&
         keywords != distrusted;
}

bool FolderScan::has_changed(const Directory& folder) {
  found_ = FolderStamps::of(folder);
  found_.place = before_.place;
  reads_new_ = found_.fresh != before_.fresh;
  reads_cur_ = found_.cur != before_.cur;
  return !found_.looks_like(before_);
}

base::Result<FolderChanges> FolderScan::read(const Directory& folder,
                                             const std::vector<KnownFile>& known,
                                             std::map<std::int64_t, UidEntry>& early) {
  FolderChanges out;
  out.seen = found_;
  if (const auto found = find_files(folder, known, out); !found) {
    return found.error();
  }
  stat_added(folder, out);
  if (found_.uidlist != before_.uidlist || !out.added.empty()) {
    if (const auto read = read_uidlist(folder, known, early, out); !read) {
      return read.error();
    }
  }
  if (found_.keywords != before_.keywords) {
    const auto text = folder.read_file("dovecot-keywords", max_keywords_bytes);
    out.keywords = text ? parse_keywords(*text) : Keywords();
  }
  distrust_young();
  out.stamps = found_;
  return out;
}

base::Result<void> FolderScan::find_files(const Directory& folder,
                                          const std::vector<KnownFile>& known, FolderChanges& out) {
  std::vector<bool> met(known.size(), false);
  for (const bool in_new : {true, false}) {
    const bool is_read = in_new ? reads_new_ : reads_cur_;
    if (auto listed = is_read ? list(folder, in_new, known, met, out) : base::Result<void>();
        !listed) {
      return listed;
    }
    for (std::size_t i = 0; i < known.size() && !is_read; ++i) {
      met[i] = met[i] || known[i].in_new == in_new;
    }
  }
  if (std::find(met.begin(), met.end(), false) != met.end()) {
    if (auto listed = list_again(folder, known, met, out); !listed) {
      return listed;
    }
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (!met[i]) {
      out.removed.push_back(known[i].base);
    }
  }
  return {};
}

base::Result<void> FolderScan::list(const Directory& folder, bool in_new,
                                    const std::vector<KnownFile>& known, std::vector<bool>& met,
                                    FolderChanges& out) {
  auto entries = entries_of(folder, in_new);
  if (!entries) {
    return entries.error();
  }
  std::unordered_map<std::int64_t, std::size_t> added;
  for (std::size_t i = 0; i < out.added.size(); ++i) {
    added.emplace(name_hash(base_name(out.added[i].name)), i);
  }
  for (DirectoryEntry& entry : *entries) {
    if (!may_be_mail(entry)) {
      continue;
    }
    const std::string_view base = base_name(entry.name);
    const std::int64_t hash = name_hash(base);
    if (const KnownFile* file = find_known(known, hash)) {
      met[static_cast<std::size_t>(file - known.data())] = true;
      if (file->in_new != in_new || file->info != short_hash(entry.name.substr(base.size()))) {
        out.renamed.push_back({std::move(entry.name), in_new, {}, {}, false, false});
      }
      continue;
    }
    const auto [at, is_first] = added.emplace(hash, out.added.size());
    FoundFile file{std::move(entry.name), in_new, {}, {}, false, !entry.is_file};
    if (is_first) {
      out.added.push_back(std::move(file));
    } else {
      out.added[at->second] = std::move(file);  // moved while we looked: here is where it is now
    }
  }
  return {};
}

// Names that were not met, while the folder changes under our eyes.
base::Result<void> FolderScan::list_again(const Directory& folder,
                                          const std::vector<KnownFile>& known,
                                          std::vector<bool>& met, FolderChanges& out) {
  const bool is_still = folder.stamp("new") == found_.fresh && folder.stamp("cur") == found_.cur &&
                        (!found_.fresh || !found_.fresh->is_racy(now_)) &&
                        (!found_.cur || !found_.cur->is_racy(now_));
  if (is_still) {
    return {};
  }
  for (const bool in_new : {true, false}) {
    auto entries = entries_of(folder, in_new);
    if (!entries) {
      return entries.error();
    }
    for (DirectoryEntry& entry : *entries) {
      const KnownFile* file =
          may_be_mail(entry) ? find_known(known, name_hash(base_name(entry.name))) : nullptr;
      if (file != nullptr && !met[static_cast<std::size_t>(file - known.data())]) {
        met[static_cast<std::size_t>(file - known.data())] = true;
        out.renamed.push_back({std::move(entry.name), in_new, {}, {}, false, false});
      }
    }
  }
  return {};
}

// A file that is gone again is left out; the stamps tell next time.
void FolderScan::stat_added(const Directory& folder, FolderChanges& out) {
  if (out.added.empty()) {
    return;
  }
  const auto fresh = folder.open_directory("new");
  const auto cur = folder.open_directory("cur");
  std::erase_if(out.added, [&](FoundFile& file) {
    const auto& place = file.in_new ? fresh : cur;
    if (place && file.may_be_link && !is_mail(*place, file.name, tiers_)) {
      return true;
    }
    const auto stamp = place ? place->stamp(file.name) : std::nullopt;
    if (stamp) {
      file.stamp = *stamp;
    } else {
      (file.in_new ? found_.fresh : found_.cur) = distrusted;
    }
    return !stamp;
  });
}

base::Result<void> FolderScan::read_uidlist(const Directory& folder,
                                            const std::vector<KnownFile>& known,
                                            std::map<std::int64_t, UidEntry>& early,
                                            FolderChanges& out) {
  const auto file = folder.open_file("dovecot-uidlist");
  if (!file) {
    out.guid =
        file.error().code == base::Errc::not_found ? std::optional(std::string()) : std::nullopt;
    found_.place = {};
    return {};
  }
  const Stamp stamp = stamp_of(file->get());
  UidBook book(known, early, out);
  if (auto tail = appended(file->get(), stamp, before_.place)) {
    const std::uint64_t end = before_.place.end + tail->size();
    if (!tail->empty()) {
      const auto head = read_part(file->get(), 0, head_bytes);
      const auto last = read_part(file->get(), end - tail_bytes, tail_bytes);
      found_.place = place_of(stamp, head.value_or(""), last.value_or(""), end);
    }
    book.enter(Uidlist::parse_records(std::move(*tail)), true);
    if (book.take_early()) {
      return {};
    }
  }
  auto text = read_all(file->get(), max_uidlist_bytes);
  if (!text) {
    return text.error();
  }
  const std::uint64_t end = text->rfind('\n') + 1;
  found_.place = place_of(stamp, *text, std::string_view(*text).substr(0, end), end);
  const auto list = Uidlist::parse(std::move(*text));
  out.guid = list ? list->folder_guid() : "";
  if (list) {
    book.enter(*list, false);
  }
  return {};
}

void FolderScan::distrust_young() {
  for (auto* stamp : {&found_.fresh, &found_.cur, &found_.uidlist, &found_.keywords}) {
    if (*stamp && (*stamp)->is_racy(now_)) {
      *stamp = distrusted;
    }
  }
}

std::string folder_guid(const Directory& folder) {
  const auto file = folder.open_file("dovecot-uidlist");
  auto text = file ? read_start(file->get(), head_bytes) : base::Result<std::string>(file.error());
  if (!text) {
    return "";
  }
  text->resize(std::min(text->find('\n'), text->size()));
  const auto list = Uidlist::parse(*text + "\n");
  return list ? list->folder_guid() : "";
}

}  // namespace maildir
