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
    "max_quota, default_quota, disabled, enabled, expires, default_term, created) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
constexpr std::string_view update_domain_row =
    "UPDATE main.domain SET description = ?2, hash_path = ?3, mail_host = ?4, max_users = ?5, "
    "max_aliases = ?6, max_quota = ?7, default_quota = ?8, disabled = ?9, enabled = ?10, "
    "expires = ?11, default_term = ?12 WHERE name = ?1 RETURNING 1";
constexpr std::string_view delete_domain = "DELETE FROM main.domain WHERE name = ?1 RETURNING 1";
constexpr std::string_view insert_user_row =
    "INSERT INTO main.user (domain, local, name, home, maildir, mail_host, quota, disabled, "
    "enabled, may_change_password, expires, greylist, created) "
    "VALUES ((SELECT id FROM main.domain WHERE name = ?1), ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, "
    "?11, ?12, ?13)";
constexpr std::string_view update_user_row =
    "UPDATE main.user SET name = ?3, home = ?4, maildir = ?5, mail_host = ?6, quota = ?7, "
    "disabled = ?8, enabled = ?9, may_change_password = ?10, expires = ?11, greylist = ?12 "
    "WHERE domain = (SELECT id FROM main.domain WHERE name = ?1) AND local = ?2 RETURNING 1";
constexpr std::string_view delete_user =
    "DELETE FROM main.user WHERE domain = (SELECT id FROM main.domain WHERE name = ?1) "
    "AND local = ?2 RETURNING 1";
constexpr std::string_view insert_alias_row =
    "INSERT INTO main.alias (domain, local, enabled, expires, created) "
    "VALUES ((SELECT id FROM main.domain WHERE name = ?1), ?2, ?3, ?4, ?5)";
constexpr std::string_view update_alias_row =
    "UPDATE main.alias SET enabled = ?3, expires = ?4 "
    "WHERE domain = (SELECT id FROM main.domain WHERE name = ?1) AND local = ?2 RETURNING 1";
constexpr std::string_view delete_alias =
    "DELETE FROM main.alias WHERE domain = (SELECT id FROM main.domain WHERE name = ?1) "
    "AND local = ?2 RETURNING 1";
constexpr std::string_view delete_targets =
    "DELETE FROM main.alias_target "
    "WHERE domain = (SELECT id FROM main.domain WHERE name = ?1) AND local = ?2";
constexpr std::string_view insert_target_row =
    "INSERT INTO main.alias_target (domain, local, position, target) "
    "VALUES ((SELECT id FROM main.domain WHERE name = ?1), ?2, ?3, ?4)";
constexpr std::string_view replace_password =
    "INSERT INTO secret.password (address, stored, changed) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (address) DO UPDATE SET stored = excluded.stored, changed = excluded.changed";
constexpr std::string_view swap_stored =
    "UPDATE secret.password SET stored = ?3 WHERE address = ?1 AND stored = ?2 RETURNING 1";
constexpr std::string_view delete_password = "DELETE FROM secret.password WHERE address = ?1";

struct Key {
  std::string_view local;
  std::string_view domain;
};

Key split_key(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return {address.substr(0, at), address.substr(at + 1)};
}

// All but `created`.
void bind_domain(base::Statement& row, const Domain& domain) {
  row.bind(1, domain.name).bind(2, domain.description).bind(3, domain.hash_path);
  row.bind(4, domain.mail_host).bind(5, whole(domain.max_users));
  row.bind(6, whole(domain.max_aliases)).bind(7, whole(domain.max_quota.count));
  row.bind(8, whole(domain.default_quota.count)).bind(9, domain.disabled.bits());
  row.bind(10, flag(domain.enabled)).bind(12, domain.default_term);
  bind_expiry(row, 11, domain.expires);
}

void bind_user(base::Statement& row, const Key& key, const User& user) {
  row.bind(1, key.domain).bind(2, key.local).bind(3, user.name).bind(4, user.home);
  if (user.maildir == user.home + "/Maildir") {
    row.bind_null(5);
  } else {
    row.bind(5, user.maildir);
  }
  row.bind(6, user.mail_host).bind(7, whole(user.quota.count)).bind(8, user.disabled.bits());
  row.bind(9, flag(user.enabled)).bind(10, flag(user.may_change_password));
  bind_expiry(row, 11, user.expires);
  row.bind(12, flag(user.greylist));
}

}  // namespace

base::Result<void> SqliteDirectory::begin() {
  if (!is_writer_) {
    return base::make_error(base::Errc::denied, "the directory was opened for reading only");
  }
  is_marked_ = false;
  return database_.execute("BEGIN IMMEDIATE");
}

base::Result<void> SqliteDirectory::commit() {
  return database_.execute("COMMIT");
}

