// directory-lib/sqlite_managers.cc -- managers, and what the side tables keep, on SQLite.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/clock.hh"

#include "directory-lib/rules.hh"
#include "directory-lib/sqlite_directory.hh"
#include "directory-lib/sqlite_rows.hh"

namespace directory {

namespace {

const std::string select_manager =
    std::string(manager_columns) + "FROM main.manager m WHERE m.address = ?1";
const std::string select_manager_credentials =
    std::string(manager_columns) + ", p.stored, p.changed FROM main.manager m " +
    "LEFT JOIN secret.manager_password p ON p.address = m.address WHERE m.address = ?1";
const std::string page_of_managers =
    std::string(manager_columns) +
    "FROM main.manager m WHERE m.address > ?1 ORDER BY m.address LIMIT ?2";
constexpr std::string_view select_manager_domains =
    "SELECT domain FROM main.manager_domain WHERE manager = ?1 ORDER BY domain";
constexpr std::string_view insert_manager_row =
    "INSERT INTO main.manager (address, name, level, may_change_password, enabled, expires, "
    "created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr std::string_view update_manager_row =
    "UPDATE main.manager SET name = ?2, level = ?3, may_change_password = ?4, enabled = ?5, "
    "expires = ?6 WHERE address = ?1 RETURNING 1";
constexpr std::string_view insert_manager_domain =
    "INSERT INTO main.manager_domain (manager, domain) VALUES (?1, ?2)";
constexpr std::string_view delete_manager_domains =
    "DELETE FROM main.manager_domain WHERE manager = ?1";
constexpr std::string_view delete_manager =
    "DELETE FROM main.manager WHERE address = ?1 RETURNING 1";
constexpr std::string_view replace_manager_password =
    "INSERT INTO secret.manager_password (address, stored, changed) VALUES (?1, ?2, ?3) "
    "ON CONFLICT (address) DO UPDATE SET stored = excluded.stored, changed = excluded.changed";
constexpr std::string_view delete_manager_password =
    "DELETE FROM secret.manager_password WHERE address = ?1";

// All but `created`, from the second parameter on.
void bind_manager(base::Statement& row, const ManagerAccount& manager) {
  row.bind(1, manager.address).bind(2, manager.name);
  row.bind(3, static_cast<std::int64_t>(manager.level)).bind(4, flag(manager.may_change_password));
  row.bind(5, flag(manager.enabled));
  bind_expiry(row, 6, manager.expires);
}

}  // namespace

base::Result<std::vector<std::string>> SqliteDirectory::read_manager_domains(
    std::string_view address) {
  auto rows = database_.prepare(select_manager_domains);
  if (!rows) {
    return rows.error();
  }
  rows->bind(1, address);
  std::vector<std::string> domains;
  for (;;) {
    const auto more = rows->step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return domains;
    }
    domains.emplace_back(rows->text(0));
  }
}

base::Result<ManagerAccount> SqliteDirectory::read_manager(std::string_view address) {
  auto row = database_.prepare(select_manager);
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, address).step();
  if (!found) {
    return found.error();
  }
  if (!*found) {
    return absent("manager", address);
  }
  ManagerAccount manager = manager_row(*row);
  auto domains = read_manager_domains(manager.address);
  if (!domains) {
    return domains.error();
  }
  manager.domains = std::move(*domains);
  return manager;
}

base::Result<ManagerCredentials> SqliteDirectory::read_manager_credentials(
    std::string_view address) {
  if (auto ok = attach_passwords(); !ok) {
    return ok.error();
  }
  auto row = database_.prepare(select_manager_credentials);
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, address).step();
  if (!found) {
    return found.error();
  }
  if (!*found) {
    return absent("manager", address);
  }
  ManagerCredentials credentials{manager_row(*row), std::string(row->text(manager_column_count)),
                                 time_of(row->number(manager_column_count + 1))};
  auto domains = read_manager_domains(credentials.manager.address);
  if (!domains) {
    return domains.error();
  }
  credentials.manager.domains = std::move(*domains);
  return credentials;
}

