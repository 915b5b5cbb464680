// directory-lib/mysql_side.cc -- list entries, app passwords, audit trail: tables of ours.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <limits>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/mysql_directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

constexpr std::string_view select_list =
    "SELECT owner, kind, pattern, created FROM posthouse_list WHERE owner = ? "
    "ORDER BY kind, pattern LIMIT ?";
constexpr std::string_view insert_entry =
    "INSERT INTO posthouse_list (owner, kind, pattern, created) VALUES (?, ?, ?, ?)";
constexpr std::string_view delete_entry =
    "DELETE FROM posthouse_list WHERE owner = ? AND kind = ? AND pattern = ?";
constexpr std::string_view select_app_passwords =
    "SELECT address, id, label, services, created, last_used, expires, digest "
    "FROM posthouse_app_password WHERE address = ? ORDER BY created, id";
constexpr std::string_view insert_app_password_row =
    "INSERT INTO posthouse_app_password (address, id, label, services, created, expires, digest) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view delete_app_password =
    "DELETE FROM posthouse_app_password WHERE address = ? AND id = ?";
constexpr std::string_view update_use =
    "UPDATE posthouse_app_password SET last_used = ? WHERE address = ? AND id = ?";
constexpr std::string_view insert_audit =
    "INSERT INTO posthouse_audit (at, who, verb, object, domain, outcome, detail) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)";
// No domain has a comma.
constexpr std::string_view select_audit =
    "SELECT id, at, who, verb, object, domain, outcome, detail FROM posthouse_audit "
    "WHERE id < ? AND at >= ? AND (? = '' OR who = ?) AND (? = '' OR object = ?) "
    "AND (? = '' OR FIND_IN_SET(domain, ?)) ORDER BY id DESC LIMIT ?";

base::WallTime time_of(std::int64_t milliseconds) {
  return base::WallTime(std::chrono::milliseconds(milliseconds));
}

std::int64_t stored_time(base::WallTime time) {
  return time.time_since_epoch().count();
}

StoredAppPassword app_password_of(const MysqlRow& row) {
  StoredAppPassword stored;
  AppPassword& entry = stored.entry;
  entry.user = row.text(0);
  entry.id = row.text(1);
  entry.label = row.text(2);
  entry.services = Services::from_bits(static_cast<std::uint32_t>(row.number(3)));
  entry.created = time_of(row.number(4));
  if (!row.is_null(5)) {
    entry.last_used = time_of(row.number(5));
  }
  // One whose date cannot be read opens nothing.
  entry.expires = extman::parse_day(row.text(6)).value_or(Expiry(std::chrono::sys_days()));
  stored.digest = row.text(7);
  return stored;
}

AuditEntry audit_of(const MysqlRow& row) {
  AuditEntry entry;
  entry.id = static_cast<std::uint64_t>(row.number(0));
  entry.when = time_of(row.number(1));
  entry.who = row.text(2);
  entry.verb = row.text(3);
  entry.object = row.text(4);
  entry.domain = row.text(5);
  entry.outcome = row.text(6);
  entry.detail = row.text(7);
  return entry;
}

}  // namespace

// Empty without our tables; asked before every question for them, since the first question
// connects.
base::Result<MysqlRows> MysqlDirectory::ask_additions(std::string_view sql,
                                                      const MysqlValues& values) {
  if (auto ok = ready(); !ok) {
    return ok.error();
  }
  return schema_.has_additions ? ask(sql, values) : MysqlRows();
}

base::Result<std::vector<ListEntry>> MysqlDirectory::read_list(std::string_view owner) {
  const auto rows = ask_additions(select_list, {owner, mysql_number(list_entry_limit)});
  if (!rows) {
    return rows.error();
  }
  std::vector<ListEntry> entries;
  entries.reserve(rows->size());
  for (const MysqlRow& row : *rows) {
    entries.push_back({std::string(row.text(0)), static_cast<ListKind>(row.number(1)),
                       std::string(row.text(2)), time_of(row.number(3))});
  }
  return entries;
}

base::Result<void> MysqlDirectory::insert_list_entry(const ListEntry& entry) {
  if (auto ok = need_additions("a list entry"); !ok) {
    return ok;
  }
  const auto done = change(insert_entry, {entry.owner, static_cast<std::int64_t>(entry.kind),
                                          entry.pattern, stored_time(entry.created)});
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::erase_list_entry(const ListEntry& entry) {
  if (!schema_.has_additions) {
    return absent("list entry", entry.pattern);
  }
  return change_one(delete_entry,
                    {entry.owner, static_cast<std::int64_t>(entry.kind), entry.pattern},
                    "list entry", entry.pattern);
}

base::Result<std::vector<StoredAppPassword>> MysqlDirectory::read_app_passwords(
    std::string_view address) {
  const auto rows = ask_additions(select_app_passwords, {address});
  if (!rows) {
    return rows.error();
  }
  std::vector<StoredAppPassword> all;
  all.reserve(rows->size());
  for (const MysqlRow& row : *rows) {
    all.push_back(app_password_of(row));
  }
  return all;
}

base::Result<void> MysqlDirectory::insert_app_password(const StoredAppPassword& stored) {
  if (auto ok = need_additions("an app password"); !ok) {
    return ok;
  }
  const AppPassword& entry = stored.entry;
  const std::string expires = extman::day_text(entry.expires);
  const auto done = change(insert_app_password_row,
                           {entry.user, entry.id, entry.label, std::int64_t{entry.services.bits()},
                            stored_time(entry.created), expires, stored.digest});
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::erase_app_password(std::string_view address,
                                                      std::string_view id) {
  if (!schema_.has_additions) {
    return absent("app password", id);
  }
  return change_one(delete_app_password, {address, id}, "app password", id);
}

base::Result<void> MysqlDirectory::store_app_password_use(std::string_view address,
                                                          std::string_view id,
                                                          base::WallTime when) {
  if (!schema_.has_additions) {
    return absent("app password", id);
  }
  return change_one(update_use, {stored_time(when), address, id}, "app password", id);
}

base::Result<void> MysqlDirectory::append_audit(const AuditEntry& entry) {
  if (auto ok = need_additions("the audit trail"); !ok) {
    return ok;
  }
  const auto done = change(insert_audit, {stored_time(entry.when), entry.who, entry.verb,
                                          entry.object, entry.domain, entry.outcome, entry.detail});
  return done ? base::Result<void>() : done.error();
}

base::Result<Page<AuditEntry>> MysqlDirectory::page_audit(const AuditFilter& filter,
                                                          std::string_view after,
                                                          std::size_t limit) {
  const std::int64_t below = after.empty() ? std::numeric_limits<std::int64_t>::max()
                                           : base::parse_number<std::int64_t>(after).value_or(0);
  const std::string domains = base::join(filter.domains, ",");
  const auto rows = ask_additions(
      select_audit, {below, stored_time(filter.since), filter.who, filter.who, filter.object,
                     filter.object, domains, domains, mysql_number(limit)});
  if (!rows) {
    return rows.error();
  }
  Page<AuditEntry> page;
  for (const MysqlRow& row : *rows) {
    page.items.push_back(audit_of(row));
  }
  if (rows->size() == limit) {
    page.next = std::to_string(page.items.back().id);
  }
  return page;
}

}  // namespace directory
