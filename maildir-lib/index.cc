// maildir-lib/index.cc -- opening an index, and bringing it up to date.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/index.hh"

#include <algorithm>

#include "base/text.hh"

namespace maildir {

namespace {

constexpr int scans = 4;                    // of a Maildir in which mail is being moved
constexpr std::int64_t max_gone = 100'000;  // destroyed things that are remembered

base::Result<std::int64_t> number_of(IndexDb& db, std::string_view sql) {
  auto row = db.prepare(sql);
  if (!row) {
    return row.error();
  }
  const auto found = row->step();
  if (!found) {
    return found.error();
  }
  return *found ? row->number(0) : 0;
}

Keywords keywords_in(std::string_view text) {
  Keywords keywords;
  const auto names = base::split(text, '\n');
  for (std::size_t i = 0; i < std::min(names.size(), keywords.size()); ++i) {
    keywords.at(i) = names[i];
  }
  return keywords;
}

base::Result<std::int64_t> meta_number(IndexDb& db, std::string_view name) {
  const auto text = db.meta(name);
  if (!text) {
    return text.error();
  }
  return base::parse_number<std::int64_t>(*text).value_or(0);
}

}  // namespace

base::Result<std::unique_ptr<Index>> Index::open(const IndexOptions& options) {
  auto db = IndexDb::open(options.file);
  if (!db) {
    return db.error();
  }
  return std::unique_ptr<Index>(new Index(options, std::move(*db)));
}

base::Result<void> Index::refresh(base::WallTime now) {
  auto done = try_refresh(now);
  if (!done) {
    is_loaded_ = false;  // what is remembered may be ahead of the file
  }
  return done;
}

base::Result<void> Index::try_refresh(base::WallTime now) {
  if (!is_loaded_) {
    if (auto loaded = load(); !loaded) {
      return loaded;
    }
  }
  const auto root = Directory::open(options_.maildir);
  if (!root) {
    return root.error();
  }
  if (auto done = refresh_folders(*root, now); !done) {
    return done.error();
  }
  for (int i = 0; i < scans; ++i) {
    auto scanned = scan(*root, now);
    if (!scanned) {
      return scanned.error();
    }
    if (scanned->empty()) {
      return {};
    }
    if (i + 1 < scans && !is_still(*root, *scanned)) {
      continue;
    }
    auto change = IndexChange::begin(*db_);
    if (!change) {
      return change.error();
    }
    if (auto done = apply(*scanned, now); !done) {
      return done;
    }
    return change->commit();
  }
  return {};
}

base::Result<void> Index::load() {
  auto change = IndexChange::begin(*db_);
  if (!change) {
    return change.error();
  }
  if (auto done = ids_.catch_up(); !done) {
    return done;
  }
  const auto epoch = db_->meta("epoch");
  const auto modseq = meta_number(*db_, "modseq");
  const auto email_state = meta_number(*db_, "email_state");
  const auto folder_state = meta_number(*db_, "folder_state");
  const auto emails = number_of(*db_, "SELECT COUNT(*) FROM email");
  const auto unthreaded = number_of(*db_, "SELECT COUNT(*) FROM email WHERE threaded = 0");
  for (const auto* found : {&modseq, &email_state, &folder_state, &emails, &unthreaded}) {
    if (!*found) {
      return found->error();
    }
  }
  if (!epoch) {
    return epoch.error();
  }
  epoch_ = *epoch;
  modseq_ = *modseq;
  email_state_ = *email_state;
  folder_state_ = *folder_state;
  emails_ = *emails;
  unthreaded_ = *unthreaded;
  root_stamp_.reset();
  all_.reset();
  if (auto done = shorten_log(); !done) {
    return done;
  }
  if (auto done = load_folders(); !done) {
    return done;
  }
  is_loaded_ = true;
  return change->commit();
}

// Forgets the oldest of what is gone, and that states before it can be told from.
base::Result<void> Index::shorten_log() {
  const auto count = number_of(*db_, "SELECT COUNT(*) FROM gone");
  if (!count || *count <= max_gone) {
    return count ? base::Result<void>() : count.error();
  }
  auto row = db_->prepare("SELECT modseq FROM gone ORDER BY modseq DESC LIMIT 1 OFFSET ?1");
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, max_gone / 2).step();
  if (!found || !*found) {
    return found ? base::Result<void>() : found.error();
  }
  const std::int64_t floor = row->number(0);
  auto cut = db_->prepare("DELETE FROM gone WHERE modseq <= ?1");
  if (!cut) {
    return cut.error();
  }
  if (auto done = cut->bind(1, floor).run(); !done) {
    return done;
  }
  return db_->set_meta("floor", std::to_string(floor));
}

