// directory-lib/open.cc -- from the setting `driver` to a backend.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/directory.hh"
#include "directory-lib/ldap_directory.hh"
#include "directory-lib/mysql_directory.hh"
#include "directory-lib/sqlite_directory.hh"

namespace directory {

base::Result<std::unique_ptr<Directory>> open(const Settings& settings, OpenAs mode) {
  if (settings.driver == "sqlite") {
    return SqliteDirectory::open(settings, mode);
  }
  if (settings.driver == "mysql") {
    return MysqlDirectory::open(settings, mode);
  }
  if (settings.driver == "ldap") {
    return LdapDirectory::open(settings, mode);
  }
  return base::make_error(base::Errc::malformed, "no directory driver '" + settings.driver + "'",
                          "set driver = sqlite, mysql or ldap in directory.conf");
}

}  // namespace directory
