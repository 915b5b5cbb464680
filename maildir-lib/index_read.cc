// maildir-lib/index_read.cc -- what an index is asked: lists, Emails, threads, changes, files.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "base/text.hh"

#include "maildir-lib/index.hh"

namespace maildir {

namespace {

constexpr int searches = 3;  // for a name whose flags are changed while we look

std::vector<Place> places_in(std::string_view text) {
  std::vector<Place> places;
  for (const std::string_view part : base::split(text, ';')) {
    const auto words = base::split(part, ' ');
    if (words.size() == 3) {
      places.push_back({base::parse_number<std::int64_t>(words[0]).value_or(0),
                        {base::parse_number<unsigned>(words[1]).value_or(0),
                         base::parse_number<std::uint32_t>(words[2]).value_or(0)}});
    }
  }
  return places;
}

// The name a mail has now, in new/ or cur/.
std::optional<std::string> find_name(const Directory& place, std::string_view base) {
  const auto entries = place.list();
  if (!entries) {
    return std::nullopt;
  }
  const auto found = std::find_if(entries->begin(), entries->end(), [base](const auto& entry) {
    return base_name(entry.name) == base;
  });
  return found == entries->end() ? std::nullopt : std::optional(found->name);
}

base::Result<Message> open_file(const Directory& root, const Directory& folder,
                                const std::string& name, bool in_new, const TierRoots& tiers,
                                Packs* packs) {
  for (int i = 0; i < searches; ++i) {
    for (const bool fresh : {in_new, !in_new}) {
      const auto place = folder.open_directory(fresh ? "new" : "cur");
      if (!place) {
        continue;
      }
      // The first time by the name it had; then by the one it has now.
      const auto now = i == 0 ? std::optional(name) : find_name(*place, base_name(name));
      auto file = now ? Message::open(root, *place, *now, tiers, packs)
                      : base::make_error(base::Errc::not_found, name);
      if (file || file.error().code != base::Errc::not_found) {
        return file;
      }
    }
  }
  return base::make_error(base::Errc::not_found, "no mail " + name);
}

// Where an object stands in the order of changes, as somebody sees it who knows all up to `since`.
struct Step {
  std::int64_t at = 0;
  std::int64_t number = 0;
  enum class What { created, updated, destroyed } what = What::created;
  bool is_count = false;
};

// Rows of number, created, changed, counted, is gone.
base::Result<void> add_steps(base::Result<base::Statement> row, std::int64_t since,
                             std::vector<Step>& steps) {
  if (!row) {
    return row.error();
  }
  row->bind(1, since);
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    const std::int64_t created = row->number(1);
    const bool is_gone = row->number(4) != 0;
    if (is_gone && created > since) {
      continue;  // came and went
    }
    const bool is_new = !is_gone && created > since;
    steps.push_back({is_new ? created : std::max(row->number(2), row->number(3)), row->number(0),
                     is_gone  ? Step::What::destroyed
                     : is_new ? Step::What::created
                              : Step::What::updated,
                     row->number(2) <= since});
  }
  return {};
}

}  // namespace

base::Result<const List*> Index::list(std::int64_t folder) {
  const auto at = folder == 0 ? std::nullopt : index_of(folder);
  if (folder != 0 && !at) {
    return base::make_error(base::Errc::not_found, "no such folder");
  }
  std::optional<List>& list = at ? work_[*at].list : all_;
  if (list) {
    return &*list;
  }
  auto row = at ? db_->prepare(
                      "SELECT received, email, thread FROM member WHERE folder = ?1"
                      " ORDER BY received, email")
                : db_->prepare(
                      "SELECT received, number, thread FROM email"
                      " ORDER BY received, number");
  if (!row) {
    return row.error();
  }
  if (at) {
    row->bind(1, folder);
  }
  List entries;
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    entries.push_back({row->number(0), row->number(1), row->number(2)});
  }
  list = std::move(entries);
  return &*list;
}

base::Result<std::optional<Email>> Index::load_email(std::int64_t number) {
  auto row = db_->prepare(
      "SELECT received, size, thread, created, places, has_content, omitted, attachment, preview,"
      " header FROM email WHERE number = ?1");
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, number).step();
  if (!found) {
    return found.error();
  }
  if (!*found) {
    return std::optional<Email>();
  }
  Email email;
  email.number = number;
  email.received = row->number(0);
  email.size = static_cast<std::uint64_t>(row->number(1));
  email.thread = row->number(2);
  email.created = row->number(3);
  email.places = places_in(row->text(4));
  email.has_content = row->number(5) != 0;
  email.omitted = static_cast<std::uint32_t>(row->number(6));
  email.has_attachment = row->number(7) != 0;
  email.preview = row->text(8);
  email.header = row->text(9);
  return std::optional(std::move(email));
}

base::Result<Email> Index::email(std::int64_t number) {
  auto email = load_email(number);
  if (!email) {
    return email.error();
  }
  return *email ? base::Result<Email>(std::move(**email))
                : base::make_error(base::Errc::not_found, "no such Email");
}

