// directory-lib/sqlite_schema.hh -- the tables on SQLite, and how older files become current ones.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/formats/directory.md shows the tables. A change is a new step at the end of its list in
// sqlite_schema.cc; steps that were released are never edited.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hh"
#include "base/sqlite.hh"

namespace directory {

// The two files and the schema names they have on a connection.
enum class SchemaFile { accounts, passwords };
std::string_view schema_name(SchemaFile file);

// Makes the file with mode 0640, and its folder with 0755, unless it is there. `group` as in the
// settings; hashes without a group get mode 0600.
base::Result<void> make_file(SchemaFile file, const std::string& path, const std::string& group);

// The version that brought the table of stores.
inline constexpr std::int64_t stores_since = 3;

// Whether a reader can use it: a version before may lack what readers do without. unavailable when
// the tables are not there yet, or too old; corrupt when the file is another program's or of a
// newer version.
base::Result<void> check_version(base::Database& database, SchemaFile file,
                                 const std::string& path);

// Whether there is nothing left to bring up to date.
base::Result<bool> is_current(base::Database& database, SchemaFile file);

// Brings a file up to the current version, in one transaction.
base::Result<void> upgrade(base::Database& database, SchemaFile file, const std::string& path);

}  // namespace directory
