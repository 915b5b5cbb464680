// directory-lib/mysql_rows.hh -- rows of the MySQL tables as the directory's structs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "directory-lib/directory.hh"
#include "directory-lib/mysql_client.hh"

namespace directory {

// A question with our tables beside ExtMan's, and for a database without them.
struct MysqlQuery {
  std::string joined;
  std::string plain;
  const std::string& text(bool has_additions) const { return has_additions ? joined : plain; }
};

// Questions for the row functions below; `rest` begins with WHERE. In it d, m and a are domain,
// mailbox and alias.
MysqlQuery select_domains(std::string_view rest);
MysqlQuery select_users(std::string_view rest);
// With additions its first parameter is the user whose app passwords are looked for.
MysqlQuery select_credentials(std::string_view rest);
MysqlQuery select_aliases(std::string_view rest);

Domain mysql_domain(const MysqlRow& row);
User mysql_user(const MysqlRow& row);
Alias mysql_alias(const MysqlRow& row);
// The columns of select_credentials() behind a user's.
std::string_view mysql_password(const MysqlRow& row);
base::WallTime mysql_password_changed(const MysqlRow& row);
bool mysql_has_app_passwords(const MysqlRow& row);
// Where those two have the domain that a row is listed under.
inline constexpr std::size_t mysql_user_domain = 18;
inline constexpr std::size_t mysql_alias_domain = 4;

// The switches that ExtMan has columns for, in the order of its INSERT statements here.
inline constexpr Service extman_switches[] = {Service::submission, Service::receive,
                                              Service::webmail,    Service::netdisk,
                                              Service::imap,       Service::pop3};
// The others, as bits for our tables.
std::uint32_t other_switches(Services disabled);

// Values for statements.
inline std::int64_t mysql_flag(bool value) {
  return value ? 1 : 0;
}
inline std::int64_t mysql_number(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}
// One for each of extman_switches.
void append_switches(MysqlValues& values, Services disabled);

}  // namespace directory
