// directory-lib/mysql_directory.cc -- connecting, asking again, and looking up in MySQL.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/mysql_directory.hh"

#include <algorithm>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

const MysqlQuery one_domain = select_domains("WHERE d.domain = ?");
const MysqlQuery one_user = select_users("WHERE m.username = ?");
const MysqlQuery one_credentials = select_credentials("WHERE m.username = ?");
const MysqlQuery one_alias = select_aliases("WHERE a.address = ?");

// A collation may take "JOSÉ" for "jose", and ' ' at the end for nothing; we do not.
const MysqlRow* exact(const MysqlRows& rows, std::string_view key) {
  for (const MysqlRow& row : rows) {
    if (base::to_lower(row.text(0)) == key) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace

base::Result<std::unique_ptr<Directory>> MysqlDirectory::open(const Settings& settings,
                                                              OpenAs mode) {
  auto directory = std::make_unique<MysqlDirectory>(OnlyOpen(), settings, mode);
  if (auto ok = directory->connect(); !ok) {
    return ok.error();
  }
  return std::unique_ptr<Directory>(std::move(directory));
}

base::Result<void> MysqlDirectory::make_ready(MysqlConnection& connection) {
  const bool is_writer = mode_ == OpenAs::writer;
  auto schema = look_over(connection, false);
  if (!schema) {
    return schema.error();
  }
  if (is_writer && (!schema->has_accounts || !schema->has_stores)) {
    auto made = make_tables(connection);
    if (!made && !(made.error().code == Errc::denied && schema->has_accounts)) {
      return made;
    }
  }
  if (is_writer) {
    schema = look_over(connection, true);
    if (!schema) {
      return schema.error();
    }
  }
  if (!schema->has_accounts) {
    return base::make_error(Errc::unavailable,
                            "database " + settings().mysql_database + " has no tables yet",
                            "posthouse domain add DOMAIN makes them");
  }
  schema_ = std::move(*schema);
  // ExtMan wrote bytes through a latin1 connection: they come back as they were.
  if (schema_.charset == "latin1") {
    return connection.set_charset("latin1");
  }
  return {};
}

base::Result<void> MysqlDirectory::connect() {
  connection_.reset();
  auto connection = MysqlConnection::open(settings());
  if (!connection) {
    return connection.error();
  }
  if (auto ok = make_ready(*connection); !ok) {
    return ok.error();
  }
  connection_.emplace(std::move(*connection));
  return {};
}

base::Error MysqlDirectory::lost() const {
  return base::make_error(Errc::unavailable, "the connection to the database was lost");
}

base::Result<void> MysqlDirectory::ready() {
  if (connection_ && !connection_->is_lost()) {
    return {};
  }
  return in_transaction_ ? lost() : connect();
}

base::Result<MysqlRows> MysqlDirectory::ask(std::string_view sql, const MysqlValues& values) {
  const bool was_idle = connection_ && !in_transaction_;
  if (auto ok = ready(); !ok) {
    return ok.error();
  }
  auto rows = connection_->query(sql, values);
  // The server may have closed it long ago, or been restarted.
  if (!rows && was_idle && connection_->is_lost() && rows.error().code != Errc::timeout) {
    if (auto ok = connect(); !ok) {
      return ok.error();
    }
    rows = connection_->query(sql, values);
  }
  return rows;
}

base::Result<MysqlRows> MysqlDirectory::ask(const MysqlQuery& query, const MysqlValues& values) {
  if (auto ok = ready(); !ok) {
    return ok.error();
  }
  return ask(query.text(schema_.has_additions), values);
}

// A character that the columns do not know would make the server convert every row.
bool MysqlDirectory::can_hold(std::string_view key) const {
  constexpr unsigned char four_bytes = 0xF0;
  const auto highest = [key] {
    unsigned char most = 0;
    for (const char c : key) {
      most = std::max(most, static_cast<unsigned char>(c));
    }
    return most;
  }();
  if (highest < 0x80 || schema_.charset == "utf8mb4" || schema_.charset == "latin1") {
    return true;
  }
  return (schema_.charset == "utf8" || schema_.charset == "utf8mb3") && highest < four_bytes;
}

base::Result<void> MysqlDirectory::check_holds(std::string_view key) const {
  if (can_hold(key)) {
    return {};
  }
  return base::make_error(Errc::malformed, "the database's character set " + schema_.charset +
                                               " cannot hold " + base::printable(key, 80));
}

base::Result<Domain> MysqlDirectory::read_domain(std::string_view name) {
  if (!can_hold(name)) {
    return absent("domain", name);
  }
  const auto rows = ask(one_domain, {name});
  if (!rows) {
    return rows.error();
  }
  const MysqlRow* row = exact(*rows, name);
  return row != nullptr ? base::Result<Domain>(mysql_domain(*row)) : absent("domain", name);
}

base::Result<User> MysqlDirectory::read_user(const mail::Address& address) {
  const std::string key = address.key();
  if (!can_hold(key)) {
    return absent("user", key);
  }
  const auto rows = ask(one_user, {std::string_view(key)});
  if (!rows) {
    return rows.error();
  }
  const MysqlRow* row = exact(*rows, key);
  return row != nullptr ? base::Result<User>(mysql_user(*row)) : absent("user", key);
}

base::Result<Credentials> MysqlDirectory::read_credentials(const mail::Address& address) {
  const std::string key = address.key();
  if (!can_hold(key)) {
    return absent("user", key);
  }
  if (auto ok = ready(); !ok) {
    return ok.error();
  }
  MysqlValues values{std::string_view(key)};
  if (schema_.has_additions) {
    values.emplace_back(std::string_view(key));
  }
  const auto rows = ask(one_credentials.text(schema_.has_additions), values);
  if (!rows) {
    return rows.error();
  }
  const MysqlRow* row = exact(*rows, key);
  if (row == nullptr) {
    return absent("user", key);
  }
  return Credentials{
      mysql_user(*row),
      extman::stored_password(mysql_password(*row), settings().default_password_scheme),
      mysql_password_changed(*row), mysql_has_app_passwords(*row)};
}

base::Result<Alias> MysqlDirectory::read_alias(std::string_view local, std::string_view domain) {
  std::string key(local);
  key.append("@").append(domain);
  if (!can_hold(key)) {
    return absent("alias", key);
  }
  const auto rows = ask(one_alias, {std::string_view(key)});
  if (!rows) {
    return rows.error();
  }
  const MysqlRow* row = exact(*rows, key);
  return row != nullptr ? base::Result<Alias>(mysql_alias(*row)) : absent("alias", key);
}

}  // namespace directory
