// directory-lib/sqlite_stores.cc -- the table of stores, and who is on them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/rules.hh"
#include "directory-lib/sqlite_directory.hh"
#include "directory-lib/sqlite_rows.hh"
#include "directory-lib/sqlite_schema.hh"

namespace directory {

namespace {

constexpr std::string_view select_stores =
    "SELECT name, mail_host, folder, weight, room, open, created FROM main.store ORDER BY name";
constexpr std::string_view insert_store_row =
    "INSERT INTO main.store (name, mail_host, folder, weight, room, open, created) "
    "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
constexpr std::string_view update_store_row =
    "UPDATE main.store SET mail_host = ?2, folder = ?3, weight = ?4, room = ?5, open = ?6 "
    "WHERE name = ?1 RETURNING 1";
constexpr std::string_view delete_store = "DELETE FROM main.store WHERE name = ?1 RETURNING 1";
// The first folder of a home decides; what stands behind the '/' is only there to mark its end.
constexpr std::string_view select_use =
    "SELECT mail_host, substr(home, 1, instr(home, '/')), count(*), sum(quota) FROM main.user "
    "GROUP BY 1, 2";

Store store_row(const base::Statement& row) {
  Store store;
  store.name = row.text(0);
  store.mail_host = row.text(1);
  store.folder = row.text(2);
  store.weight = static_cast<std::uint64_t>(row.number(3));
  store.room = {static_cast<std::uint64_t>(row.number(4))};
  store.open = row.number(5) != 0;
  store.created = time_of(row.number(6));
  return store;
}

// All but `created`.
void bind_store(base::Statement& row, const Store& store) {
  row.bind(1, store.name).bind(2, store.mail_host).bind(3, store.folder);
  row.bind(4, whole(store.weight)).bind(5, whole(store.room.count)).bind(6, flag(store.open));
}

}  // namespace

base::Result<std::vector<Store>> SqliteDirectory::read_stores() {
  // A reader may meet a file from before there were any.
  const auto version = database_.user_version(schema_name(SchemaFile::accounts));
  if (!version) {
    return version.error();
  }
  if (*version < stores_since) {
    return std::vector<Store>();
  }
  auto rows = database_.prepare(select_stores);
  if (!rows) {
    return rows.error();
  }
  std::vector<Store> stores;
  for (;;) {
    const auto more = rows->step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return stores;
    }
    stores.push_back(store_row(*rows));
  }
}

base::Result<std::vector<StoreUse>> SqliteDirectory::read_use(std::span<const Store> stores) {
  StoreTally tally(stores);
  if (stores.empty()) {
    return tally.take();
  }
  auto rows = database_.prepare(select_use);
  if (!rows) {
    return rows.error();
  }
  for (;;) {
    const auto more = rows->step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return tally.take();
    }
    tally.add(rows->text(0), rows->text(1), static_cast<std::uint64_t>(rows->number(2)),
              {static_cast<std::uint64_t>(rows->number(3))});
  }
}

base::Result<void> SqliteDirectory::insert_store(const Store& store) {
  auto row = database_.prepare(insert_store_row);
  if (!row) {
    return row.error();
  }
  bind_store(*row, store);
  return row->bind(7, stored_time(store.created)).run();
}

base::Result<void> SqliteDirectory::replace_store(const Store& store) {
  auto row = database_.prepare(update_store_row);
  if (!row) {
    return row.error();
  }
  bind_store(*row, store);
  return run_upon_one(*row, "store", store.name);
}

base::Result<void> SqliteDirectory::erase_store(std::string_view name) {
  auto row = database_.prepare(delete_store);
  if (!row) {
    return row.error();
  }
  row->bind(1, name);
  return run_upon_one(*row, "store", name);
}

}  // namespace directory
