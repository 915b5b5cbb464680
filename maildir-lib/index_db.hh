// maildir-lib/index_db.hh -- the file of an account's index: SQLite, one writer, made anew at will.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/formats/index.md has the tables. A file of another release or another machine's format is
// thrown away and begun again; so is a damaged one, by whoever gets Errc::corrupt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/handle.hh"
#include "base/result.hh"
#include "base/sqlite.hh"

namespace maildir {

class IndexDb {
 public:
  // Makes the file and its folders when needed. unavailable while another process has it.
  static base::Result<std::unique_ptr<IndexDb>> open(const std::string& path);

  // Removes the file and what belongs to it.
  static void remove(const std::string& path);

  base::Result<base::Statement> prepare(std::string_view sql) { return db_.prepare(sql); }
  base::Result<void> execute(const std::string& sql) { return db_.execute(sql); }

  base::Result<std::string> meta(std::string_view name);  // empty when it was never set
  base::Result<void> set_meta(std::string_view name, std::string_view value);

  // False when the file was removed or replaced since it was opened.
  bool is_in_place() const;

 private:
  IndexDb(base::Database db, base::Fd lock, std::string path)
      : db_(std::move(db)), lock_(std::move(lock)), path_(std::move(path)) {}
  base::Result<void> begin();
  base::Result<void> make();
  base::Result<void> note_boot();

  base::Database db_;
  base::Fd lock_;
  std::string path_;
  std::uint64_t inode_ = 0;
};

// Rolls back unless it was committed.
class IndexChange {
 public:
  static base::Result<IndexChange> begin(IndexDb& db);
  IndexChange(IndexChange&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
  IndexChange(const IndexChange&) = delete;
  IndexChange& operator=(const IndexChange&) = delete;
  IndexChange& operator=(IndexChange&&) = delete;
  ~IndexChange();

  base::Result<void> commit();

 private:
  explicit IndexChange(IndexDb& db) : db_(&db) {}
  IndexDb* db_;
};

}  // namespace maildir
