// maildir-lib/index_apply.cc -- what a scan found, taken over into the index.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <tuple>

#include "base/text.hh"

#include "maildir-lib/index.hh"

namespace maildir {

namespace {

// Dovecot moves a file into a folder a moment before it appends its record. Until then the file's
// GUID is not known; one that no record ever names was put there by somebody else.
constexpr std::chrono::seconds record_wait{2};
constexpr std::size_t max_finished_at_once = 50;  // new Emails whose contents are read at once

std::string keywords_text(const Keywords& keywords) {
  return base::join(keywords, "\n");
}

std::vector<IdKey> keys_of(std::string_view base, const std::string& guid) {
  std::vector<IdKey> keys;
  if (!guid.empty()) {
    keys.push_back(email_key(guid));
  }
  const IdKey own = email_key(base);
  if (keys.empty() || keys.front() != own) {
    keys.push_back(own);
  }
  return keys;
}

KnownFile* find_known(std::vector<KnownFile>& known, std::int64_t base) {
  const auto at = std::lower_bound(known.begin(), known.end(), base,
                                   [](const KnownFile& f, std::int64_t b) { return f.base < b; });
  return at == known.end() || at->base != base ? nullptr : &*at;
}

bool is_by_base(const KnownFile& a, const KnownFile& b) {
  return a.base < b.base;
}

}  // namespace

base::Result<void> Index::apply(std::vector<Scanned>& scanned, base::WallTime now) {
  Touched touched;
  fresh_.clear();
  const bool was_complete = is_complete();
  for (const Scanned& one : scanned) {
    for (auto done : {learn_guid(one.folder, one.changes.guid.value_or(""), now),
                      apply_keywords(one, touched)}) {
      if (!done) {
        return done;
      }
    }
  }
  if (auto done = add_files(scanned, now, touched); !done) {
    return done;
  }
  for (const Scanned& one : scanned) {
    if (auto done = change_files(one, now, touched); !done) {
      return done;
    }
  }
  for (const auto& [email, touch] : touched) {
    if (auto done = settle(email, touch); !done) {
      return done;
    }
  }
  for (const Scanned& one : scanned) {
    if (auto done = save_scan(one); !done) {
      return done;
    }
  }
  if (was_complete && fresh_.size() <= max_finished_at_once) {
    if (auto done = finish_new(); !done) {
      return done;
    }
  }
  auto done = save_counts();
  return done ? save_states() : done;
}

// Leaves out files whose GUID may still come; the folder is read again then.
base::Result<void> Index::hold_back(Scanned& scanned, base::WallTime now) {
  FolderChanges& changes = scanned.changes;
  if (!changes.seen.uidlist) {
    return {};
  }
  base::Result<void> done;
  std::erase_if(changes.added, [&](const FoundFile& file) {
    const auto age = now.time_since_epoch() - std::chrono::nanoseconds(file.stamp.changed);
    if (file.is_recorded || age >= record_wait) {
      return false;
    }
    const auto known = ids_.find(email_key(base_name(file.name)));
    if (!known) {
      done = known.error();
    }
    if (!known || *known) {
      return false;
    }
    (file.in_new ? changes.stamps.fresh : changes.stamps.cur) = distrusted;
    return true;
  });
  return done;
}

// One batch of numbers for all folders, so one fsync; in the order of arrival, which lists use
// among mails of one second.
base::Result<void> Index::add_files(std::vector<Scanned>& scanned, base::WallTime now,
                                    Touched& touched) {
  std::vector<std::pair<const FoundFile*, std::size_t>> added;
  for (Scanned& one : scanned) {
    if (auto done = hold_back(one, now); !done) {
      return done;
    }
    for (const FoundFile& file : one.changes.added) {
      added.emplace_back(&file, one.folder);
    }
  }
  std::sort(added.begin(), added.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first->stamp.modified, a.first->name, a.second) <
           std::tie(b.first->stamp.modified, b.first->name, b.second);
  });
  std::vector<IdWish> wishes;
  wishes.reserve(added.size());
  for (const auto& [file, folder] : added) {
    wishes.push_back({keys_of(base_name(file->name), file->entry.guid), 0, false});
  }
  if (auto done = ids_.grant(wishes, now); !done) {
    return done;
  }
  for (std::size_t i = 0; i < added.size(); ++i) {
    if (auto done = add_file(added[i].second, *added[i].first, wishes[i].number, touched); !done) {
      return done;
    }
  }
  for (const Scanned& one : scanned) {
    std::vector<KnownFile>& known = *work_[one.folder].known;
    const auto fresh = static_cast<std::ptrdiff_t>(one.changes.added.size());
    std::sort(known.end() - fresh, known.end(), is_by_base);
    std::inplace_merge(known.begin(), known.end() - fresh, known.end(), is_by_base);
  }
  return {};
}