base::Result<void> Index::load_folders() {
  auto row = db_->prepare(
      "SELECT number, disk_name, inode, guid, keywords, scan, subscribed, total, unread, threads,"
      " unread_threads FROM folder ORDER BY disk_name");
  if (!row) {
    return row.error();
  }
  folders_.clear();
  work_.clear();
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    IndexedFolder& folder = folders_.emplace_back();
    folder.number = row->number(0);
    folder.folder = folder_of(row->text(1));
    folder.guid = row->text(3);
    folder.keywords = keywords_in(row->text(4));
    folder.is_subscribed = row->number(6) != 0;
    folder.counts = {row->number(7), row->number(8), row->number(9), row->number(10)};
    FolderWork& work = work_.emplace_back();
    work.inode = static_cast<std::uint64_t>(row->number(2));
    work.stamps = FolderStamps::parse(row->text(5));
    work.saved = folder.counts;
  }
  return {};
}

base::Result<void> Index::load_known(std::size_t folder) {
  auto row = db_->prepare(
      "SELECT base_hash, info, uid, guid, in_new FROM file WHERE folder = ?1 ORDER BY base_hash");
  if (!row) {
    return row.error();
  }
  row->bind(1, folders_[folder].number);
  std::vector<KnownFile> known;
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    known.push_back({row->number(0), short_hash(row->text(1)),
                     static_cast<std::uint32_t>(row->number(2)), short_hash(row->text(3)),
                     row->number(4) != 0});
  }
  work_[folder].known = std::move(known);
  return {};
}

base::Result<Directory> Index::open_folder(const Directory& root, std::size_t folder) const {
  const Folder& of = folders_[folder].folder;
  return of.is_inbox() ? root.again() : root.open_directory(of.disk_name);
}

base::Result<std::vector<Index::Scanned>> Index::scan(const Directory& root, base::WallTime now) {
  std::vector<Scanned> scanned;
  for (std::size_t i = 0; i < folders_.size(); ++i) {
    const auto folder = open_folder(root, i);
    if (!folder) {
      root_stamp_.reset();  // gone meanwhile: the list of folders tells next time
      continue;
    }
    FolderWork& work = work_[i];
    FolderScan scan(work.stamps, now, options_.tiers);
    if (!scan.has_changed(*folder)) {
      continue;
    }
    if (!work.known) {
      if (auto loaded = load_known(i); !loaded) {
        return loaded.error();
      }
    }
    auto changes = scan.read(*folder, *work.known, work.early);
    if (!changes) {
      return changes.error();
    }
    scanned.push_back({i, std::move(*changes)});
  }
  return scanned;
}

// Whether nothing moved from folder to folder while they were read one after the other. It matters
// only where a file is gone: it might be in a folder that was read before it came there.
bool Index::is_still(const Directory& root, const std::vector<Scanned>& scanned) const {
  const bool is_any_gone = std::any_of(scanned.begin(), scanned.end(), [](const Scanned& one) {
    return !one.changes.removed.empty();
  });
  if (!is_any_gone) {
    return true;
  }
  for (std::size_t i = 0; i < folders_.size(); ++i) {
    const auto found = std::find_if(scanned.begin(), scanned.end(),
                                    [i](const Scanned& one) { return one.folder == i; });
    const FolderStamps& seen = found == scanned.end() ? work_[i].stamps : found->changes.seen;
    const auto folder = open_folder(root, i);
    if (!folder || !FolderStamps::of(*folder).looks_like(seen)) {
      return false;
    }
  }
  return true;
}

base::Result<void> Index::save_states() {
  for (const auto& [name, value] :
       {std::pair("modseq", modseq_), std::pair("email_state", email_state_),
        std::pair("folder_state", folder_state_)}) {
    if (auto done = db_->set_meta(name, std::to_string(value)); !done) {
      return done;
    }
  }
  return {};
}

const IndexedFolder* Index::find_folder(std::int64_t number) const {
  const auto found = std::find_if(folders_.begin(), folders_.end(),
                                  [number](const auto& f) { return f.number == number; });
  return found == folders_.end() ? nullptr : &*found;
}

}  // namespace maildir