void SqliteDirectory::roll_back() noexcept {
  // Fails when SQLite has rolled back by itself, and then nothing is left to do.
  (void)database_.execute("ROLLBACK").has_value();
}

base::Result<void> SqliteDirectory::mark() {
  const bool moves = std::exchange(is_marked_, true);
  return database_.execute(moves ? "RELEASE mark; SAVEPOINT mark" : "SAVEPOINT mark");
}

base::Result<void> SqliteDirectory::back_to_mark() {
  return database_.execute("ROLLBACK TO mark");
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

base::Result<void> SqliteDirectory::run_with(std::string_view sql, std::string_view parameter) {
  auto row = database_.prepare(sql);
  return row ? row->bind(1, parameter).run() : row.error();
}

base::Result<void> SqliteDirectory::insert_domain(const Domain& domain) {
  auto row = database_.prepare(insert_domain_row);
  if (!row) {
    return row.error();
  }
  bind_domain(*row, domain);
  return row->bind(13, stored_time(domain.created)).run();
}

base::Result<void> SqliteDirectory::replace_domain(const Domain& domain) {
  auto row = database_.prepare(update_domain_row);
  if (!row) {
    return row.error();
  }
  bind_domain(*row, domain);
  return run_upon_one(*row, "domain", domain.name);
}

base::Result<void> SqliteDirectory::erase_domain(std::string_view name) {
  if (auto ok = side_.forget(name); !ok) {
    return ok.error();
  }
  auto row = database_.prepare(delete_domain);
  if (!row) {
    return row.error();
  }
  row->bind(1, name);
  return run_upon_one(*row, "domain", name);
}

base::Result<void> SqliteDirectory::insert_user(const User& user,
                                                std::string_view stored_password) {
  const Key key = split_key(user.address);
  auto row = database_.prepare(insert_user_row);
  if (!row) {
    return row.error();
  }
  bind_user(*row, key, user);
  if (auto ok = row->bind(13, stored_time(user.created)).run(); !ok) {
    return ok.error();
  }
  return store_password({std::string(key.local), std::string(key.domain)}, stored_password);
}

base::Result<void> SqliteDirectory::replace_user(const User& user) {
  auto row = database_.prepare(update_user_row);
  if (!row) {
    return row.error();
  }
  bind_user(*row, split_key(user.address), user);
  return run_upon_one(*row, "user", user.address);
}

base::Result<void> SqliteDirectory::erase_user(const mail::Address& address) {
  const std::string key = address.key();
  for (auto ok : {store_password(address, ""), side_.forget(key)}) {
    if (!ok) {
      return ok.error();
    }
  }
  auto row = database_.prepare(delete_user);
  if (!row) {
    return row.error();
  }
  row->bind(1, address.domain).bind(2, address.local);
  return run_upon_one(*row, "user", key);
}

base::Result<void> SqliteDirectory::insert_targets(const Alias& alias) {
  const Key key = split_key(alias.address);
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

base::Result<void> SqliteDirectory::insert_alias(const Alias& alias) {
  const Key key = split_key(alias.address);
  auto row = database_.prepare(insert_alias_row);
  if (!row) {
    return row.error();
  }
  row->bind(1, key.domain).bind(2, key.local).bind(3, flag(alias.enabled));
  bind_expiry(*row, 4, alias.expires);
  auto ok = row->bind(5, stored_time(alias.created)).run();
  return ok ? insert_targets(alias) : ok;
}

base::Result<void> SqliteDirectory::replace_alias(const Alias& alias) {
  const Key key = split_key(alias.address);
  {
    auto row = database_.prepare(update_alias_row);
    if (!row) {
      return row.error();
    }
    row->bind(1, key.domain).bind(2, key.local).bind(3, flag(alias.enabled));
    bind_expiry(*row, 4, alias.expires);
    if (auto ok = run_upon_one(*row, "alias", alias.address); !ok) {
      return ok.error();
    }
  }
  auto rows = database_.prepare(delete_targets);
  if (!rows) {
    return rows.error();
  }
  auto ok = rows->bind(1, key.domain).bind(2, key.local).run();
  return ok ? insert_targets(alias) : ok;
}

base::Result<void> SqliteDirectory::erase_alias(std::string_view local, std::string_view domain) {
  // Its targets go with it by their foreign key.
  auto row = database_.prepare(delete_alias);
  if (!row) {
    return row.error();
  }
  row->bind(1, domain).bind(2, local);
  return run_upon_one(*row, "alias", std::string(local) + "@" + std::string(domain));
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

base::Result<bool> SqliteDirectory::swap_password(const mail::Address& address,
                                                  std::string_view before, std::string_view after) {
  const std::string key = address.key();
  auto row = database_.prepare(swap_stored);
  if (!row) {
    return row.error();
  }
  return row->bind(1, key).bind(2, before).bind(3, after).step();
}

}  // namespace directory
