// directory-lib/sqlite_side.hh -- list entries, app passwords and the audit trail in SQLite tables.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// They are kept by names alone, so that a backend whose server cannot hold them may keep them on
// SQLite beside it: the schemas `main` and `secret` of sqlite_schema.hh must be attached. Writing
// belongs into a transaction of the caller.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/sqlite.hh"

#include "directory-lib/entries.hh"

namespace directory {

class SqliteSide {
 public:
  // The database must outlive it.
  explicit SqliteSide(base::Database& database) : database_(database) {}

  // All as the functions of Directory that have the same names.
  base::Result<std::vector<ListEntry>> read_list(std::string_view owner);
  base::Result<void> insert_list_entry(const ListEntry& entry);
  base::Result<void> erase_list_entry(const ListEntry& entry);
  base::Result<std::vector<StoredAppPassword>> read_app_passwords(std::string_view address);
  base::Result<void> insert_app_password(const StoredAppPassword& entry);
  base::Result<void> erase_app_password(std::string_view address, std::string_view id);
  base::Result<void> store_app_password_use(std::string_view address, std::string_view id,
                                            base::WallTime when);
  base::Result<void> append_audit(const AuditEntry& entry);
  base::Result<Page<AuditEntry>> page_audit(const AuditFilter& filter, std::string_view after,
                                            std::size_t limit);

  // All that belongs to a user or a domain.
  base::Result<void> forget(std::string_view owner);

 private:
  base::Database& database_;
};

}  // namespace directory
