// base/sqlite.cc -- SQLite's C interface behind owners and Results.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/sqlite.hh"

#include <limits>
#include <string>

#include <sqlite3.h>

#include "base/clock.hh"
#include "base/must.hh"
#include "base/text.hh"

namespace base {

namespace {

// How many of SQLite's machine steps pass between two looks at the clock.
constexpr int steps_between_looks = 10'000;

struct Advice {
  Errc code;
  std::string_view hint;
};

Advice constraint_advice(int rc) {
  switch (rc) {
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_ROWID:
      return {Errc::exists, ""};
    case SQLITE_CONSTRAINT_FOREIGNKEY:
      return {Errc::not_found, ""};
    default:
      return {Errc::malformed, ""};
  }
}

Advice advice_of(int rc) {
  if (rc == SQLITE_READONLY_ROLLBACK || rc == SQLITE_READONLY_RECOVERY) {
    return {Errc::unavailable,
            "a writer was interrupted; whoever may write the file repairs it by opening it"};
  }
  switch (rc & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return {Errc::corrupt, ""};
    case SQLITE_CONSTRAINT:
      return constraint_advice(rc);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Errc::denied, ""};
    case SQLITE_INTERRUPT:
      return {Errc::timeout, ""};
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return {Errc::malformed, ""};
    case SQLITE_MISUSE:
    case SQLITE_RANGE:
      return {Errc::internal, ""};
    default:
      return {Errc::unavailable, ""};
  }
}

Error sqlite_error(sqlite3* connection, int rc, std::string_view what) {
  const Advice advice = advice_of(rc);
  std::string detail(what);
  if (!detail.empty()) {
    detail += ": ";
  }
  // The connection may have gone on to another error; its text counts only when it is of this one.
  const bool current = connection != nullptr && sqlite3_extended_errcode(connection) == rc;
  detail += current ? sqlite3_errmsg(connection) : sqlite3_errstr(rc);
  return make_error(advice.code, std::move(detail), std::string(advice.hint));
}

struct Deadline {
  SteadyTime end;
};

int is_past(void* deadline) {
  return system_clock().ticks() >= static_cast<const Deadline*>(deadline)->end ? 1 : 0;
}

}  // namespace

void close_sqlite(sqlite3* connection) {
  sqlite3_close_v2(connection);
}

void finalize_sqlite(sqlite3_stmt* statement) {
  sqlite3_finalize(statement);
}

Statement::~Statement() {
  if (statement_ != nullptr) {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
  }
}

Statement& Statement::bind(int index, std::string_view text) {
  must(text.size() <= std::numeric_limits<int>::max(), "bound text is of a sane size");
  // An empty view may hold no pointer, which would bind NULL.
  const char* bytes = text.data() == nullptr ? "" : text.data();
  const int rc =
      sqlite3_bind_text(statement_, index, bytes, static_cast<int>(text.size()), SQLITE_STATIC);
  rc_ = rc_ == SQLITE_OK ? rc : rc_;
  return *this;
}

Statement& Statement::bind(int index, std::int64_t number) {
  const int rc = sqlite3_bind_int64(statement_, index, number);
  rc_ = rc_ == SQLITE_OK ? rc : rc_;
  return *this;
}

Statement& Statement::bind_null(int index) {
  const int rc = sqlite3_bind_null(statement_, index);
  rc_ = rc_ == SQLITE_OK ? rc : rc_;
  return *this;
}

Result<bool> Statement::step() {
  const int rc = rc_ == SQLITE_OK ? sqlite3_step(statement_) : rc_;
  if (rc == SQLITE_ROW) {
    return true;
  }
  if (rc == SQLITE_DONE) {
    return false;
  }
  sqlite3* connection = sqlite3_db_handle(statement_);
  const char* path = sqlite3_db_filename(connection, "main");
  const int extended = rc_ == SQLITE_OK ? sqlite3_extended_errcode(connection) : rc_;
  return sqlite_error(connection, extended, path == nullptr ? "" : path);
}

Result<void> Statement::run() {
  auto more = step();
  if (!more) {
    return more.error();
  }
  must(!*more, "a statement without rows gives none");
  return {};
}

std::string_view Statement::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_, column);
  if (bytes == nullptr) {
    return {};
  }
  return {reinterpret_cast<const char*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(statement_, column);
}

