// directory-lib/sqlite_writes.cc -- what changes the SQLite directory, one transaction a change.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.hh"

#include "directory-lib/sqlite_directory.hh"
#include "directory-lib/sqlite_rows.hh"

namespace directory {

namespace {

constexpr std::string_view select_allotment =
    "SELECT users, aliases, allotted FROM main.domain WHERE name = ?1";
constexpr std::string_view insert_domain_row =
    "INSERT INTO main.domain (name, description, hash_path, mail_host, max_users, max_aliases, "
    "max_quota, default_quota, disabled, enabled, expires, created) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr std::string_view insert_user_row =
    "INSERT INTO main.user (domain, local, name, home, maildir, mail_host, quota, disabled, "
    "enabled, may_change_password, expires, created) "
    "VALUES ((SELECT id FROM main.domain WHERE name = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
    "?11, ?12)";
constexpr std::string_view insert_alias_row =
    "INSERT INTO main.alias (domain, local, enabled, expires, created) "
    "VALUES ((SELECT id FROM main.domain WHERE name = ?1), ?2, ?3, ?4, ?5)";
constexpr std::string_view insert_target_row =
    "INSERT INTO main.alias_target (domain, local, position, target) "
    "VALUES ((SELECT id FROM main.domain WHERE name = ?1), ?2, ?3, ?4)";
constexpr std::string_view replace_password =
    "INSERT INTO secret.password (address, stored, changed) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (address) DO UPDATE SET stored = excluded.stored, changed = excluded.changed";
constexpr std::string_view delete_password = "DELETE FROM secret.password WHERE address = ?1";

std::int64_t whole(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

std::int64_t flag(bool value) {
  return value ? 1 : 0;
}

struct Key {
  std::string_view local;
  std::string_view domain;
};

Key split_key(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return {address.substr(0, at), address.substr(at + 1)};
}

}  // namespace

base::Result<void> SqliteDirectory::begin() {
  if (!is_writer_) {
    return base::make_error(base::Errc::denied, "the directory was opened for reading only");
  }
  return database_.execute("BEGIN IMMEDIATE");
}

base::Result<void> SqliteDirectory::commit() {
  return database_.execute("COMMIT");
}

void SqliteDirectory::roll_back() noexcept {
  // Fails when SQLite has rolled back by itself, and then nothing is left to do.
  (void)database_.execute("ROLLBACK").has_value();
}

base::Result<Directory::Allotment> SqliteDirectory::read_allotment(std::string_view domain) {
  auto row = database_.prepare(select_allotment);
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, domain).step();
  if (!found) {
    return found.error();
  }
  Allotment used;
  if (*found) {
    used.users = static_cast<std::uint64_t>(row->number(0));
    used.aliases = static_cast<std::uint64_t>(row->number(1));
    used.quota = {static_cast<std::uint64_t>(row->number(2))};
  }
  return used;
}

base::Result<void> SqliteDirectory::insert_domain(const Domain& domain) {
  auto row = database_.prepare(insert_domain_row);
  if (!row) {
    return row.error();
  }
  row->bind(1, domain.name).bind(2, domain.description).bind(3, domain.hash_path);
  row->bind(4, domain.mail_host).bind(5, whole(domain.max_users));
  row->bind(6, whole(domain.max_aliases)).bind(7, whole(domain.max_quota.count));
  row->bind(8, whole(domain.default_quota.count)).bind(9, domain.disabled.bits());
  row->bind(10, flag(domain.enabled)).bind(12, stored_time(domain.created));
  bind_expiry(*row, 11, domain.expires);
  return row->run();
}

base::Result<void> SqliteDirectory::insert_user(const User& user,
                                                std::string_view stored_password) {
  const Key key = split_key(user.address);
  auto row = database_.prepare(insert_user_row);
  if (!row) {
    return row.error();
  }
  row->bind(1, key.domain).bind(2, key.local).bind(3, user.name).bind(4, user.home);
  if (user.maildir == user.home + "/Maildir") {
    row->bind_null(5);
  } else {
    row->bind(5, user.maildir);
  }
  row->bind(6, user.mail_host).bind(7, whole(user.quota.count)).bind(8, user.disabled.bits());
  row->bind(9, flag(user.enabled)).bind(10, flag(user.may_change_password));
  bind_expiry(*row, 11, user.expires);
  row->bind(12, stored_time(user.created));
  if (auto ok = row->run(); !ok) {
    return ok.error();
  }
  return store_password({std::string(key.local), std::string(key.domain)}, stored_password);
}

base::Result<void> SqliteDirectory::insert_alias(const Alias& alias) {
  const Key key = split_key(alias.address);
  auto row = database_.prepare(insert_alias_row);
  if (!row) {
    return row.error();
  }
  row->bind(1, key.domain).bind(2, key.local).bind(3, flag(alias.enabled));
  bind_expiry(*row, 4, alias.expires);
  if (auto ok = row->bind(5, stored_time(alias.created)).run(); !ok) {
    return ok.error();
  }
  std::int64_t position = 0;
  for (const std::string& target : alias.targets) {
    auto to = database_.prepare(insert_target_row);
    if (!to) {
      return to.error();
    }
    to->bind(1, key.domain).bind(2, key.local).bind(3, position++).bind(4, target);
    if (auto ok = to->run(); !ok) {
      return ok.error();
    }
  }
  return {};
}

base::Result<void> SqliteDirectory::store_password(const mail::Address& address,
                                                   std::string_view stored_password) {
  const std::string key = address.key();
  auto row = database_.prepare(stored_password.empty() ? delete_password : replace_password);
  if (!row) {
    return row.error();
  }
  row->bind(1, key);
  if (!stored_password.empty()) {
    row->bind(2, stored_password).bind(3, stored_time(base::system_clock().now()));
  }
  return row->run();
}

}  // namespace directory
