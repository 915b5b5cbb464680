// directory-lib/sqlite_rows.hh -- rows of the SQLite tables as the directory's structs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string_view>

#include "base/sqlite.hh"

#include "directory-lib/directory.hh"

namespace directory {

std::int64_t stored_time(base::WallTime time);
base::WallTime time_of(std::int64_t stored);

// NULL for never.
void bind_expiry(base::Statement& statement, int index, const Expiry& expires);
Expiry expiry_column(const base::Statement& row, int column);

inline std::int64_t whole(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}
inline std::int64_t flag(bool value) {
  return value ? 1 : 0;
}

// What a SELECT must begin with, for the functions below. A domain leads to its users and aliases:
// CROSS JOIN keeps SQLite from turning that round.
inline constexpr std::string_view domain_columns =
    "SELECT name, description, hash_path, mail_host, max_users, max_aliases, max_quota, "
    "default_quota, disabled, enabled, expires, created, default_term FROM main.domain ";
inline constexpr std::string_view user_columns =
    "SELECT u.local, d.name, u.name, u.home, u.maildir, u.mail_host, u.quota, u.disabled, "
    "u.enabled, u.may_change_password, u.expires, u.created, d.enabled, d.expires, u.greylist ";
inline constexpr int user_column_count = 15;
inline constexpr std::string_view user_tables =
    "FROM main.domain d CROSS JOIN main.user u ON u.domain = d.id ";
inline constexpr std::string_view alias_columns =
    "SELECT a.local, d.name, a.enabled, a.expires, a.created, d.id "
    "FROM main.domain d CROSS JOIN main.alias a ON a.domain = d.id ";

inline constexpr std::string_view manager_columns =
    "SELECT m.address, m.name, m.level, m.may_change_password, m.enabled, m.expires, m.created ";
inline constexpr int manager_column_count = 7;

Domain domain_row(const base::Statement& row);
User user_row(const base::Statement& row);
Alias alias_row(const base::Statement& row);             // without its targets
ManagerAccount manager_row(const base::Statement& row);  // without its domains

// Runs an UPDATE or DELETE that ends in `RETURNING 1`: not_found when it met no row.
base::Result<void> run_upon_one(base::Statement& statement, std::string_view what,
                                std::string_view name);

}  // namespace directory
