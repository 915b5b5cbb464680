// directory-lib/mysql_managers.cc -- ExtMan's manager and domain_manager.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "base/clock.hh"
#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/mysql_directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

constexpr std::string_view one_manager =
    "SELECT username, name, type, disablepwdchange, active, expiredate, createdate, password "
    "FROM manager WHERE username = ?";
constexpr std::string_view managers_after =
    "SELECT username, name, type, disablepwdchange, active, expiredate, createdate "
    "FROM manager WHERE username > ? ORDER BY username LIMIT ?";
constexpr std::string_view select_places =
    "SELECT domain FROM domain_manager WHERE username = ? AND active <> 0";
constexpr std::string_view select_changed =
    "SELECT password_changed FROM posthouse_manager WHERE address = ?";
constexpr std::string_view insert_manager_row =
    "INSERT INTO manager (username, password, name, type, uid, disablepwdchange, active, "
    "expiredate, createdate, question, answer) VALUES (?, ?, ?, ?, '', ?, ?, ?, ?, '', '')";
constexpr std::string_view update_manager_row =
    "UPDATE manager SET name = ?, type = ?, disablepwdchange = ?, active = ?, expiredate = ? "
    "WHERE username = ?";
constexpr std::string_view insert_place =
    "INSERT INTO domain_manager (username, domain, createdate, active) VALUES (?, ?, ?, 1)";
constexpr std::string_view delete_places = "DELETE FROM domain_manager WHERE username = ?";
constexpr std::string_view delete_manager = "DELETE FROM manager WHERE username = ?";
constexpr std::string_view additions_of_manager[] = {
    "DELETE FROM posthouse_manager WHERE address = ?"};
constexpr std::string_view update_password = "UPDATE manager SET password = ? WHERE username = ?";
constexpr std::string_view put_changed =
    "INSERT INTO posthouse_manager (address, password_changed) VALUES (?, ?) "
    "ON DUPLICATE KEY UPDATE password_changed = VALUES(password_changed)";

ManagerAccount manager_of(const MysqlRow& row) {
  ManagerAccount manager;
  manager.address = base::to_lower(row.text(0));
  manager.name = extman::readable(row.text(1));
  // Whatever else stands there has the lesser right.
  manager.level = row.text(2) == "admin" ? ManagerLevel::admin : ManagerLevel::postmaster;
  manager.may_change_password = !extman::is_on(row.text(3));
  manager.enabled = extman::is_on(row.text(4));
  manager.expires = extman::parse_day(row.text(5)).value_or(Expiry());
  manager.created = extman::parse_time(row.text(6));
  return manager;
}

std::string_view type_of(const ManagerAccount& manager) {
  return manager.level == ManagerLevel::admin ? "admin" : "postmaster";
}

}  // namespace

base::Result<std::vector<std::string>> MysqlDirectory::read_places(std::string_view manager) {
  const auto rows = ask(select_places, {manager});
  if (!rows) {
    return rows.error();
  }
  std::vector<std::string> domains;
  for (const MysqlRow& row : *rows) {
    domains.push_back(base::to_lower(row.text(0)));
  }
  // ExtMan has no key that would keep one from standing there twice.
  std::sort(domains.begin(), domains.end());
  domains.erase(std::unique(domains.begin(), domains.end()), domains.end());
  return domains;
}

base::Result<ManagerCredentials> MysqlDirectory::read_manager_credentials(
    std::string_view address) {
  if (!can_hold(address)) {
    return absent("manager", address);
  }
  const auto rows = ask(one_manager, {address});
  if (!rows) {
    return rows.error();
  }
  if (rows->empty() || base::to_lower(rows->front().text(0)) != address) {
    return absent("manager", address);
  }
  const MysqlRow& row = rows->front();
  ManagerCredentials found{manager_of(row),
                           extman::stored_password(row.text(7), settings().default_password_scheme),
                           {}};
  auto places = read_places(address);
  if (!places) {
    return places.error();
  }
  found.manager.domains = std::move(*places);
  if (schema_.has_additions) {
    const auto changed = ask(select_changed, {address});
    if (!changed) {
      return changed.error();
    }
    const std::int64_t when = changed->empty() ? 0 : changed->front().number(0);
    found.password_changed = base::WallTime(std::chrono::milliseconds(when));
  }
  return found;
}

