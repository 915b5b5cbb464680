// policyd/store/lmdb_store_file.cc -- the writer's work on the file: opening, writing, expiring.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"
#include "base/metrics.hh"
#include "base/random.hh"

#include "policyd/events.hh"
#include "policyd/store/lmdb_store.hh"
#include "policyd/store/state_check.hh"

namespace policy {

namespace {

base::Counter count_expired("policyd_store_expired_rows", "Rows deleted after their time.");
base::Gauge rows_gauge("policyd_store_triplets", "Triplets in the state file.");

// One commit deletes at most twice what it writes and a little: expiry keeps up with growth, and a
// commit after a long standstill is not held up by all that has expired meanwhile.
constexpr std::size_t expire_least = 512;

}  // namespace

bool LmdbStore::open_until_stopped() {
  while (true) {
    const auto opened = open();
    if (opened) {
      break;
    }
    report_failure(opened.error());
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, options_.retry_interval, [this] { return is_stopping_; })) {
      return false;
    }
  }
  {
    const std::lock_guard lock(mutex_);
    is_open_ = true;
    has_failed_ = false;
  }
  changed_.notify_all();
  return true;
}

base::Result<void> LmdbStore::open() {
  if (auto locked = lock_folder(); !locked) {
    return locked;
  }
  if (auto checked = check(); !checked) {
    return checked;
  }
  auto env =
      base::LmdbEnv::open(options_.path, {.map_size = options_.size_limit, .tables = lmdb_tables});
  if (!env) {
    return env.error();
  }
  env_ = std::move(*env);
  return open_tables();
}

// Two processes with one file would each have an overlay the other does not see.
base::Result<void> LmdbStore::lock_folder() {
  if (folder_lock_.is_open()) {
    return {};
  }
  const std::string folder = base::parent_directory(options_.path);
  auto fd = base::open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!fd) {
    return base::make_error(fd.error().code, fd.error().detail,
                            "make this folder and give it to the user policyd runs as");
  }
  if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    return base::make_error(base::Errc::unavailable, folder + " is in use by another process",
                            "is posthouse-policyd running already?");
  }
  folder_lock_ = std::move(*fd);
  return {};
}

base::Result<void> LmdbStore::check() {
  struct stat found {};
  if (::stat(options_.path.c_str(), &found) == 0 ? found.st_size == 0 : errno == ENOENT) {
    return {};  // LMDB begins a new one
  }
  const auto started = clock_.ticks();
  const auto checked = check_state_file(options_.path, options_.check_limit);
  if (!checked) {
    return checked.error();
  }
  const std::string took = std::to_string(
      std::chrono::duration_cast<std::chrono::milliseconds>(clock_.ticks() - started).count());
  switch (checked->outcome) {
    case StateCheck::Outcome::damaged:
      return put_aside(checked->error);
    case StateCheck::Outcome::ended:
      log_.write(event::store_unchecked, {{"file", options_.path}, {"milliseconds", took}});
      return {};
    case StateCheck::Outcome::sound:
      log_.write(event::store_open, {{"file", options_.path},
                                     {"rows", std::to_string(checked->rows)},
                                     {"milliseconds", took}});
      return {};
  }
  return {};
}

base::Result<void> LmdbStore::put_aside(const std::string& error) {
  const std::string kept = options_.path + ".damaged-" + base::rfc3339(clock_.now());
  if (auto renamed = base::rename_file(options_.path, kept); !renamed) {
    return renamed;
  }
  ::unlink((options_.path + "-lock").c_str());
  log_.write(event::store_damaged, {{"file", options_.path}, {"kept", kept}, {"error", error}});
  return {};
}

base::Result<void> LmdbStore::open_tables() {
  auto txn = env_.begin_write();
  if (!txn) {
    return txn.error();
  }
  for (std::size_t i = 0; i < table_layouts.size(); ++i) {
    const auto table = txn->table(table_layouts[i].name, true);
    if (!table) {
      return table.error();
    }
    tables_[i] = *table;
  }
  const auto expiry = txn->table(expiry_table_name, true);
  const auto meta = txn->table(meta_table_name, true);
  for (const auto* table : {&expiry, &meta}) {
    if (!*table) {
      return table->error();
    }
  }
  expiry_ = *expiry;
  const auto found = txn->get(*meta, hash_key_name);
  if (!found) {
    return found.error();
  }
  std::string key = *found ? std::string(**found) : base::random_bytes(hash_key_.size());
  std::copy_n(key.begin(), std::min(key.size(), hash_key_.size()), hash_key_.begin());
  if (!*found) {
    if (auto put = txn->put(*meta, hash_key_name, key); !put) {
      return put;
    }
    if (auto put = txn->put(*meta, format_name, format_value); !put) {
      return put;
    }
  }
  return txn->commit();
}

