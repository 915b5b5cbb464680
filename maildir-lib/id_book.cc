// maildir-lib/id_book.cc -- numbers for GUIDs: ids.log, with a copy in the index to look them up.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/id_book.hh"

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hh"

namespace maildir {

namespace {

constexpr std::chrono::milliseconds patience{5000};

std::string_view view_of(const IdKey& key) {
  return {reinterpret_cast<const char*>(key.data()), key.size()};
}

}  // namespace

base::Result<std::optional<std::int64_t>> IdBook::find(const IdKey& key) {
  auto row = db_.prepare("SELECT number FROM known_id WHERE key = CAST(?1 AS BLOB)");
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, view_of(key)).step();
  if (!found) {
    return found.error();
  }
  return *found ? std::optional(row->number(0)) : std::nullopt;
}

base::Result<void> IdBook::enter(std::span<const IdRecord> records) {
  for (const IdRecord& record : records) {
    auto row = db_.prepare("INSERT OR REPLACE INTO known_id VALUES (CAST(?1 AS BLOB), ?2)");
    if (!row) {
      return row.error();
    }
    row->bind(1, view_of(record.key)).bind(2, static_cast<std::int64_t>(record.number));
    if (auto done = row->run(); !done) {
      return done;
    }
  }
  return {};
}

// True when every key of the wish leads to its number already.
base::Result<bool> IdBook::answer(IdWish& wish) {
  bool is_settled = true;
  for (const IdKey& key : wish.keys) {
    const auto number = find(key);
    if (!number) {
      return number.error();
    }
    if (*number && wish.number == 0 && !wish.is_new) {
      wish.number = **number;
    }
    is_settled = is_settled && *number && **number == wish.number;
  }
  return is_settled;
}

// Those that need a record.
base::Result<std::vector<IdWish*>> IdBook::unsettled(std::span<IdWish> wishes) {
  std::vector<IdWish*> open;
  for (IdWish& wish : wishes) {
    const auto is_settled = answer(wish);
    if (!is_settled) {
      return is_settled.error();
    }
    if (!*is_settled) {
      open.push_back(&wish);
    }
  }
  return open;
}

base::Result<void> IdBook::grant(std::span<IdWish> wishes, base::WallTime now) {
  auto open = unsettled(wishes);
  if (!open || open->empty()) {
    return open ? base::Result<void>() : open.error();
  }
  IdsPlace place;
  auto log = open_log(place);
  if (!log) {
    return log.error();
  }
  open = unsettled(wishes);  // others may have been first
  if (!open) {
    return open.error();
  }
  std::map<IdKey, std::int64_t> fresh;
  std::vector<IdRecord> records;
  auto next = static_cast<std::int64_t>(first_free_number(place.largest, now));
  for (IdWish* wish : *open) {
    next += number(*wish, next, fresh) ? 1 : 0;
    if (auto done = write_down(*wish, fresh, records); !done) {
      return done;
    }
  }
  if (auto done = log->append(records, place); !done) {
    return done;
  }
  auto entered = enter(records);
  return entered ? save_place(place) : entered;
}

// Several wishes of a batch may be of one key. True when the wish took the number `next`.
bool IdBook::number(IdWish& wish, std::int64_t next, const std::map<IdKey, std::int64_t>& fresh) {
  for (const IdKey& key : wish.keys) {
    const auto known = fresh.find(key);
    if (wish.number == 0 && !wish.is_new && known != fresh.end()) {
      wish.number = known->second;
    }
  }
  if (wish.number != 0) {
    return false;
  }
  wish.number = next;
  return true;
}

// Records for the keys that do not lead to the wish's number yet.
base::Result<void> IdBook::write_down(const IdWish& wish, std::map<IdKey, std::int64_t>& fresh,
                                      std::vector<IdRecord>& records) {
  for (const IdKey& key : wish.keys) {
    const auto written = fresh.find(key);
    const auto known = written == fresh.end()
                           ? find(key)
                           : base::Result<std::optional<std::int64_t>>(written->second);
    if (!known) {
      return known.error();
    }
    if (*known != wish.number) {
      fresh[key] = wish.number;
      records.push_back({static_cast<std::uint64_t>(wish.number), key});
    }
  }
  return {};
}

base::Result<void> IdBook::catch_up() {
  IdsPlace place;
  const auto log = open_log(place);
  return log ? save_place(place) : log.error();
}

// Locked, and read to its end.
base::Result<IdsLog> IdBook::open_log(IdsPlace& place) {
  auto before = load_place();
  if (!before) {
    return before.error();
  }
  place = std::move(*before);
  const bool is_first = place.log.empty();
  auto log = IdsLog::open(path_, patience);
  if (!log) {
    return log;
  }
  const auto news = log->read(place);
  if (!news) {
    return news.error();
  }
  if (auto done = enter(news->records); !done) {
    return done.error();
  }
  if (news->is_other && !is_first) {
    if (auto done = restore(*log, place, news->records); !done) {
      return done.error();
    }
  }
  return log;
}

// The log is an older copy, or was lost: what only the index knows goes back into it.
base::Result<void> IdBook::restore(IdsLog& log, IdsPlace& place,
                                   const std::vector<IdRecord>& in_log) {
  std::set<IdKey> there;
  for (const IdRecord& record : in_log) {
    there.insert(record.key);
  }
  auto row = db_.prepare("SELECT key, number FROM known_id");
  if (!row) {
    return row.error();
  }
  std::vector<IdRecord> lost;
  for (auto more = row->step(); !more || *more; more = row->step()) {
    if (!more) {
      return more.error();
    }
    IdRecord record;
    record.number = static_cast<std::uint64_t>(row->number(1));
    const std::string_view key = row->text(0);
    std::copy_n(key.begin(), std::min(key.size(), record.key.size()), record.key.begin());
    if (!there.contains(record.key)) {
      lost.push_back(record);
    }
  }
  return log.append(lost, place);
}

base::Result<IdsPlace> IdBook::load_place() {
  const auto text = db_.meta("ids");
  if (!text) {
    return text.error();
  }
  IdsPlace place;
  const auto parts = base::split(*text, ' ');
  if (parts.size() != 4) {
    return place;
  }
  place.log = base::from_hex(parts[0]).value_or("");
  place.end = base::parse_number<std::uint64_t>(parts[1]).value_or(0);
  place.largest = base::parse_number<std::uint64_t>(parts[2]).value_or(0);
  place.last = base::from_hex(parts[3]).value_or("");
  return place;
}

base::Result<void> IdBook::save_place(const IdsPlace& place) {
  return db_.set_meta("ids", base::hex(base::bytes_of(place.log)) + " " +
                                 std::to_string(place.end) + " " + std::to_string(place.largest) +
                                 " " + base::hex(base::bytes_of(place.last)));
}

}  // namespace maildir
