// base/sqlite.hh -- SQLite connections and prepared statements; its codes turned into Errors.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The only file that sees <sqlite3.h>. All of it blocks: never on a loop thread. One thread a
// connection; opened after fork.
//
// Errors: corrupt (damaged, or no database), unavailable (locked past the busy timeout, not to be
// opened, disk error), timeout (interrupted by a time limit), exists (a key is taken), not_found (a
// foreign key points nowhere), malformed (another constraint), denied (read-only).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/handle.hh"
#include "base/result.hh"

struct sqlite3;
struct sqlite3_stmt;

namespace base {

void close_sqlite(sqlite3* connection);
void finalize_sqlite(sqlite3_stmt* statement);

// One use of a prepared statement, lent by its Database, which must outlive it; reset at the end.
class Statement {
 public:
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  Statement(Statement&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)), rc_(other.rc_) {}
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  // Parameters count from 1. Text is not copied: it must outlive the last step(). A failed bind
  // shows at the next step().
  Statement& bind(int index, std::string_view text);
  Statement& bind(int index, std::int64_t number);
  Statement& bind_null(int index);

  // True when there is a row, false at the end.
  Result<bool> step();
  // For statements without rows.
  Result<void> run();

  // Columns of the row, from 0; views live until the next step().
  std::string_view text(int column) const;
  std::int64_t number(int column) const;
  bool is_null(int column) const;

 private:
  friend class Database;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  sqlite3_stmt* statement_;
  int rc_ = 0;
};

class Database {
 public:
  enum class Mode {
    read,   // never writes: `query_only`, and the file is not made
    write,  // the file must be there
  };
  static Result<Database> open(const std::string& path, Mode mode,
                               std::chrono::milliseconds busy_timeout);

  // Statements without parameters and rows, separated by ';'.
  Result<void> execute(const std::string& sql);

  // The statement of `sql`, prepared at its first use and kept. `sql` must be a literal or live as
  // long as the connection. A statement may be lent once at a time.
  Result<Statement> prepare(std::string_view sql);

  // Another file under the schema name `schema`, opened as this one was.
  Result<void> attach(const std::string& path, std::string_view schema);

  // PRAGMA user_version of a schema.
  Result<std::int64_t> user_version(std::string_view schema);
  Result<void> set_user_version(std::string_view schema, std::int64_t version);

  // PRAGMA quick_check within `budget`: corrupt with the first finding. True when it came to the
  // end, false when the time was up before anything was found.
  Result<bool> quick_check(std::string_view schema, std::chrono::milliseconds budget);

 private:
  explicit Database(sqlite3* connection) : connection_(connection) {}
  Error error(int rc, std::string_view what) const;
  std::string file_of(std::string_view schema) const;

  // Declared in this order: statements are finalized before their connection is closed.
  Handle<sqlite3, close_sqlite> connection_;
  std::map<std::string_view, Handle<sqlite3_stmt, finalize_sqlite>> statements_;
};

}  // namespace base
