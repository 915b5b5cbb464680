// directory-lib/mysql_schema.hh -- the tables on MySQL: ExtMan's as they are, and ours beside them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// docs/formats/directory-mysql.md shows them. ExtMan's five tables are never altered; a database
// without them gets the same ones. What ExtMan has no column for is in posthouse_ tables.
#pragma once

#include <string>

#include "base/result.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/mysql_client.hh"

namespace directory {

// What a look at the database found.
struct MysqlSchema {
  std::string charset;            // of the addresses' columns
  std::size_t password_room = 0;  // characters of a user's password
  bool has_additions = false;     // our tables are there and may be read
  bool has_transactions = true;   // every one of ExtMan's tables can roll back
  bool has_accounts = false;      // ExtMan's tables are there at all
  bool has_stores = false;        // posthouse_store, since version 2 of ours
};

// `wide`: also what only writers and administrators need, such as the passwords.
// corrupt, naming table and column, when one is missing (or this user may not read it), and when
// our tables are of a newer version. A database without ExtMan's tables is no error.
base::Result<MysqlSchema> look_over(MysqlConnection& connection, bool wide);

// Makes the tables that are missing. Ours may be left out when the user has no right to make them;
// ExtMan's five may not: denied.
base::Result<void> make_tables(MysqlConnection& connection);

}  // namespace directory