base::Result<void> Index::add_file(std::size_t folder, const FoundFile& file, std::int64_t email,
                                   Touched& touched) {
  const std::string_view base = base_name(file.name);
  const std::string_view info = std::string_view(file.name).substr(base.size());
  const KnownFile known{name_hash(base), short_hash(info), file.entry.uid,
                        short_hash(file.entry.guid), file.in_new};
  auto row = db_->prepare("INSERT INTO file VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
  if (!row) {
    return row.error();
  }
  row->bind(1, folders_[folder].number).bind(2, known.base).bind(3, base).bind(4, info);
  row->bind(5, file.in_new ? 1 : 0).bind(6, std::int64_t{known.uid}).bind(7, file.entry.guid);
  if (auto done = row->bind(8, email).run(); !done) {
    return done;
  }
  work_[folder].known->push_back(known);
  const Stamp& stamp = file.stamp;
  const std::int64_t received =
      stamp.modified / 1'000'000'000 - (stamp.modified % 1'000'000'000 < 0 ? 1 : 0);
  touched[email].seed = Seed{received, parse_file_name(file.name).size.value_or(stamp.size)};
  return {};
}

// Files that were known before.
base::Result<void> Index::change_files(const Scanned& scanned, base::WallTime now,
                                       Touched& touched) {
  base::Result<void> done;
  for (const FoundFile& file : scanned.changes.renamed) {
    done = done ? rename_file(scanned.folder, file, touched) : done;
  }
  for (const NumberedFile& file : scanned.changes.numbered) {
    done = done ? number_file(scanned.folder, file, now, touched) : done;
  }
  for (const std::int64_t base : scanned.changes.removed) {
    done = done ? remove_file(scanned.folder, base, touched) : done;
  }
  return done;
}

base::Result<void> Index::rename_file(std::size_t folder, const FoundFile& file, Touched& touched) {
  const std::string_view base = base_name(file.name);
  const std::string_view info = std::string_view(file.name).substr(base.size());
  auto row = db_->prepare(
      "UPDATE file SET info = ?3, in_new = ?4 WHERE folder = ?1 AND base_hash = ?2"
      " RETURNING email");
  if (!row) {
    return row.error();
  }
  row->bind(1, folders_[folder].number).bind(2, name_hash(base)).bind(3, info);
  const auto found = row->bind(4, file.in_new ? 1 : 0).step();
  if (!found) {
    return found.error();
  }
  KnownFile* known = find_known(*work_[folder].known, name_hash(base));
  if (!*found || known == nullptr) {
    return base::make_error(base::Errc::corrupt, options_.file + ": a file is missing");
  }
  known->info = short_hash(info);
  known->in_new = file.in_new;
  touched.try_emplace(row->number(0));
  return {};
}