// Those that are not flagged deleted.
base::Result<std::vector<Place>> Index::places_of(std::int64_t email) {
  auto row = db_->prepare("SELECT folder, info FROM file WHERE email = ?1 ORDER BY folder");
  if (!row) {
    return row.error();
  }
  row->bind(1, email);
  std::vector<Place> places;
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    const Flags flags = parse_file_name(row->text(1)).flags;
    if (!flags.has(flag_trashed)) {
      places.push_back({row->number(0), flags});
    }
  }
  return places;
}

base::Result<List> Index::thread(std::int64_t number) {
  auto row = db_->prepare(
      "SELECT received, number FROM email WHERE thread = ?1 ORDER BY received, number");
  if (!row) {
    return row.error();
  }
  row->bind(1, number);
  List entries;
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    entries.push_back({row->number(0), row->number(1), number});
  }
  return entries;
}

base::Result<std::optional<std::int64_t>> Index::find_guid(std::string_view guid) {
  return ids_.find(email_key(guid));
}

base::Result<std::vector<Index::Uid>> Index::uids(std::int64_t email) {
  auto row = db_->prepare("SELECT folder, uid FROM file WHERE email = ?1 ORDER BY folder");
  if (!row) {
    return row.error();
  }
  row->bind(1, email);
  std::vector<Uid> uids;
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    uids.push_back({row->number(0), static_cast<std::uint32_t>(row->number(1))});
  }
  return uids;
}

base::Result<Message> Index::open_message(std::int64_t email, Packs* packs) const {
  const auto root = Directory::open(options_.maildir);
  if (!root) {
    return root.error();
  }
  auto row = db_->prepare("SELECT folder, base, info, in_new FROM file WHERE email = ?1");
  if (!row) {
    return row.error();
  }
  row->bind(1, email);
  base::Error last = base::make_error(base::Errc::not_found, "no such Email");
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    const auto at = index_of(row->number(0));
    const auto folder = at ? open_folder(*root, *at) : base::Result<Directory>(last);
    if (!folder) {
      continue;
    }
    const std::string name = std::string(row->text(1)) + std::string(row->text(2));
    auto file = open_file(*root, *folder, name, row->number(3) != 0, options_.tiers, packs);
    if (file) {
      return file;
    }
    last = file.error();
  }
  return last;
}

base::Result<bool> Index::is_known_state(std::int64_t since) {
  const auto floor = db_->meta("floor");
  auto gap = db_->prepare("SELECT 1 FROM gap WHERE low < ?1 AND ?1 < high");
  if (!floor || !gap) {
    return floor ? gap.error() : floor.error();
  }
  const auto in_gap = gap->bind(1, since).step();
  if (!in_gap) {
    return in_gap.error();
  }
  return since >= base::parse_number<std::int64_t>(*floor).value_or(0) && since <= modseq_ &&
         !*in_gap;
}

base::Result<Changes> Index::changes(Kind kind, std::int64_t since, std::size_t limit) {
  const auto is_known = is_known_state(since);
  if (!is_known || !*is_known) {
    return is_known ? base::make_error(base::Errc::not_found, "changes since then are not known")
                    : is_known.error();
  }
  std::vector<Step> steps;
  const bool is_email = kind == Kind::email;
  auto done = add_steps(
      db_->prepare(is_email ? "SELECT number, created, changed, 0, 0 FROM email WHERE changed > ?1"
                            : "SELECT number, created, changed, counted, 0 FROM folder"
                              " WHERE changed > ?1 OR counted > ?1"),
      since, steps);
  if (done) {
    done = add_steps(db_->prepare(is_email ? "SELECT number, created, modseq, 0, 1 FROM gone"
                                             " WHERE modseq > ?1 AND kind = 1"
                                           : "SELECT number, created, modseq, 0, 1 FROM gone"
                                             " WHERE modseq > ?1 AND kind = 2"),
                     since, steps);
  }
  if (!done) {
    return done.error();
  }
  std::sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.at < b.at; });
  Changes changes;
  changes.has_more = limit != 0 && steps.size() > limit;
  steps.resize(changes.has_more ? limit : steps.size());
  changes.until = changes.has_more ? steps.back().at : state(kind);
  changes.only_counts = !steps.empty();
  for (const Step& step : steps) {
    // What went and came back under its number is the same to whoever knew it.
    if (step.what == Step::What::created && std::erase(changes.destroyed, step.number) > 0) {
      changes.updated.push_back(step.number);
      changes.only_counts = false;
      continue;
    }
    (step.what == Step::What::created   ? changes.created
     : step.what == Step::What::updated ? changes.updated
                                        : changes.destroyed)
        .push_back(step.number);
    changes.only_counts = changes.only_counts && step.what == Step::What::updated && step.is_count;
  }
  return changes;
}

}  // namespace maildir
