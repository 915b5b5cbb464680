// base/lmdb.hh -- LMDB with owners and Results: environments, transactions, cursors.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The only file that knows <lmdb.h> is lmdb.cc. Durability is LMDB's own: a commit that returned is
// on disk, one that did not has no effect; NOSYNC, NOMETASYNC and WRITEMAP cannot be asked for.
// LMDB has no checksums: reading a file that another hand has damaged can end the process. Who
// cannot trust a file walks it in a child process first.
// Views into a transaction live as long as it does and, in a write transaction, until its next
// change. One environment a file and process, opened after any fork.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/handle.hh"
#include "base/result.hh"

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace base {

struct LmdbOptions {
  std::uint64_t map_size = 1ULL << 30U;  // the most the file may grow to; only address space
  unsigned tables = 8;
  unsigned mode = 0640;
  // For looking at a file that nobody else uses and that may be damaged: takes no lock.
  bool inspect = false;
};

struct LmdbTable {
  unsigned number = 0;
};

struct LmdbRow {
  std::string_view key;
  std::string_view value;
};

struct LmdbCounts {
  std::uint64_t rows = 0;
  std::uint64_t pages = 0;  // branch, leaf and overflow pages
};

class LmdbTxn;

class LmdbEnv {
 public:
  // Opens or makes the file `path` (and `path`-lock beside it). corrupt when it is no LMDB file,
  // otherwise the errors of errno_error().
  static Result<LmdbEnv> open(const std::string& path, const LmdbOptions& options);
  LmdbEnv() = default;

  // One write transaction at a time in all processes; waits for it. Stays on one thread.
  Result<LmdbTxn> begin_write() const;
  // Sees the state of now, however long it lives; may move between threads.
  Result<LmdbTxn> begin_read() const;

  std::uint64_t last_page() const;  // the number of the last page in use; 0 is the first
  explicit operator bool() const { return handle_ != nullptr; }

 private:
  struct Close {
    void operator()(MDB_env* env) const;
  };
  std::unique_ptr<MDB_env, Close> handle_{};
};

// Aborted on destruction unless committed.
class LmdbTxn {
 public:
  LmdbTxn() = default;

  // The table of that name; not_found when there is none and `create` is false.
  Result<LmdbTable> table(const char* name, bool create);

  Result<std::optional<std::string_view>> get(LmdbTable table, std::string_view key);
  Result<void> put(LmdbTable table, std::string_view key, std::string_view value);
  // False, and nothing changed, when the key is there already.
  Result<bool> put_new(LmdbTable table, std::string_view key, std::string_view value);
  Result<void> erase(LmdbTable table, std::string_view key);  // a missing key is fine
  Result<LmdbCounts> counts(LmdbTable table);

  // over_quota when the file is at its map size or the disk is full.
  Result<void> commit();

  // A read transaction lets go of its state, and takes the state of now.
  void reset();
  Result<void> renew();

  // LMDB's own list of pages free for reuse: corrupt when it cannot be one. Gives their number.
  Result<std::uint64_t> walk_free_list(std::uint64_t last_page);
  // Pages of the free list itself and of the table of tables.
  Result<std::uint64_t> own_pages();

  explicit operator bool() const { return handle_ != nullptr; }

 private:
  friend class LmdbEnv;
  friend class LmdbCursor;
  struct Abort {
    void operator()(MDB_txn* txn) const;
  };
  std::unique_ptr<MDB_txn, Abort> handle_{};
};

// Walks a table in the order of its keys. Must not outlive its transaction.
class LmdbCursor {
 public:
  static Result<LmdbCursor> open(LmdbTxn& txn, LmdbTable table);

  // Nothing at the end.
  Result<std::optional<LmdbRow>> first();
  Result<std::optional<LmdbRow>> last();
  Result<std::optional<LmdbRow>> seek(std::string_view key);  // the first not below
  Result<std::optional<LmdbRow>> next();

  // Puts behind the last key, which must be smaller: leaves full pages behind.
  Result<void> append(std::string_view key, std::string_view value);
  Result<void> erase();  // where it stands; next() then gives the row that followed

 private:
  struct Close {
    void operator()(MDB_cursor* cursor) const;
  };
  Result<std::optional<LmdbRow>> move(std::string_view key, int how);

  std::unique_ptr<MDB_cursor, Close> handle_{};
};

}  // namespace base