base::Result<void> Index::remove_file(std::size_t folder, std::int64_t base, Touched& touched) {
  auto row = db_->prepare("DELETE FROM file WHERE folder = ?1 AND base_hash = ?2 RETURNING email");
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, folders_[folder].number).bind(2, base).step();
  if (!found) {
    return found.error();
  }
  std::vector<KnownFile>& known = *work_[folder].known;
  const KnownFile* file = find_known(known, base);
  if (!*found || file == nullptr) {
    return base::make_error(base::Errc::corrupt, options_.file + ": a file is missing");
  }
  known.erase(known.begin() + (file - known.data()));
  touched.try_emplace(row->number(0));
  return {};
}

// A file's UID, or its GUID, came later than the file. Another GUID may make it another Email's.
base::Result<void> Index::number_file(std::size_t folder, const NumberedFile& file,
                                      base::WallTime now, Touched& touched) {
  std::string base;
  std::int64_t email = 0;
  {
    auto row = db_->prepare(
        "UPDATE file SET uid = ?3, guid = ?4 WHERE folder = ?1 AND base_hash = ?2"
        " RETURNING base, email");
    if (!row) {
      return row.error();
    }
    row->bind(1, folders_[folder].number).bind(2, file.base).bind(3, std::int64_t{file.entry.uid});
    const auto found = row->bind(4, file.entry.guid).step();
    if (!found || !*found) {
      return found ? base::Result<void>() : found.error();
    }
    base = row->text(0);
    email = row->number(1);
  }
  if (KnownFile* known = find_known(*work_[folder].known, file.base)) {
    known->uid = file.entry.uid;
    known->guid = short_hash(file.entry.guid);
  }
  if (file.entry.guid.empty()) {
    return {};
  }
  IdWish wish{keys_of(base, file.entry.guid), 0, false};
  const auto owner = ids_.find(wish.keys.front());
  if (!owner) {
    return owner.error();
  }
  wish.number = owner->value_or(email);
  if (auto done = ids_.grant({&wish, 1}, now); !done || wish.number == email) {
    return done;
  }
  touched.try_emplace(email);
  touched.try_emplace(wish.number);
  auto row = db_->prepare("UPDATE file SET email = ?3 WHERE folder = ?1 AND base_hash = ?2");
  return row ? row->bind(1, folders_[folder].number).bind(2, file.base).bind(3, wish.number).run()
             : row.error();
}

base::Result<void> Index::apply_keywords(const Scanned& scanned, Touched& touched) {
  IndexedFolder& folder = folders_[scanned.folder];
  if (!scanned.changes.keywords || *scanned.changes.keywords == folder.keywords) {
    return {};
  }
  folder.keywords = *scanned.changes.keywords;
  {
    auto row = db_->prepare("UPDATE folder SET keywords = ?2 WHERE number = ?1");
    const std::string text = keywords_text(folder.keywords);
    if (auto done = row ? row->bind(1, folder.number).bind(2, text).run() : row.error(); !done) {
      return done;
    }
  }
  auto row = db_->prepare("SELECT email FROM file WHERE folder = ?1 AND info GLOB '*[a-z]*'");
  if (!row) {
    return row.error();
  }
  row->bind(1, folder.number);
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    touched[row->number(0)].shows = true;
  }
  return {};
}

base::Result<void> Index::save_scan(const Scanned& scanned) {
  FolderWork& work = work_[scanned.folder];
  work.stamps = scanned.changes.stamps;
  if (!work.stamps.is_trusted()) {
    return {};  // it will be read again soon; what the file has leads to that too
  }
  auto row = db_->prepare("UPDATE folder SET scan = ?2 WHERE number = ?1");
  const std::string text = work.stamps.text();
  return row ? row->bind(1, folders_[scanned.folder].number).bind(2, text).run() : row.error();
}

// A delivery is whole when it is shown for the first time.
base::Result<void> Index::finish_new() {
  for (const std::int64_t email : fresh_) {
    if (auto done = take_thread(email); !done) {
      return done;
    }
  }
  return {};
}

}  // namespace maildir
