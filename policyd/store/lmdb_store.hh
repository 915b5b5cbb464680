// policyd/store/lmdb_store.hh -- the store on disk: LMDB behind an overlay in memory.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// put() and erase() only change the overlay, so no request waits for the disk. The writer thread
// commits all that has gathered since its last commit began, at most every `commit_interval`: what
// a killed process loses is younger than that and the time of one commit. A row stays in the
// overlay until its commit has returned; get() looks there first.
//
// The same thread opens the file: it walks it in a child process first (state_check.hh), puts a
// damaged one aside under another name and begins an empty one. Until then, and after a commit
// that failed, rows are not taken (unavailable); what was taken before is tried again.
//
// Expired rows go in small portions with each commit, found by the index of expiry times. A row
// has one entry in the index, made when the row is new; when the entry's time has come and the row
// lives on, the entry moves. So a row that is written often costs no index writes.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/handle.hh"
#include "base/lmdb.hh"
#include "base/log.hh"

#include "policyd/store/state_layout.hh"
#include "policyd/store/store.hh"

namespace policy {

struct LmdbStoreOptions {
  std::string path{};
  std::uint64_t size_limit = 64ULL << 30U;         // the most the file may grow to
  std::chrono::milliseconds check_limit{60'000};   // then the walk of the file is ended
  std::chrono::milliseconds commit_interval{20};   // from the start of a commit to the next
  std::chrono::milliseconds retry_interval{1000};  // after a failure
  std::size_t commit_rows = 4096;                  // the most in one commit: bounds its memory
  std::size_t waiting_rows = 16'384;               // the most in the overlay; more are refused
};

class LmdbStore final : public Store {
 public:
  // Starts the writer thread, which opens the file. `clock` and `log` must outlive the store.
  LmdbStore(LmdbStoreOptions options, const base::Clock& clock, base::Log& log);
  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;
  ~LmdbStore() override;  // commits what has gathered

  // True once the file is open; waits for that at most so long. Any thread.
  bool wait_until_open(std::chrono::milliseconds limit);
  // Waits until all rows taken so far are on disk, or fails as they did.
  base::Result<void> flush();

  // One thread, the loop's: they share a transaction. scan() may be called on any.
  base::Result<HashKey> hash_key() override;
  base::Result<std::optional<Row>> get(const Key& key) override;
  base::Result<void> put(const Key& key, Row row) override;
  base::Result<void> erase(const Key& key) override;
  base::Result<void> scan(Table table, std::string_view prefix, const Visitor& visit) override;

 private:
  // Nothing: the row is erased.
  using Change = std::optional<Row>;
  using Overlay = std::unordered_map<Key, Change, KeyHasher>;
  using Sorted = std::vector<std::pair<Key, const Change*>>;

  base::Result<void> take(const Key& key, Change change);
  std::map<Key, Change> overlay_of(Table table, std::string_view prefix);
  base::LmdbTable table_of(Table table) const;

  // On the writer thread.
  void run();
  bool open_until_stopped();
  base::Result<void> open();
  base::Result<void> lock_folder();
  base::Result<void> check();
  base::Result<void> put_aside(const std::string& error);
  base::Result<void> open_tables();
  bool take_batch();
  void commit_batch();
  base::Result<void> write(Seconds now);
  base::Result<void> write_rows(base::LmdbTxn& txn);
  base::Result<void> write_index(base::LmdbTxn& txn, std::vector<std::string>& entries);
  base::Result<void> expire(base::LmdbTxn& txn, Seconds now, std::size_t most);
  base::Result<bool> is_something_due(Seconds now);
  void give_back();
  void report_failure(const base::Error& error);

  const LmdbStoreOptions options_;
  const base::Clock& clock_;
  base::Log& log_;

  base::Fd folder_lock_{};
  base::LmdbEnv env_{};
  std::array<base::LmdbTable, table_layouts.size()> tables_{};  // in the order of the layouts
  base::LmdbTable expiry_{};
  HashKey hash_key_{};
  base::LmdbTxn read_{};  // of get()
  std::string row_bytes_{};
  base::WallTime complained_{};

  std::mutex mutex_{};  // guards what follows
  std::condition_variable changed_{};
  Overlay gathering_{};
  Overlay committing_{};  // changed by the writer only, under the mutex
  bool is_open_ = false;
  bool has_failed_ = false;
  base::Error failure_{};
  bool is_stopping_ = false;
  std::thread writer_{};
};

}  // namespace policy
