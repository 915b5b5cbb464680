// base/lmdb.cc -- the one file that calls LMDB.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/lmdb.hh"

#include <algorithm>
#include <cstring>
#include <vector>

#include <lmdb.h>

namespace base {

namespace {

MDB_val value_of(std::string_view text) {
  // LMDB only reads through these pointers.
  return {text.size(), const_cast<char*>(text.data())};
}

std::string_view text_of(const MDB_val& value) {
  return {static_cast<const char*>(value.mv_data), value.mv_size};
}

Error lmdb_error(std::string_view what, int code) {
  if (code > 0) {
    return errno_error(what, code);
  }
  const std::string detail = std::string(what) + ": " + ::mdb_strerror(code);
  switch (code) {
    case MDB_MAP_FULL:
      return make_error(Errc::over_quota, detail, "raise the size limit of this file");
    case MDB_NOTFOUND:
      return make_error(Errc::not_found, detail);
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
      return make_error(Errc::corrupt, detail);
    case MDB_READERS_FULL:
    case MDB_PANIC:
      return make_error(Errc::unavailable, detail);
    default:
      return make_error(Errc::internal, detail);
  }
}

Result<void> result_of(std::string_view what, int code) {
  if (code != MDB_SUCCESS) {
    return lmdb_error(what, code);
  }
  return {};
}

constexpr unsigned free_list_table = 0;
constexpr unsigned main_table = 1;

std::uint64_t pages_of(const MDB_stat& stat) {
  return stat.ms_branch_pages + stat.ms_leaf_pages + stat.ms_overflow_pages;
}

}  // namespace

void LmdbEnv::Close::operator()(MDB_env* env) const {
  ::mdb_env_close(env);
}
void LmdbTxn::Abort::operator()(MDB_txn* txn) const {
  ::mdb_txn_abort(txn);
}
void LmdbCursor::Close::operator()(MDB_cursor* cursor) const {
  ::mdb_cursor_close(cursor);
}

Result<LmdbEnv> LmdbEnv::open(const std::string& path, const LmdbOptions& options) {
  LmdbEnv env;
  MDB_env* raw = nullptr;
  if (const int code = ::mdb_env_create(&raw); code != 0) {
    return lmdb_error(path, code);
  }
  env.handle_.reset(raw);
  ::mdb_env_set_maxdbs(raw, options.tables);
  if (const int code = ::mdb_env_set_mapsize(raw, options.map_size); code != 0) {
    return lmdb_error(path, code);
  }
  const unsigned flags = options.inspect ? MDB_NOSUBDIR | MDB_RDONLY | MDB_NOLOCK
                                         : MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD;
  if (const int code = ::mdb_env_open(raw, path.c_str(), flags, options.mode); code != 0) {
    return lmdb_error(path, code);
  }
  if (!options.inspect) {
    int dead = 0;
    ::mdb_reader_check(raw, &dead);
  }
  return env;
}

Result<LmdbTxn> LmdbEnv::begin_write() const {
  LmdbTxn txn;
  MDB_txn* raw = nullptr;
  if (const int code = ::mdb_txn_begin(handle_.get(), nullptr, 0, &raw); code != 0) {
    return lmdb_error("begin to write", code);
  }
  txn.handle_.reset(raw);
  return txn;
}

Result<LmdbTxn> LmdbEnv::begin_read() const {
  LmdbTxn txn;
  MDB_txn* raw = nullptr;
  if (const int code = ::mdb_txn_begin(handle_.get(), nullptr, MDB_RDONLY, &raw); code != 0) {
    return lmdb_error("begin to read", code);
  }
  txn.handle_.reset(raw);
  return txn;
}

std::uint64_t LmdbEnv::last_page() const {
  MDB_envinfo info{};
  ::mdb_env_info(handle_.get(), &info);
  return info.me_last_pgno;
}

Result<LmdbTable> LmdbTxn::table(const char* name, bool create) {
  MDB_dbi number = 0;
  const int code = ::mdb_dbi_open(handle_.get(), name, create ? MDB_CREATE : 0, &number);
  if (code != 0) {
    return lmdb_error(std::string("table ") + name, code);
  }
  return LmdbTable{number};
}

Result<std::optional<std::string_view>> LmdbTxn::get(LmdbTable table, std::string_view key) {
  MDB_val wanted = value_of(key);
  MDB_val found{};
  const int code = ::mdb_get(handle_.get(), table.number, &wanted, &found);
  if (code == MDB_NOTFOUND) {
    return std::optional<std::string_view>();
  }
  if (code != 0) {
    return lmdb_error("get", code);
  }
  return std::optional(text_of(found));
}

Result<void> LmdbTxn::put(LmdbTable table, std::string_view key, std::string_view value) {
  MDB_val name = value_of(key);
  MDB_val content = value_of(value);
  return result_of("put", ::mdb_put(handle_.get(), table.number, &name, &content, 0));
}

Result<bool> LmdbTxn::put_new(LmdbTable table, std::string_view key, std::string_view value) {
  MDB_val name = value_of(key);
  MDB_val content = value_of(value);
  const int code = ::mdb_put(handle_.get(), table.number, &name, &content, MDB_NOOVERWRITE);
  if (code == MDB_KEYEXIST) {
    return false;
  }
  if (code != 0) {
    return lmdb_error("put", code);
  }
  return true;
}

Result<void> LmdbTxn::erase(LmdbTable table, std::string_view key) {
  MDB_val name = value_of(key);
  const int code = ::mdb_del(handle_.get(), table.number, &name, nullptr);
  return code == MDB_NOTFOUND ? Result<void>() : result_of("erase", code);
}

Result<LmdbCounts> LmdbTxn::counts(LmdbTable table) {
  MDB_stat stat{};
  if (const int code = ::mdb_stat(handle_.get(), table.number, &stat); code != 0) {
    return lmdb_error("counts", code);
  }
  return LmdbCounts{stat.ms_entries, pages_of(stat)};
}

Result<void> LmdbTxn::commit() {
  return result_of("commit", ::mdb_txn_commit(handle_.release()));
}

void LmdbTxn::reset() {
  ::mdb_txn_reset(handle_.get());
}

Result<void> LmdbTxn::renew() {
  return result_of("renew a transaction", ::mdb_txn_renew(handle_.get()));
}

// Each row holds the pages one transaction freed: how many, then their numbers, falling.
Result<std::uint64_t> LmdbTxn::walk_free_list(std::uint64_t last_page) {
  const Error broken = make_error(Errc::corrupt, "the list of free pages is damaged");
  auto cursor = LmdbCursor::open(*this, LmdbTable{free_list_table});
  if (!cursor) {
    return cursor.error();
  }
  std::uint64_t total = 0;
  auto row = cursor->first();
  for (; row && *row; row = cursor->next()) {
    const std::string_view bytes = (*row)->value;
    std::vector<std::size_t> numbers(bytes.size() / sizeof(std::size_t));
    std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(std::size_t));
    if (numbers.empty() || numbers.front() >= numbers.size()) {
      return broken;
    }
    std::size_t above = last_page + 1;
    for (std::size_t i = 1; i <= numbers.front(); ++i) {
      if (numbers[i] >= above || numbers[i] < 2) {
        return broken;
      }
      above = numbers[i];
    }
    total += numbers.front();
  }
  if (!row) {
    return row.error();
  }
  return total;
}