base::Result<ManagerAccount> MysqlDirectory::read_manager(std::string_view address) {
  auto found = read_manager_credentials(address);
  return found ? base::Result<ManagerAccount>(std::move(found->manager)) : found.error();
}

base::Result<Page<ManagerAccount>> MysqlDirectory::page_managers(std::string_view after,
                                                                 std::size_t limit) {
  const auto rows = ask(managers_after, {after, mysql_number(limit)});
  if (!rows) {
    return rows.error();
  }
  Page<ManagerAccount> page;
  for (const MysqlRow& row : *rows) {
    page.items.push_back(manager_of(row));
    auto places = read_places(row.text(0));
    if (!places) {
      return places.error();
    }
    page.items.back().domains = std::move(*places);
  }
  if (rows->size() == limit) {
    page.next = rows->back().text(0);
  }
  return page;
}

base::Result<void> MysqlDirectory::insert_places(const ManagerAccount& manager) {
  const std::string now = extman::time_text(base::system_clock().now());
  for (const std::string& domain : manager.domains) {
    if (auto done = change(insert_place, {manager.address, domain, now}); !done) {
      return done.error();
    }
  }
  return {};
}

base::Result<void> MysqlDirectory::insert_manager(const ManagerAccount& manager,
                                                  std::string_view stored_password) {
  if (auto ok = check_holds(manager.address); !ok) {
    return ok;
  }
  if (!schema_.has_transactions && read_manager(manager.address)) {
    return base::make_error(base::Errc::exists, manager.address);
  }
  const std::string expires = extman::day_text(manager.expires);
  const std::string created = extman::time_text(manager.created);
  // Places of a manager that ExtMan has forgotten must not come to life again.
  if (auto done = change(delete_places, {manager.address}); !done) {
    return done.error();
  }
  if (auto ok = insert_places(manager); !ok) {
    return ok;
  }
  if (auto ok = note_manager_password(manager.address); !ok) {
    return ok;
  }
  const auto done =
      change(insert_manager_row, {manager.address, stored_password, manager.name, type_of(manager),
                                  mysql_flag(!manager.may_change_password),
                                  mysql_flag(manager.enabled), expires, created});
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::replace_manager(const ManagerAccount& manager) {
  const std::string expires = extman::day_text(manager.expires);
  if (auto ok =
          change_one(update_manager_row,
                     {manager.name, type_of(manager), mysql_flag(!manager.may_change_password),
                      mysql_flag(manager.enabled), expires, manager.address},
                     "manager", manager.address);
      !ok) {
    return ok;
  }
  if (auto done = change(delete_places, {manager.address}); !done) {
    return done.error();
  }
  return insert_places(manager);
}

base::Result<void> MysqlDirectory::erase_manager(std::string_view address) {
  if (auto ok = erase_additions(additions_of_manager, address); !ok) {
    return ok;
  }
  if (auto done = change(delete_places, {address}); !done) {
    return done.error();
  }
  return change_one(delete_manager, {address}, "manager", address);
}

base::Result<void> MysqlDirectory::note_manager_password(std::string_view address) {
  if (!schema_.has_additions) {
    return {};
  }
  const auto done =
      change(put_changed, {address, base::system_clock().now().time_since_epoch().count()});
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::store_manager_password(std::string_view address,
                                                          std::string_view stored_password) {
  if (auto ok = note_manager_password(address); !ok) {
    return ok;
  }
  return change_one(update_password, {stored_password, address}, "manager", address);
}

}  // namespace directory
