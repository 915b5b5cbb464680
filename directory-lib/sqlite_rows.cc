// directory-lib/sqlite_rows.cc -- column by column, between SQLite and the structs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/sqlite_rows.hh"

#include "directory-lib/rules.hh"

namespace directory {

namespace {

std::string text(const base::Statement& row, int column) {
  return std::string(row.text(column));
}

std::uint64_t count(const base::Statement& row, int column) {
  return static_cast<std::uint64_t>(row.number(column));
}

Services services(const base::Statement& row, int column) {
  return Services::from_bits(static_cast<std::uint32_t>(row.number(column)));
}

std::string address(const base::Statement& row, int local, int domain) {
  std::string out(row.text(local));
  out += '@';
  out += row.text(domain);
  return out;
}

}  // namespace

std::int64_t stored_time(base::WallTime time) {
  return time.time_since_epoch().count();
}

base::WallTime time_of(std::int64_t stored) {
  return base::WallTime(std::chrono::milliseconds(stored));
}

void bind_expiry(base::Statement& statement, int index, const Expiry& expires) {
  if (expires) {
    statement.bind(index, static_cast<std::int64_t>(expires->time_since_epoch().count()));
  } else {
    statement.bind_null(index);
  }
}

Expiry expiry_column(const base::Statement& row, int column) {
  if (row.is_null(column)) {
    return {};
  }
  return std::chrono::sys_days(std::chrono::days(row.number(column)));
}

Domain domain_row(const base::Statement& row) {
  Domain domain;
  domain.name = text(row, 0);
  domain.description = text(row, 1);
  domain.hash_path = text(row, 2);
  domain.mail_host = text(row, 3);
  domain.max_users = count(row, 4);
  domain.max_aliases = count(row, 5);
  domain.max_quota = {count(row, 6)};
  domain.default_quota = {count(row, 7)};
  domain.disabled = services(row, 8);
  domain.enabled = row.number(9) != 0;
  domain.expires = expiry_column(row, 10);
  domain.created = time_of(row.number(11));
  domain.default_term = text(row, 12);
  return domain;
}

User user_row(const base::Statement& row) {
  User user;
  user.address = address(row, 0, 1);
  user.name = text(row, 2);
  user.home = text(row, 3);
  user.maildir = row.is_null(4) ? user.home + "/Maildir" : text(row, 4);
  user.mail_host = text(row, 5);
  user.quota = {count(row, 6)};
  user.disabled = services(row, 7);
  user.enabled = row.number(8) != 0;
  user.may_change_password = row.number(9) != 0;
  user.expires = expiry_column(row, 10);
  user.created = time_of(row.number(11));
  user.domain_enabled = row.number(12) != 0;
  user.domain_expires = expiry_column(row, 13);
  user.greylist = row.number(14) != 0;
  return user;
}

Alias alias_row(const base::Statement& row) {
  Alias alias;
  alias.address = address(row, 0, 1);
  alias.enabled = row.number(2) != 0;
  alias.expires = expiry_column(row, 3);
  alias.created = time_of(row.number(4));
  return alias;
}

ManagerAccount manager_row(const base::Statement& row) {
  ManagerAccount manager;
  manager.address = text(row, 0);
  manager.name = text(row, 1);
  manager.level = static_cast<ManagerLevel>(row.number(2));
  manager.may_change_password = row.number(3) != 0;
  manager.enabled = row.number(4) != 0;
  manager.expires = expiry_column(row, 5);
  manager.created = time_of(row.number(6));
  return manager;
}

base::Result<void> run_upon_one(base::Statement& statement, std::string_view what,
                                std::string_view name) {
  // SQLite has changed all rows before it shows the first.
  const auto found = statement.step();
  if (!found) {
    return found.error();
  }
  return *found ? base::Result<void>() : absent(what, name);
}

}  // namespace directory
