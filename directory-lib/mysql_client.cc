// directory-lib/mysql_client.cc -- libmariadb: logging in, binding, fetching, and what errors mean.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/mysql_client.hh"

#include <algorithm>
#include <array>
#include <mutex>

#include <errmsg.h>
#include <mysql.h>
#include <mysqld_error.h>

#include "base/files.hh"
#include "base/must.hh"
#include "base/text.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::size_t cell_size = 320;         // most cells fit; longer ones are fetched alone
constexpr std::size_t cell_limit = 4U << 20U;  // more is no entry of ours
constexpr std::size_t password_file_limit = 4096;
constexpr auto timer_slack = std::chrono::milliseconds(100);

// libmariadb counts in whole seconds.
unsigned whole_seconds(base::Duration time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return static_cast<unsigned>(std::max<std::int64_t>(seconds, 1));
}

base::Result<std::string> read_password(const std::string& path) {
  if (path.empty()) {
    return std::string();
  }
  auto text = base::read_file(path, password_file_limit);
  if (!text) {
    auto error = text.error();
    error.code = error.code == Errc::denied ? Errc::denied : Errc::unavailable;
    error.hint = "mysql_password_file must be readable by this program's user";
    return error;
  }
  return text->substr(0, text->find_first_of("\r\n"));
}

struct ErrorRow {
  unsigned code;
  Errc meaning;
  std::string_view hint;
};

constexpr std::string_view no_access = "check mysql_user and mysql_password_file in directory.conf";
constexpr std::string_view no_right = "grant it to mysql_user, or let another user do it";
constexpr std::string_view damaged = "look at the table with CHECK TABLE and REPAIR TABLE";
constexpr std::string_view no_tls = "mysql_tls and mysql_tls_ca say which certificates are taken";
constexpr std::string_view too_long = "the column cannot hold the value";

// What is not listed may pass: unavailable.
constexpr ErrorRow error_rows[] = {
    {ER_ACCESS_DENIED_ERROR, Errc::denied, no_access},
    {ER_ACCESS_DENIED_NO_PASSWORD_ERROR, Errc::denied, no_access},
    {ER_DBACCESS_DENIED_ERROR, Errc::denied, no_access},
    {ER_HOST_NOT_PRIVILEGED, Errc::denied, "the server lets this host not in"},
    {ER_HOST_IS_BLOCKED, Errc::denied, "FLUSH HOSTS on the server"},
    {ER_MUST_CHANGE_PASSWORD, Errc::denied, no_access},
    {ER_TABLEACCESS_DENIED_ERROR, Errc::denied, no_right},
    {ER_COLUMNACCESS_DENIED_ERROR, Errc::denied, no_right},
    {ER_SPECIFIC_ACCESS_DENIED_ERROR, Errc::denied, no_right},
    {ER_BAD_DB_ERROR, Errc::unavailable, "make the database that mysql_database names"},
    {ER_DUP_ENTRY, Errc::exists, ""},
    {ER_NO_SUCH_TABLE, Errc::corrupt, "docs/formats/directory-mysql.md lists all columns"},
    {ER_BAD_FIELD_ERROR, Errc::corrupt, "docs/formats/directory-mysql.md lists all columns"},
    {ER_CANT_AGGREGATE_2COLLATIONS, Errc::corrupt, "give all columns of a kind one collation"},
    {ER_NOT_KEYFILE, Errc::corrupt, damaged},
    {ER_OLD_KEYFILE, Errc::corrupt, damaged},
    {ER_CRASHED_ON_USAGE, Errc::corrupt, damaged},
    {ER_CRASHED_ON_REPAIR, Errc::corrupt, damaged},
    {ER_DATA_TOO_LONG, Errc::malformed, too_long},
    {ER_WARN_DATA_OUT_OF_RANGE, Errc::malformed, too_long},
    {ER_TRUNCATED_WRONG_VALUE, Errc::malformed, too_long},
    {ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, Errc::malformed, too_long},
    {ER_QUERY_INTERRUPTED, Errc::timeout, ""},
    {ER_STATEMENT_TIMEOUT, Errc::timeout, ""},
    {ER_LOCK_WAIT_TIMEOUT, Errc::timeout, "another program holds the rows"},
};

