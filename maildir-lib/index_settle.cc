// maildir-lib/index_settle.cc -- what follows from changed files for Emails, lists and counts.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "maildir-lib/index.hh"

namespace maildir {

namespace {

std::string places_text(const std::vector<Place>& places) {
  std::string text;
  for (const Place& place : places) {
    text += std::to_string(place.folder) + " " + std::to_string(place.flags.system) + " " +
            std::to_string(place.flags.keywords) + ";";
  }
  return text;
}

bool is_before(const ListEntry& a, const ListEntry& b) {
  return a.received != b.received ? a.received < b.received : a.number < b.number;
}

void put_in(std::optional<List>& list, const Email& email) {
  if (list) {
    const ListEntry entry{email.received, email.number, email.thread};
    const auto at = std::lower_bound(list->begin(), list->end(), entry, is_before);
    if (at != list->end() && at->number == email.number) {
      at->thread = email.thread;
    } else {
      list->insert(at, entry);
    }
  }
}

void take_out(std::optional<List>& list, const Email& email) {
  if (list) {
    const ListEntry entry{email.received, email.number, 0};
    const auto at = std::lower_bound(list->begin(), list->end(), entry, is_before);
    if (at != list->end() && at->number == email.number) {
      list->erase(at);
    }
  }
}

bool is_in(const Email& email, std::int64_t folder) {
  return std::any_of(email.places.begin(), email.places.end(),
                     [folder](const Place& place) { return place.folder == folder; });
}

bool is_unread(const Email& email) {
  return !email.is_seen() && !email.has(flag_draft);
}

}  // namespace

bool Email::is_seen() const {
  return std::all_of(places.begin(), places.end(),
                     [](const Place& place) { return place.flags.has(flag_seen); });
}

bool Email::has(Flag flag) const {
  return std::any_of(places.begin(), places.end(),
                     [flag](const Place& place) { return place.flags.has(flag); });
}

std::optional<std::size_t> Index::index_of(std::int64_t folder) const {
  const auto* const found = find_folder(folder);
  return found == nullptr ? std::nullopt
                          : std::optional(static_cast<std::size_t>(found - folders_.data()));
}

base::Result<void> Index::settle(std::int64_t email, const Touch& touch) {
  auto before = load_email(email);
  if (!before) {
    return before.error();
  }
  auto places = places_of(email);
  if (!places) {
    return places.error();
  }
  if (!*before) {
    return places->empty() ? base::Result<void>() : create(email, touch, std::move(*places));
  }
  if (places->empty()) {
    return destroy(**before);
  }
  if ((*before)->places == *places && !touch.shows) {
    return {};
  }
  return change(**before, std::move(*places));
}

base::Result<void> Index::create(std::int64_t number, const Touch& touch,
                                 std::vector<Place> places) {
  const auto seed = touch.seed ? base::Result<Seed>(*touch.seed) : look_at(number);
  if (!seed) {
    // Gone since the scan: the next one will tell.
    return seed.error().code == base::Errc::not_found ? base::Result<void>() : seed.error();
  }
  Email email;
  email.number = email.thread = number;
  email.received = seed->received;
  email.size = seed->size;
  email.places = std::move(places);
  email_state_ = next_modseq();
  auto row = db_->prepare(
      "INSERT INTO email (number, received, size, thread, created, changed, places)"
      " VALUES (?1, ?2, ?3, ?1, ?4, ?4, ?5)");
  if (!row) {
    return row.error();
  }
  const std::string text = places_text(email.places);
  row->bind(1, number).bind(2, email.received).bind(3, static_cast<std::int64_t>(email.size));
  if (auto done = row->bind(4, email_state_).bind(5, text).run(); !done) {
    return done;
  }
  ++emails_;
  ++unthreaded_;
  fresh_.push_back(number);
  put_in(all_, email);
  return enlist(Email(), email);
}

base::Result<void> Index::change(const Email& before, std::vector<Place> places) {
  Email after = before;
  after.places = std::move(places);
  email_state_ = next_modseq();
  auto row = db_->prepare("UPDATE email SET places = ?2, changed = ?3 WHERE number = ?1");
  if (!row) {
    return row.error();
  }
  const std::string text = places_text(after.places);
  if (auto done = row->bind(1, after.number).bind(2, text).bind(3, email_state_).run(); !done) {
    return done;
  }
  return enlist(before, after);
}

base::Result<void> Index::destroy(const Email& before) {
  auto row = db_->prepare("DELETE FROM email WHERE number = ?1 RETURNING threaded");
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, before.number).step();
  if (!found) {
    return found.error();
  }
  --emails_;
  unthreaded_ -= *found && row->number(0) == 0 ? 1 : 0;
  std::erase(fresh_, before.number);
  take_out(all_, before);
  if (auto done = note_gone(Kind::email, before.number, before.created); !done) {
    return done;
  }
  Email after;
  after.number = before.number;
  after.received = before.received;
  after.thread = before.thread;
  return enlist(before, after);
}

