// policyd/store/lmdb_store.cc -- the overlay and the reading side, and the writer's rhythm.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/store/lmdb_store.hh"

#include "base/metrics.hh"

#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_commits("policyd_store_commits", "Commits to the state file.");
base::Counter count_failures("policyd_store_failed_commits", "Commits that failed.");
base::Counter count_rows("policyd_store_written_rows", "Rows written to the state file.");
base::Counter commit_time("policyd_store_commit_microseconds", "Time spent in commits.");
base::Gauge waiting("policyd_store_waiting_rows", "Rows not on disk yet, as of the last commit.");

base::Error not_open() {
  return base::make_error(base::Errc::unavailable, "the state file is not open yet");
}

}  // namespace

LmdbStore::LmdbStore(LmdbStoreOptions options, const base::Clock& clock, base::Log& log)
    : options_(std::move(options)), clock_(clock), log_(log) {
  writer_ = std::thread([this] { run(); });
}

LmdbStore::~LmdbStore() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

bool LmdbStore::wait_until_open(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [this] { return is_open_; });
}

base::Result<void> LmdbStore::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    return has_failed_ || is_stopping_ || (gathering_.empty() && committing_.empty());
  });
  if (has_failed_) {
    return failure_;
  }
  return {};
}

base::Result<HashKey> LmdbStore::hash_key() {
  const std::lock_guard lock(mutex_);
  if (!is_open_) {
    return not_open();
  }
  return hash_key_;
}

base::LmdbTable LmdbStore::table_of(Table table) const {
  return tables_.at(table_place(table));
}

base::Result<std::optional<Row>> LmdbStore::get(const Key& key) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_open_) {
      return not_open();
    }
    for (const Overlay* overlay : {&gathering_, &committing_}) {
      if (const auto found = overlay->find(key); found != overlay->end()) {
        return found->second;
      }
    }
  }
  // After the overlay: a row that has left it is in any transaction begun from here on.
  if (!read_) {
    auto txn = env_.begin_read();
    if (!txn) {
      return txn.error();
    }
    read_ = std::move(*txn);
  } else if (auto renewed = read_.renew(); !renewed) {
    return renewed.error();
  }
  std::optional<Row> row;
  const auto bytes = read_.get(table_of(key.table()), key.bytes());
  if (bytes && *bytes && (*bytes)->size() >= row_head) {
    row = Row{std::string((*bytes)->substr(row_head)), row_expires(**bytes)};
  }
  read_.reset();
  if (!bytes) {
    return bytes.error();
  }
  return row;
}

base::Result<void> LmdbStore::take(const Key& key, Change change) {
  bool is_first = false;
  {
    const std::lock_guard lock(mutex_);
    if (!is_open_) {
      return not_open();
    }
    if (has_failed_) {
      return failure_;
    }
    if (gathering_.size() >= options_.waiting_rows) {
      return base::make_error(base::Errc::unavailable, "the disk is slower than the requests",
                              "look at the load of the disk that holds the state file");
    }
    is_first = gathering_.empty();
    gathering_.insert_or_assign(key, std::move(change));
  }
  if (is_first) {
    changed_.notify_all();
  }
  return {};
}

base::Result<void> LmdbStore::put(const Key& key, Row row) {
  return take(key, std::move(row));
}

base::Result<void> LmdbStore::erase(const Key& key) {
  return take(key, std::nullopt);
}

// The overlay's view of a prefix, in order.
std::map<Key, LmdbStore::Change> LmdbStore::overlay_of(Table table, std::string_view prefix) {
  std::map<Key, Change> changes;
  const std::lock_guard lock(mutex_);
  for (const Overlay* overlay : {&gathering_, &committing_}) {
    for (const auto& [key, change] : *overlay) {
      if (key.table() == table && key.bytes().starts_with(prefix)) {
        changes.try_emplace(key, change);
      }
    }
  }
  return changes;
}