Result<std::uint64_t> LmdbTxn::own_pages() {
  const auto free_list = counts(LmdbTable{free_list_table});
  const auto tables = counts(LmdbTable{main_table});
  if (!free_list || !tables) {
    return !free_list ? free_list.error() : tables.error();
  }
  return free_list->pages + tables->pages;
}

Result<LmdbCursor> LmdbCursor::open(LmdbTxn& txn, LmdbTable table) {
  LmdbCursor cursor;
  MDB_cursor* raw = nullptr;
  if (const int code = ::mdb_cursor_open(txn.handle_.get(), table.number, &raw); code != 0) {
    return lmdb_error("open a cursor", code);
  }
  cursor.handle_.reset(raw);
  return cursor;
}

Result<std::optional<LmdbRow>> LmdbCursor::move(std::string_view key, int how) {
  MDB_val name = value_of(key);
  MDB_val value{};
  const int code = ::mdb_cursor_get(handle_.get(), &name, &value, static_cast<MDB_cursor_op>(how));
  if (code == MDB_NOTFOUND) {
    return std::optional<LmdbRow>();
  }
  if (code != 0) {
    return lmdb_error("walk a table", code);
  }
  return std::optional(LmdbRow{text_of(name), text_of(value)});
}

Result<std::optional<LmdbRow>> LmdbCursor::first() {
  return move({}, MDB_FIRST);
}
Result<std::optional<LmdbRow>> LmdbCursor::last() {
  return move({}, MDB_LAST);
}
Result<std::optional<LmdbRow>> LmdbCursor::seek(std::string_view key) {
  return move(key, MDB_SET_RANGE);
}
Result<std::optional<LmdbRow>> LmdbCursor::next() {
  return move({}, MDB_NEXT);
}

Result<void> LmdbCursor::append(std::string_view key, std::string_view value) {
  MDB_val name = value_of(key);
  MDB_val content = value_of(value);
  return result_of("append", ::mdb_cursor_put(handle_.get(), &name, &content, MDB_APPEND));
}

Result<void> LmdbCursor::erase() {
  return result_of("erase", ::mdb_cursor_del(handle_.get(), 0));
}

}  // namespace base
