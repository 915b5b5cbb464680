// directory-lib/sqlite_side.cc -- the statements of the tables that know owners by name.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/sqlite_side.hh"

#include <limits>

#include "base/json_writer.hh"
#include "base/text.hh"

#include "directory-lib/sqlite_rows.hh"

namespace directory {

namespace {

constexpr std::string_view select_list =
    "SELECT owner, kind, pattern, created FROM main.list_entry WHERE owner = ?1 "
    "ORDER BY kind, pattern LIMIT ?2";
constexpr std::string_view insert_entry =
    "INSERT INTO main.list_entry (owner, kind, pattern, created) VALUES (?1, ?2, ?3, ?4)";
constexpr std::string_view delete_entry =
    "DELETE FROM main.list_entry WHERE owner = ?1 AND kind = ?2 AND pattern = ?3 RETURNING 1";
constexpr std::string_view delete_list = "DELETE FROM main.list_entry WHERE owner = ?1";
constexpr std::string_view select_app_passwords =
    "SELECT user, id, label, services, created, last_used, expires, digest "
    "FROM secret.app_password WHERE user = ?1 ORDER BY created, id";
constexpr std::string_view insert_app_password_row =
    "INSERT INTO secret.app_password (user, id, label, digest, services, created, last_used, "
    "expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, ?7)";
constexpr std::string_view delete_app_password =
    "DELETE FROM secret.app_password WHERE user = ?1 AND id = ?2 RETURNING 1";
constexpr std::string_view delete_app_passwords = "DELETE FROM secret.app_password WHERE user = ?1";
constexpr std::string_view update_use =
    "UPDATE secret.app_password SET last_used = ?3 WHERE user = ?1 AND id = ?2 RETURNING 1";
constexpr std::string_view insert_audit =
    "INSERT INTO secret.audit (at, who, verb, object, domain, outcome, detail) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr std::string_view select_audit =
    "SELECT id, at, who, verb, object, domain, outcome, detail FROM secret.audit "
    "WHERE id < ?1 AND at >= ?2 AND (?3 = '' OR who = ?3) AND (?4 = '' OR object = ?4) "
    "AND (?5 = '' OR domain IN (SELECT value FROM json_each(?5))) ORDER BY id DESC LIMIT ?6";

StoredAppPassword app_password_row(const base::Statement& row) {
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
  entry.expires = expiry_column(row, 6);
  stored.digest = row.text(7);
  return stored;
}

AuditEntry audit_row(const base::Statement& row) {
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

// All rows of a statement, each through `make`.
template <typename T>
base::Result<std::vector<T>> collect(base::Statement& rows, T (*make)(const base::Statement&)) {
  std::vector<T> all;
  for (;;) {
    const auto more = rows.step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return all;
    }
    all.push_back(make(rows));
  }
}

}  // namespace

base::Result<std::vector<ListEntry>> SqliteSide::read_list(std::string_view owner) {
  auto rows = database_.prepare(select_list);
  if (!rows) {
    return rows.error();
  }
  rows->bind(1, owner).bind(2, whole(list_entry_limit));
  return collect<ListEntry>(*rows, [](const base::Statement& row) {
    return ListEntry{std::string(row.text(0)), static_cast<ListKind>(row.number(1)),
                     std::string(row.text(2)), time_of(row.number(3))};
  });
}

base::Result<void> SqliteSide::insert_list_entry(const ListEntry& entry) {
  auto row = database_.prepare(insert_entry);
  if (!row) {
    return row.error();
  }
  row->bind(1, entry.owner).bind(2, static_cast<std::int64_t>(entry.kind));
  return row->bind(3, entry.pattern).bind(4, stored_time(entry.created)).run();
}

base::Result<void> SqliteSide::erase_list_entry(const ListEntry& entry) {
  auto row = database_.prepare(delete_entry);
  if (!row) {
    return row.error();
  }
  row->bind(1, entry.owner).bind(2, static_cast<std::int64_t>(entry.kind)).bind(3, entry.pattern);
  return run_upon_one(*row, "list entry", entry.pattern);
}

base::Result<std::vector<StoredAppPassword>> SqliteSide::read_app_passwords(
    std::string_view address) {
  auto rows = database_.prepare(select_app_passwords);
  if (!rows) {
    return rows.error();
  }
  rows->bind(1, address);
  return collect<StoredAppPassword>(*rows, app_password_row);
}

base::Result<void> SqliteSide::insert_app_password(const StoredAppPassword& stored) {
  auto row = database_.prepare(insert_app_password_row);
  if (!row) {
    return row.error();
  }
  const AppPassword& entry = stored.entry;
  row->bind(1, entry.user).bind(2, entry.id).bind(3, entry.label).bind(4, stored.digest);
  row->bind(5, entry.services.bits()).bind(6, stored_time(entry.created));
  bind_expiry(*row, 7, entry.expires);
  return row->run();
}

base::Result<void> SqliteSide::erase_app_password(std::string_view address, std::string_view id) {
  auto row = database_.prepare(delete_app_password);
  if (!row) {
    return row.error();
  }
  row->bind(1, address).bind(2, id);
  return run_upon_one(*row, "app password", id);
}

base::Result<void> SqliteSide::store_app_password_use(std::string_view address, std::string_view id,
                                                      base::WallTime when) {
  auto row = database_.prepare(update_use);
  if (!row) {
    return row.error();
  }
  row->bind(1, address).bind(2, id).bind(3, stored_time(when));
  return run_upon_one(*row, "app password", id);
}

base::Result<void> SqliteSide::append_audit(const AuditEntry& entry) {
  auto row = database_.prepare(insert_audit);
  if (!row) {
    return row.error();
  }
  row->bind(1, stored_time(entry.when)).bind(2, entry.who).bind(3, entry.verb);
  row->bind(4, entry.object).bind(5, entry.domain).bind(6, entry.outcome).bind(7, entry.detail);
  return row->run();
}

base::Result<Page<AuditEntry>> SqliteSide::page_audit(const AuditFilter& filter,
                                                      std::string_view after, std::size_t limit) {
  auto rows = database_.prepare(select_audit);
  if (!rows) {
    return rows.error();
  }
  std::string domains;
  if (!filter.domains.empty()) {
    base::JsonWriter json;
    json.begin_array();
    for (const std::string& domain : filter.domains) {
      json.string(domain);
    }
    domains = json.end_array().take();
  }
  const auto before = base::parse_number<std::int64_t>(after);
  rows->bind(1, before ? *before : std::numeric_limits<std::int64_t>::max());
  rows->bind(2, stored_time(filter.since)).bind(3, filter.who).bind(4, filter.object);
  rows->bind(5, domains).bind(6, whole(limit));
  auto entries = collect<AuditEntry>(*rows, audit_row);
  if (!entries) {
    return entries.error();
  }
  Page<AuditEntry> page{std::move(*entries), ""};
  if (page.items.size() == limit) {
    page.next = std::to_string(page.items.back().id);
  }
  return page;
}

base::Result<void> SqliteSide::forget(std::string_view owner) {
  for (const std::string_view sql : {delete_list, delete_app_passwords}) {
    auto rows = database_.prepare(sql);
    if (!rows) {
      return rows.error();
    }
    if (auto ok = rows->bind(1, owner).run(); !ok) {
      return ok.error();
    }
  }
  return {};
}

}  // namespace directory
