// directory-lib/mysql_client.hh -- one connection to MySQL or MariaDB: statements, deadlines.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The only file that sees libmariadb's <mysql.h>. All of it blocks: never on a loop thread. One
// thread a connection, opened after fork. Data goes to the server as parameters and never as text
// of a statement.
//
// Errors: unavailable (not reachable, too many connections, shutting down, a dead lock), timeout
// (no answer within the settings' deadlines), denied (user, password or right), exists (a key is
// taken), malformed (a value that its column cannot hold), corrupt (a table or column is missing,
// or damaged). Never not_found. After an error is_lost() tells whether the connection is gone.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hh"
#include "base/handle.hh"
#include "base/result.hh"

#include "directory-lib/settings.hh"

struct st_mysql;

namespace directory {

struct MysqlStatement;  // prepared, with the place that its rows are fetched to

void close_mysql(st_mysql* connection);
void close_mysql_statement(MysqlStatement* statement);

// NULL, a number or text; text must outlive the call.
using MysqlValue = std::variant<std::nullptr_t, std::int64_t, std::string_view>;
using MysqlValues = std::vector<MysqlValue>;

// A row: its cells as text, nothing for NULL.
class MysqlRow {
 public:
  explicit MysqlRow(std::vector<std::optional<std::string>> cells) : cells_(std::move(cells)) {}

  bool is_null(std::size_t column) const { return !cells_.at(column).has_value(); }
  // "" for NULL.
  std::string_view text(std::size_t column) const {
    const auto& cell = cells_.at(column);
    return cell ? std::string_view(*cell) : std::string_view();
  }
  // 0 for NULL and for what is no number.
  std::int64_t number(std::size_t column) const;

 private:
  std::vector<std::optional<std::string>> cells_;
};
using MysqlRows = std::vector<MysqlRow>;

class MysqlConnection {
 public:
  // Connects and logs in, as the settings' mysql_ rows say.
  static base::Result<MysqlConnection> open(const Settings& settings);

  // What text is sent and read in: `latin1` passes bytes through to columns of that character set.
  base::Result<void> set_charset(const std::string& name);

  // The statement is prepared at its first use and kept: `sql` must live as long as the connection.
  base::Result<MysqlRows> query(std::string_view sql, const MysqlValues& values);
  // The number of rows that it made, removed or found to change.
  base::Result<std::uint64_t> change(std::string_view sql, const MysqlValues& values);
  // A statement without parameters and rows.
  base::Result<void> execute(const std::string& sql);

  bool is_lost() const { return is_lost_; }
  bool is_mariadb() const;

 private:
  MysqlConnection(st_mysql* connection, const Settings& settings);
  base::Result<void> log_in(const Settings& settings);
  base::Result<MysqlStatement*> prepared(std::string_view sql);
  base::Result<MysqlStatement*> run(std::string_view sql, const MysqlValues& values);
  base::Error failure(unsigned code, const char* text);
  base::Error statement_failure(const MysqlStatement& statement);
  base::Result<MysqlRows> fetch(MysqlStatement& statement);

  // Declared in this order: statements are closed before their connection.
  base::Handle<st_mysql, close_mysql> connection_;
  std::map<std::string_view, base::Handle<MysqlStatement, close_mysql_statement>> statements_;
  std::string name_;  // of the server, for messages
  std::string user_;
  base::Duration deadline_{};  // of what is being done now
  base::Duration query_deadline_{};
  base::SteadyTime began_;
  bool is_lost_ = false;
};

}  // namespace directory