base::Result<void> LmdbStore::scan(Table table, std::string_view prefix, const Visitor& visit) {
  if (!wait_until_open(std::chrono::milliseconds(0))) {
    return not_open();
  }
  const auto changes = overlay_of(table, prefix);
  auto change = changes.begin();
  // Gives the overlay's rows up to `limit`, and says whether to go on.
  const auto visit_changes = [&](const Key* limit) {
    for (; change != changes.end() && (limit == nullptr || change->first < *limit); ++change) {
      if (change->second && !visit(change->first, *change->second)) {
        return false;
      }
    }
    return true;
  };
  auto txn = env_.begin_read();
  if (!txn) {
    return txn.error();
  }
  auto cursor = base::LmdbCursor::open(*txn, table_of(table));
  if (!cursor) {
    return cursor.error();
  }
  auto found = prefix.empty() ? cursor->first() : cursor->seek(prefix);
  for (; found && *found && (*found)->key.starts_with(prefix); found = cursor->next()) {
    const Key key(table, (*found)->key);
    if (!visit_changes(&key)) {
      return {};
    }
    if (change != changes.end() && change->first == key) {
      continue;  // the overlay's is newer
    }
    const std::string_view bytes = (*found)->value;
    if (bytes.size() >= row_head &&
        !visit(key, {std::string(bytes.substr(row_head)), row_expires(bytes)})) {
      return {};
    }
  }
  if (!found) {
    return found.error();
  }
  visit_changes(nullptr);
  return {};
}

void LmdbStore::run() {
  if (!open_until_stopped()) {
    return;
  }
  base::SteadyTime due = clock_.ticks();
  while (true) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::chrono::seconds(1),
                        [this] { return is_stopping_ || !gathering_.empty(); });
      // Waiting lets rows gather, so that a commit, which costs the same for many, serves many.
      const auto rest = due - clock_.ticks();
      if (has_failed_ || gathering_.size() < options_.commit_rows) {
        changed_.wait_for(lock, has_failed_ ? rest + options_.retry_interval : rest,
                          [this] { return is_stopping_; });
      }
      if (is_stopping_ && (gathering_.empty() || has_failed_)) {
        break;
      }
    }
    due = clock_.ticks() + options_.commit_interval;
    commit_batch();
  }
}

// Moves what has gathered to committing_; false when there is nothing.
bool LmdbStore::take_batch() {
  const std::lock_guard lock(mutex_);
  waiting.set(static_cast<std::int64_t>(gathering_.size()));
  if (gathering_.size() <= options_.commit_rows) {
    committing_.swap(gathering_);
  } else {
    while (committing_.size() < options_.commit_rows) {
      committing_.insert(gathering_.extract(gathering_.begin()));
    }
  }
  return !committing_.empty();
}

void LmdbStore::commit_batch() {
  const Seconds now = seconds_of(clock_.now());
  if (!take_batch()) {
    const auto due = is_something_due(now);
    if (!due || !*due) {
      return;
    }
  }
  const auto started = clock_.ticks();
  const auto written = write(now);
  commit_time.add((clock_.ticks() - started).count());
  if (!written) {
    count_failures.add();
    report_failure(written.error());
    give_back();
    return;
  }
  count_commits.add();
  bool has_recovered = false;
  {
    const std::lock_guard lock(mutex_);
    count_rows.add(static_cast<std::int64_t>(committing_.size()));
    committing_.clear();
    has_recovered = std::exchange(has_failed_, false);
  }
  changed_.notify_all();
  if (has_recovered) {
    log_.write(event::store_recovered, {{"file", options_.path}});
  }
}

// After a failed commit: the rows wait again, unless a newer one of the same key does.
void LmdbStore::give_back() {
  const std::lock_guard lock(mutex_);
  gathering_.merge(committing_);
  committing_.clear();
}

void LmdbStore::report_failure(const base::Error& error) {
  {
    const std::lock_guard lock(mutex_);
    has_failed_ = true;
    failure_ = base::make_error(base::Errc::unavailable, error.detail, error.hint);
  }
  changed_.notify_all();
  const base::WallTime now = clock_.now();
  if (now >= complained_ + std::chrono::minutes(1) || now < complained_) {
    complained_ = now;
    log_.write(event::store_failed,
               {{"file", options_.path},
                {"error", error.detail},
                {"hint", error.hint.empty() ? "look for free space and for errors of the disk"
                                            : std::string_view(error.hint)}});
  }
}

}  // namespace policy