// Time and size of an Email whose files are known but that was no Email: all were flagged deleted.
base::Result<Index::Seed> Index::look_at(std::int64_t email) const {
  const auto message = open_message(email);
  return message ? base::Result<Seed>(Seed{message->received(), message->size()}) : message.error();
}

// Lists and counts of the folders that either has.
base::Result<void> Index::enlist(const Email& before, const Email& after) {
  std::vector<std::int64_t> folders;
  for (const auto* places : {&before.places, &after.places}) {
    for (const Place& place : *places) {
      folders.push_back(place.folder);
    }
  }
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  for (const std::int64_t folder : folders) {
    const auto at = index_of(folder);
    if (!at) {
      return base::make_error(base::Errc::corrupt, options_.file + ": a folder is missing");
    }
    if (auto done = enlist_in(*at, before, after); !done) {
      return done;
    }
  }
  return {};
}

// The list of all Emails shows another thread.
void Index::note_thread(const Email& email) {
  put_in(all_, email);
}

base::Result<void> Index::enlist_in(std::size_t at, const Email& before, const Email& after) {
  const std::int64_t folder = folders_[at].number;
  const bool was = is_in(before, folder);
  const bool is = is_in(after, folder);
  const int was_unread = was && is_unread(before) ? 1 : 0;
  const int is_unread_now = is && is_unread(after) ? 1 : 0;
  if (was == is && was_unread == is_unread_now && before.thread == after.thread) {
    return {};
  }
  FolderCounts& counts = folders_[at].counts;
  counts.emails += (is ? 1 : 0) - (was ? 1 : 0);
  counts.unread += is_unread_now - was_unread;
  if (is) {
    put_in(work_[at].list, after);
  } else {
    take_out(work_[at].list, before);
  }
  auto row = is ? db_->prepare("INSERT OR REPLACE INTO member VALUES (?1, ?2, ?3, ?4, ?5)")
                : db_->prepare(
                      "DELETE FROM member WHERE folder = ?1 AND received = ?2"
                      " AND email = ?3");
  if (!row) {
    return row.error();
  }
  row->bind(1, folder).bind(2, after.received).bind(3, after.number);
  if (is) {
    row->bind(4, after.thread).bind(5, std::int64_t{is_unread_now});
  }
  if (auto done = row->run(); !done) {
    return done;
  }
  if (was) {
    if (auto done = count_thread(at, before.thread, -1, -was_unread); !done) {
      return done;
    }
  }
  return is ? count_thread(at, after.thread, 1, is_unread_now) : base::Result<void>();
}

base::Result<void> Index::count_thread(std::size_t at, std::int64_t thread, int emails,
                                       int unread) {
  FolderCounts& counts = folders_[at].counts;
  auto row = db_->prepare(
      "INSERT INTO thread_box VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET"
      " emails = emails + ?3, unread = unread + ?4 RETURNING emails, unread");
  if (!row) {
    return row.error();
  }
  row->bind(1, folders_[at].number).bind(2, thread).bind(3, std::int64_t{emails});
  const auto found = row->bind(4, std::int64_t{unread}).step();
  if (!found) {
    return found.error();
  }
  const std::int64_t emails_now = row->number(0);
  const std::int64_t unread_now = row->number(1);
  counts.threads += (emails_now > 0 ? 1 : 0) - (emails_now - emails > 0 ? 1 : 0);
  counts.unread_threads += (unread_now > 0 ? 1 : 0) - (unread_now - unread > 0 ? 1 : 0);
  if (emails_now > 0) {
    return {};
  }
  auto gone = db_->prepare("DELETE FROM thread_box WHERE folder = ?1 AND thread = ?2");
  return gone ? gone->bind(1, folders_[at].number).bind(2, thread).run() : gone.error();
}

base::Result<void> Index::note_gone(Kind kind, std::int64_t number, std::int64_t created) {
  const std::int64_t modseq = next_modseq();
  (kind == Kind::email ? email_state_ : folder_state_) = modseq;
  auto row = db_->prepare("INSERT INTO gone VALUES (?1, ?2, ?3, ?4)");
  if (!row) {
    return row.error();
  }
  row->bind(1, modseq).bind(2, std::int64_t{static_cast<int>(kind)}).bind(3, number);
  return row->bind(4, created).run();
}

base::Result<void> Index::save_counts() {
  for (std::size_t i = 0; i < folders_.size(); ++i) {
    const FolderCounts& counts = folders_[i].counts;
    if (counts == work_[i].saved) {
      continue;
    }
    folder_state_ = next_modseq();
    auto row = db_->prepare(
        "UPDATE folder SET total = ?2, unread = ?3, threads = ?4, unread_threads = ?5,"
        " counted = ?6 WHERE number = ?1");
    if (!row) {
      return row.error();
    }
    row->bind(1, folders_[i].number).bind(2, counts.emails).bind(3, counts.unread);
    row->bind(4, counts.threads).bind(5, counts.unread_threads).bind(6, folder_state_);
    if (auto done = row->run(); !done) {
      return done;
    }
    work_[i].saved = counts;
  }
  return {};
}

}  // namespace maildir