bool is_connection_error(unsigned code) {
  return (code >= CR_MIN_ERROR && code <= CR_MAX_ERROR && code != CR_PARAMS_NOT_BOUND) ||
         code == ER_SERVER_SHUTDOWN || code == ER_CONNECTION_KILLED ||
         code == ER_NEW_ABORTING_CONNECTION || code == ER_UNKNOWN_COM_ERROR;
}

void bind_value(const MysqlValue& value, MYSQL_BIND& bind) {
  bind = {};
  if (const auto* number = std::get_if<std::int64_t>(&value)) {
    bind.buffer_type = MYSQL_TYPE_LONGLONG;
    // libmariadb only reads it.
    bind.buffer =
        const_cast<std::int64_t*>(number);  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  } else if (const auto* text = std::get_if<std::string_view>(&value)) {
    bind.buffer_type = MYSQL_TYPE_STRING;
    bind.buffer = const_cast<char*>(text->data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
    bind.buffer_length = text->size();
  } else {
    bind.buffer_type = MYSQL_TYPE_NULL;
  }
}

// Where one row is fetched to.
struct Cells {
  explicit Cells(std::size_t count) : binds(count), lengths(count), nulls(count), texts(count) {
    for (std::size_t i = 0; i < count; ++i) {
      texts[i].resize(cell_size);
      binds[i] = {};
      binds[i].buffer_type = MYSQL_TYPE_STRING;
      binds[i].buffer = texts[i].data();
      binds[i].buffer_length = cell_size;
      binds[i].length = &lengths[i];
      binds[i].is_null = &nulls[i];
    }
  }
  std::vector<MYSQL_BIND> binds;
  std::vector<unsigned long> lengths;
  std::vector<my_bool> nulls;
  std::vector<std::string> texts;
};

// The whole of a cell that was longer than its place; nothing when it is beyond all measure.
std::optional<std::string> fetch_long(st_mysql_stmt* statement, unsigned column,
                                      unsigned long length) {
  if (length > cell_limit) {
    return std::nullopt;
  }
  std::string text(length, '\0');
  MYSQL_BIND bind{};
  unsigned long got = 0;
  bind.buffer_type = MYSQL_TYPE_STRING;
  bind.buffer = text.data();
  bind.buffer_length = length;
  bind.length = &got;
  if (mysql_stmt_fetch_column(statement, &bind, column, 0) != 0) {
    return std::nullopt;
  }
  return text;
}

std::optional<MysqlRow> read_row(st_mysql_stmt* statement, const Cells& cells) {
  std::vector<std::optional<std::string>> row;
  row.reserve(cells.binds.size());
  for (std::size_t i = 0; i < cells.binds.size(); ++i) {
    if (cells.nulls[i] != 0) {
      row.emplace_back();
    } else if (cells.lengths[i] <= cell_size) {
      row.emplace_back(cells.texts[i].substr(0, cells.lengths[i]));
    } else {
      auto text = fetch_long(statement, static_cast<unsigned>(i), cells.lengths[i]);
      if (!text) {
        return std::nullopt;
      }
      row.push_back(std::move(text));
    }
  }
  return MysqlRow(std::move(row));
}

void set_option(MYSQL* connection, mysql_option option, const void* value) {
  base::must(mysql_optionsv(connection, option, value) == 0, "libmariadb knows the option");
}

void set_tls(MYSQL* connection, const Settings& settings) {
  const my_bool enforce = settings.mysql_tls == "no" ? 0 : 1;
  const my_bool verify = settings.mysql_tls == "yes" ? 1 : 0;
  if (enforce != 0 && !settings.mysql_tls_ca.empty()) {
    set_option(connection, MYSQL_OPT_SSL_CA, settings.mysql_tls_ca.c_str());
  }
  set_option(connection, MYSQL_OPT_SSL_ENFORCE, &enforce);
  set_option(connection, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

void set_options(MYSQL* connection, const Settings& settings) {
  const unsigned connect = whole_seconds(settings.mysql_connect_timeout);
  const unsigned query = whole_seconds(settings.mysql_timeout);
  const my_bool off = 0;
  const unsigned no_files = 0;
  set_option(connection, MYSQL_OPT_CONNECT_TIMEOUT, &connect);
  set_option(connection, MYSQL_OPT_READ_TIMEOUT, &query);
  set_option(connection, MYSQL_OPT_WRITE_TIMEOUT, &query);
  set_option(connection, MYSQL_OPT_RECONNECT, &off);
  // A server could otherwise ask for any file that this process may read.
  set_option(connection, MYSQL_OPT_LOCAL_INFILE, &no_files);
  set_option(connection, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  set_tls(connection, settings);
}

std::string server_name(const Settings& settings) {
  return "MySQL server at " +
         (settings.mysql_host.empty()
              ? settings.mysql_socket
              : settings.mysql_host + ":" + std::to_string(settings.mysql_port));
}

}  // namespace

struct MysqlStatement {
  explicit MysqlStatement(MYSQL* connection) : handle(mysql_stmt_init(connection)) {
    base::must(handle != nullptr, "memory");
  }
  MysqlStatement(const MysqlStatement&) = delete;
  MysqlStatement& operator=(const MysqlStatement&) = delete;
  ~MysqlStatement() { mysql_stmt_close(handle); }

  MYSQL_STMT* handle;
  std::optional<Cells> cells;  // made with the first rows
};

void close_mysql(st_mysql* connection) {
  mysql_close(connection);
}

void close_mysql_statement(MysqlStatement* statement) {
  delete statement;  // NOLINT(cppcoreguidelines-owning-memory): the handle's
}

std::int64_t MysqlRow::number(std::size_t column) const {
  return base::parse_number<std::int64_t>(text(column)).value_or(0);
}

MysqlConnection::MysqlConnection(st_mysql* connection, const Settings& settings)
    : connection_(connection),
      name_(server_name(settings)),
      user_(settings.mysql_user),
      query_deadline_(settings.mysql_timeout) {}

base::Error MysqlConnection::failure(unsigned code, const char* text) {
  const bool is_late = base::system_clock().ticks() - began_ + timer_slack >=
                       std::chrono::seconds(whole_seconds(deadline_));
  std::string detail =
      name_ + ": " + base::printable(text, 300) + " (" + std::to_string(code) + ")";
  if (is_connection_error(code)) {
    is_lost_ = true;
    return base::make_error(is_late ? Errc::timeout : Errc::unavailable, std::move(detail),
                            code == CR_SSL_CONNECTION_ERROR ? std::string(no_tls) : std::string());
  }
  for (const ErrorRow& row : error_rows) {
    if (row.code == code) {
      return base::make_error(row.meaning, std::move(detail), std::string(row.hint));
    }
  }
  return base::make_error(Errc::unavailable, std::move(detail));
}

base::Error MysqlConnection::statement_failure(const MysqlStatement& statement) {
  return failure(mysql_stmt_errno(statement.handle), mysql_stmt_error(statement.handle));
}

base::Result<void> MysqlConnection::log_in(const Settings& settings) {
  const auto password = read_password(settings.mysql_password_file);
  if (!password) {
    return password.error();
  }
  const bool is_local = settings.mysql_host.empty();
  set_options(connection_.get(), settings);
  began_ = base::system_clock().ticks();
  deadline_ = settings.mysql_connect_timeout;
  // CLIENT_FOUND_ROWS: a row that is changed to what it was already was found all the same.
  if (mysql_real_connect(
          connection_.get(), is_local ? nullptr : settings.mysql_host.c_str(),
          settings.mysql_user.c_str(), password->c_str(), settings.mysql_database.c_str(),
          static_cast<unsigned>(settings.mysql_port),
          is_local ? settings.mysql_socket.c_str() : nullptr, CLIENT_FOUND_ROWS) == nullptr) {
    return failure(mysql_errno(connection_.get()), mysql_error(connection_.get()));
  }
  return {};
}

base::Result<MysqlConnection> MysqlConnection::open(const Settings& settings) {
  static std::once_flag once;
  std::call_once(once, [] { base::must(mysql_library_init(0, nullptr, nullptr) == 0, "memory"); });
  MysqlConnection connection(mysql_init(nullptr), settings);
  if (auto ok = connection.log_in(settings); !ok) {
    return ok.error();
  }
  // Strict: nothing is cut to fit. Zero dates are ExtMan's "never".
  auto ready = connection.execute(
      "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', autocommit = 1");
  if (ready && connection.is_mariadb()) {
    // What nobody waits for any more shall not go on in the server.
    ready = connection.execute("SET SESSION max_statement_time = " +
                               std::to_string(whole_seconds(settings.mysql_timeout)));
  }
  if (!ready) {
    return ready.error();
  }
  return connection;
}

bool MysqlConnection::is_mariadb() const {
  return std::string_view(mysql_get_server_info(connection_.get())).find("MariaDB") !=
         std::string_view::npos;
}

base::Result<void> MysqlConnection::set_charset(const std::string& name) {
  began_ = base::system_clock().ticks();
  deadline_ = query_deadline_;
  if (mysql_set_character_set(connection_.get(), name.c_str()) != 0) {
    return failure(mysql_errno(connection_.get()), mysql_error(connection_.get()));
  }
  return {};
}

base::Result<MysqlStatement*> MysqlConnection::prepared(std::string_view sql) {
  if (const auto known = statements_.find(sql); known != statements_.end()) {
    return known->second.get();
  }
  base::Handle<MysqlStatement, close_mysql_statement> made(
      new MysqlStatement(connection_.get()));  // NOLINT(cppcoreguidelines-owning-memory)
  if (mysql_stmt_prepare(made->handle, sql.data(), sql.size()) != 0) {
    return statement_failure(*made);
  }
  return statements_.emplace(sql, std::move(made)).first->second.get();
}

// Prepared, bound and executed.
base::Result<MysqlStatement*> MysqlConnection::run(std::string_view sql,
                                                   const MysqlValues& values) {
  began_ = base::system_clock().ticks();
  deadline_ = query_deadline_;
  auto found = prepared(sql);
  if (!found) {
    return found;
  }
  MYSQL_STMT* const statement = (*found)->handle;
  base::must(mysql_stmt_param_count(statement) == values.size(), "each '?' has its value");
  std::vector<MYSQL_BIND> binds(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    bind_value(values[i], binds[i]);
  }
  if ((!binds.empty() && mysql_stmt_bind_param(statement, binds.data()) != 0) ||
      mysql_stmt_execute(statement) != 0) {
    return statement_failure(**found);
  }
  return found;
}

// The rows of an executed statement; its place for them is kept, with what binding them costs.
base::Result<MysqlRows> MysqlConnection::fetch(MysqlStatement& statement) {
  MYSQL_STMT* const handle = statement.handle;
  if (!statement.cells) {
    statement.cells.emplace(mysql_stmt_field_count(handle));
    if (mysql_stmt_bind_result(handle, statement.cells->binds.data()) != 0) {
      auto why = statement_failure(statement);
      statement.cells.reset();
      return why;
    }
  }
  if (mysql_stmt_store_result(handle) != 0) {
    return statement_failure(statement);
  }
  MysqlRows rows;
  rows.reserve(mysql_stmt_num_rows(handle));
  int rc = 0;
  while ((rc = mysql_stmt_fetch(handle)) == 0 || rc == MYSQL_DATA_TRUNCATED) {
    auto row = read_row(handle, *statement.cells);
    if (!row) {
      return base::make_error(Errc::corrupt, name_ + ": a value of more than 4 MiB");
    }
    rows.push_back(std::move(*row));
  }
  return rc == MYSQL_NO_DATA ? base::Result<MysqlRows>(std::move(rows))
                             : statement_failure(statement);
}

base::Result<MysqlRows> MysqlConnection::query(std::string_view sql, const MysqlValues& values) {
  const auto statement = run(sql, values);
  if (!statement) {
    return statement.error();
  }
  auto rows = fetch(**statement);
  mysql_stmt_free_result((*statement)->handle);
  return rows;
}

base::Result<std::uint64_t> MysqlConnection::change(std::string_view sql,
                                                    const MysqlValues& values) {
  const auto statement = run(sql, values);
  if (!statement) {
    return statement.error();
  }
  return static_cast<std::uint64_t>(mysql_stmt_affected_rows((*statement)->handle));
}

base::Result<void> MysqlConnection::execute(const std::string& sql) {
  began_ = base::system_clock().ticks();
  deadline_ = query_deadline_;
  if (mysql_real_query(connection_.get(), sql.data(), sql.size()) != 0) {
    return failure(mysql_errno(connection_.get()), mysql_error(connection_.get()));
  }
  return {};
}

}  // namespace directory