base::Result<void> LmdbStore::write(Seconds now) {
  auto txn = env_.begin_write();
  if (!txn) {
    return txn.error();
  }
  if (auto written = write_rows(*txn); !written) {
    return written;
  }
  if (auto expired = expire(*txn, now, 2 * committing_.size() + expire_least); !expired) {
    return expired;
  }
  if (const auto counts = txn->counts(table_of(Table::triplets)); counts) {
    rows_gauge.set(static_cast<std::int64_t>(counts->rows));
  }
  return txn->commit();
}

base::Result<void> LmdbStore::write_rows(base::LmdbTxn& txn) {
  Sorted rows;
  rows.reserve(committing_.size());
  for (const auto& [key, change] : committing_) {
    rows.emplace_back(key, &change);
  }
  // In the order of the keys a page is visited once.
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> entries;
  for (const auto& [key, change] : rows) {
    const base::LmdbTable table = table_of(key.table());
    if (!*change) {
      if (auto erased = txn.erase(table, key.bytes()); !erased) {
        return erased;
      }
      continue;
    }
    row_bytes_.clear();
    append_row(row_bytes_, **change);
    const auto is_new = txn.put_new(table, key.bytes(), row_bytes_);
    if (!is_new) {
      return is_new.error();
    }
    if (*is_new) {
      entries.push_back(index_key((*change)->expires, key));
    } else if (auto put = txn.put(table, key.bytes(), row_bytes_); !put) {
      return put;
    }
  }
  return write_index(txn, entries);
}

base::Result<void> LmdbStore::write_index(base::LmdbTxn& txn, std::vector<std::string>& entries) {
  std::sort(entries.begin(), entries.end());
  auto cursor = base::LmdbCursor::open(txn, expiry_);
  if (!cursor) {
    return cursor.error();
  }
  const auto last = cursor->last();
  if (!last) {
    return last.error();
  }
  std::string top = *last ? std::string((*last)->key) : std::string();
  for (const std::string& entry : entries) {
    // Most entries are later than all before: appending fills pages where inserting halves them.
    const bool is_last = entry > top;
    auto put = is_last ? cursor->append(entry, {}) : txn.put(expiry_, entry, {});
    if (!put) {
      return put;
    }
    if (is_last) {
      top = entry;
    }
  }
  return {};
}

base::Result<void> LmdbStore::expire(base::LmdbTxn& txn, Seconds now, std::size_t most) {
  auto cursor = base::LmdbCursor::open(txn, expiry_);
  if (!cursor) {
    return cursor.error();
  }
  std::vector<std::string> moved;
  auto entry = cursor->first();
  for (; most > 0 && entry && *entry && index_expires((*entry)->key) <= now;
       entry = cursor->next(), --most) {
    const Key key = index_row((*entry)->key);
    const auto row = txn.get(table_of(key.table()), key.bytes());
    if (!row) {
      return row.error();
    }
    const Seconds expires = *row && (*row)->size() >= row_head ? row_expires(**row) : 0;
    if (expires > now) {
      moved.push_back(index_key(expires, key));
    }
    if (auto erased = cursor->erase(); !erased) {
      return erased;
    }
    if (*row && expires <= now) {
      count_expired.add();
      if (auto erased = txn.erase(table_of(key.table()), key.bytes()); !erased) {
        return erased;
      }
    }
  }
  if (!entry) {
    return entry.error();
  }
  return write_index(txn, moved);
}

base::Result<bool> LmdbStore::is_something_due(Seconds now) {
  auto txn = env_.begin_read();
  if (!txn) {
    return txn.error();
  }
  auto cursor = base::LmdbCursor::open(*txn, expiry_);
  if (!cursor) {
    return cursor.error();
  }
  const auto first = cursor->first();
  if (!first) {
    return first.error();
  }
  return *first && index_expires((*first)->key) <= now;
}

}  // namespace policy