bool Statement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Error Database::error(int rc, std::string_view what) const {
  return sqlite_error(connection_.get(), rc, what);
}

std::string Database::file_of(std::string_view schema) const {
  const char* path = sqlite3_db_filename(connection_.get(), std::string(schema).c_str());
  return path == nullptr ? std::string(schema) : path;
}

Result<Database> Database::open(const std::string& path, Mode mode,
                                std::chrono::milliseconds busy_timeout) {
  sqlite3* raw = nullptr;
  // A reader asks for writing too and falls back by itself: so whoever may write the file also
  // finishes what an interrupted writer left, while query_only keeps it from changing anything.
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int rc = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Database database(raw);
  if (rc != SQLITE_OK) {
    return database.error(rc, path);
  }
  sqlite3_busy_timeout(raw, static_cast<int>(busy_timeout.count()));
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  const bool writable = sqlite3_db_readonly(raw, "main") == 0;
  if (mode == Mode::write && !writable) {
    return make_error(Errc::denied, path + ": may not be written by this user");
  }
  auto ok =
      database.execute(mode == Mode::read ? "PRAGMA query_only = ON"
                                          : "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL");
  if (!ok) {
    return ok.error();
  }
  return database;
}

Result<void> Database::execute(const std::string& sql) {
  const int rc = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) {
    return error(rc, file_of("main"));
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found == statements_.end()) {
    sqlite3_stmt* raw = nullptr;
    const int rc = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
    if (rc != SQLITE_OK) {
      return error(rc, file_of("main"));
    }
    found = statements_.emplace(sql, raw).first;
  }
  must(sqlite3_stmt_busy(found->second.get()) == 0, "a statement is lent once at a time");
  return Statement(found->second.get());
}

Result<void> Database::attach(const std::string& path, std::string_view schema) {
  auto statement = prepare("ATTACH DATABASE ?1 AS ?2");
  if (!statement) {
    return statement.error();
  }
  if (auto ok = statement->bind(1, path).bind(2, schema).run(); !ok) {
    return make_error(ok.error().code, path + ": cannot be opened", ok.error().detail);
  }
  return {};
}

Result<std::int64_t> Database::user_version(std::string_view schema) {
  sqlite3_stmt* raw = nullptr;
  const std::string sql = "PRAGMA " + std::string(schema) + ".user_version";
  const int rc = sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &raw, nullptr);
  const Handle<sqlite3_stmt, finalize_sqlite> owner(raw);
  if (rc != SQLITE_OK) {
    return error(rc, file_of(schema));
  }
  Statement statement(raw);
  auto row = statement.step();
  if (!row) {
    return row.error();
  }
  return statement.number(0);
}

Result<void> Database::set_user_version(std::string_view schema, std::int64_t version) {
  return execute("PRAGMA " + std::string(schema) + ".user_version = " + std::to_string(version));
}

Result<bool> Database::quick_check(std::string_view schema, std::chrono::milliseconds budget) {
  Deadline deadline{system_clock().ticks() + budget};
  sqlite3_progress_handler(connection_.get(), steps_between_looks, is_past, &deadline);
  sqlite3_stmt* raw = nullptr;
  const std::string sql = "PRAGMA " + std::string(schema) + ".quick_check(1)";
  const int rc = sqlite3_prepare_v2(connection_.get(), sql.c_str(), -1, &raw, nullptr);
  Result<bool> verdict = true;
  {
    const Handle<sqlite3_stmt, finalize_sqlite> owner(raw);
    const int step = rc == SQLITE_OK ? sqlite3_step(raw) : rc;
    const std::string name = file_of(schema);
    if (step == SQLITE_INTERRUPT) {
      verdict = false;
    } else if (step != SQLITE_ROW) {
      verdict = error(step, name);
    } else {
      const std::string_view text(reinterpret_cast<const char*>(sqlite3_column_text(raw, 0)));
      // A title may stand above what was found.
      const std::string_view finding = text.substr(text.rfind('\n') + 1);
      if (finding != "ok") {
        verdict = make_error(Errc::corrupt, name + ": damaged: " + printable(finding, 200));
      }
    }
  }
  sqlite3_progress_handler(connection_.get(), 0, nullptr, nullptr);
  return verdict;
}

}  // namespace base
