// directory-lib/mysql_stores.cc -- posthouse_store, and who is on the stores.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hh"

#include "directory-lib/mysql_directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

constexpr std::string_view select_stores =
    "SELECT name, mail_host, folder, weight, room, is_open, created FROM posthouse_store "
    "ORDER BY name";
constexpr std::string_view insert_store_row =
    "INSERT INTO posthouse_store (mail_host, folder, weight, room, is_open, name, created) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)";
constexpr std::string_view update_store_row =
    "UPDATE posthouse_store SET mail_host = ?, folder = ?, weight = ?, room = ?, is_open = ? "
    "WHERE name = ?";
constexpr std::string_view delete_store = "DELETE FROM posthouse_store WHERE name = ?";
// A quota's number ends where its suffix begins. The first folder of a home decides.
constexpr std::string_view select_use =
    "SELECT mailhost, CONCAT(SUBSTRING_INDEX(IF(homedir = '', maildir, homedir), '/', 1), '/'), "
    "COUNT(*), CAST(SUM(GREATEST(quota + 0, 0)) AS UNSIGNED) FROM mailbox GROUP BY 1, 2";

Store store_of_row(const MysqlRow& row) {
  Store store;
  store.name = row.text(0);
  store.mail_host = row.text(1);
  store.folder = row.text(2);
  store.weight = static_cast<std::uint64_t>(row.number(3));
  store.room = {static_cast<std::uint64_t>(row.number(4))};
  store.open = row.number(5) != 0;
  store.created = base::WallTime(std::chrono::milliseconds(row.number(6)));
  return store;
}

MysqlValues values_of(const Store& store) {
  return {std::string_view(store.mail_host),
          std::string_view(store.folder),
          mysql_number(store.weight),
          mysql_number(store.room.count),
          mysql_flag(store.open),
          std::string_view(store.name)};
}

}  // namespace

base::Result<std::vector<Store>> MysqlDirectory::read_stores() {
  if (auto ok = ready(); !ok) {
    return ok.error();
  }
  std::vector<Store> stores;
  if (!schema_.has_stores) {
    return stores;
  }
  const auto rows = ask(select_stores, {});
  if (!rows) {
    return rows.error();
  }
  for (const MysqlRow& row : *rows) {
    stores.push_back(store_of_row(row));
  }
  return stores;
}

base::Result<std::vector<StoreUse>> MysqlDirectory::read_use(std::span<const Store> stores) {
  StoreTally tally(stores);
  if (stores.empty()) {
    return tally.take();
  }
  const auto rows = ask(select_use, {});
  if (!rows) {
    return rows.error();
  }
  for (const MysqlRow& row : *rows) {
    const auto sum = base::parse_number<std::uint64_t>(row.text(3));
    tally.add(row.text(0), row.text(1), static_cast<std::uint64_t>(row.number(2)),
              {sum ? *sum : 0});
  }
  return tally.take();
}

base::Result<void> MysqlDirectory::insert_store(const Store& store) {
  if (!schema_.has_stores) {
    return base::make_error(base::Errc::denied, "the database has no table posthouse_store",
                            "mysql_user needs the right to make it, or to read it");
  }
  MysqlValues values = values_of(store);
  values.emplace_back(std::int64_t{store.created.time_since_epoch().count()});
  const auto done = change(insert_store_row, values);
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::replace_store(const Store& store) {
  return change_one(update_store_row, values_of(store), "store", store.name);
}

base::Result<void> MysqlDirectory::erase_store(std::string_view name) {
  return change_one(delete_store, {name}, "store", name);
}

}  // namespace directory