base::Result<Page<ManagerAccount>> SqliteDirectory::page_managers(std::string_view after,
                                                                  std::size_t limit) {
  auto rows = database_.prepare(page_of_managers);
  if (!rows) {
    return rows.error();
  }
  rows->bind(1, after).bind(2, whole(limit));
  Page<ManagerAccount> page;
  for (;;) {
    const auto more = rows->step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      break;
    }
    page.items.push_back(manager_row(*rows));
    auto domains = read_manager_domains(page.items.back().address);
    if (!domains) {
      return domains.error();
    }
    page.items.back().domains = std::move(*domains);
  }
  if (page.items.size() == limit) {
    page.next = page.items.back().address;
  }
  return page;
}

base::Result<void> SqliteDirectory::insert_manager_domains(const ManagerAccount& manager) {
  for (const std::string& domain : manager.domains) {
    auto row = database_.prepare(insert_manager_domain);
    if (!row) {
      return row.error();
    }
    if (auto ok = row->bind(1, manager.address).bind(2, domain).run(); !ok) {
      return ok.error();
    }
  }
  return {};
}

base::Result<void> SqliteDirectory::insert_manager(const ManagerAccount& manager,
                                                   std::string_view stored_password) {
  {
    auto row = database_.prepare(insert_manager_row);
    if (!row) {
      return row.error();
    }
    bind_manager(*row, manager);
    if (auto ok = row->bind(7, stored_time(manager.created)).run(); !ok) {
      return ok.error();
    }
  }
  if (auto ok = insert_manager_domains(manager); !ok) {
    return ok.error();
  }
  return store_manager_password(manager.address, stored_password);
}

base::Result<void> SqliteDirectory::replace_manager(const ManagerAccount& manager) {
  {
    auto row = database_.prepare(update_manager_row);
    if (!row) {
      return row.error();
    }
    bind_manager(*row, manager);
    if (auto ok = run_upon_one(*row, "manager", manager.address); !ok) {
      return ok.error();
    }
  }
  if (auto ok = run_with(delete_manager_domains, manager.address); !ok) {
    return ok.error();
  }
  return insert_manager_domains(manager);
}

base::Result<void> SqliteDirectory::erase_manager(std::string_view address) {
  if (auto ok = run_with(delete_manager_password, address); !ok) {
    return ok.error();
  }
  auto row = database_.prepare(delete_manager);
  if (!row) {
    return row.error();
  }
  row->bind(1, address);
  return run_upon_one(*row, "manager", address);
}

base::Result<void> SqliteDirectory::store_manager_password(std::string_view address,
                                                           std::string_view stored_password) {
  if (stored_password.empty()) {
    return run_with(delete_manager_password, address);
  }
  auto row = database_.prepare(replace_manager_password);
  if (!row) {
    return row.error();
  }
  row->bind(1, address).bind(2, stored_password);
  return row->bind(3, stored_time(base::system_clock().now())).run();
}

base::Result<std::vector<ListEntry>> SqliteDirectory::read_list(std::string_view owner) {
  return side_.read_list(owner);
}

base::Result<void> SqliteDirectory::insert_list_entry(const ListEntry& entry) {
  return side_.insert_list_entry(entry);
}

base::Result<void> SqliteDirectory::erase_list_entry(const ListEntry& entry) {
  return side_.erase_list_entry(entry);
}

base::Result<std::vector<StoredAppPassword>> SqliteDirectory::read_app_passwords(
    std::string_view address) {
  auto ok = attach_passwords();
  return ok ? side_.read_app_passwords(address) : ok.error();
}

base::Result<void> SqliteDirectory::insert_app_password(const StoredAppPassword& entry) {
  return side_.insert_app_password(entry);
}

base::Result<void> SqliteDirectory::erase_app_password(std::string_view address,
                                                       std::string_view id) {
  return side_.erase_app_password(address, id);
}

base::Result<void> SqliteDirectory::store_app_password_use(std::string_view address,
                                                           std::string_view id,
                                                           base::WallTime when) {
  return side_.store_app_password_use(address, id, when);
}

base::Result<void> SqliteDirectory::append_audit(const AuditEntry& entry) {
  return side_.append_audit(entry);
}

base::Result<Page<AuditEntry>> SqliteDirectory::page_audit(const AuditFilter& filter,
                                                           std::string_view after,
                                                           std::size_t limit) {
  auto ok = attach_passwords();
  return ok ? side_.page_audit(filter, after, limit) : ok.error();
}

}  // namespace directory
