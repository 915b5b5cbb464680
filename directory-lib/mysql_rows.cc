// directory-lib/mysql_rows.cc -- column by column, between MySQL's tables and the structs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/mysql_rows.hh"

#include "base/text.hh"

#include "directory-lib/extman.hh"

namespace directory {

namespace {

// The character sets may differ. No LOWER(): UTF-8 bytes in a latin1 column would suffer from it.
constexpr std::string_view beside_domain =
    "LEFT JOIN posthouse_domain p ON p.domain = CONVERT(d.domain USING utf8mb4) "
    "COLLATE utf8mb4_bin ";
constexpr std::string_view beside_user =
    "LEFT JOIN posthouse_user p ON p.address = CONVERT(m.username USING utf8mb4) "
    "COLLATE utf8mb4_bin ";
constexpr std::string_view beside_alias =
    "LEFT JOIN posthouse_alias p ON p.address = CONVERT(a.address USING utf8mb4) "
    "COLLATE utf8mb4_bin ";

constexpr std::string_view domain_columns =
    "SELECT d.domain, d.disablesmtpd, d.disablesmtp, d.disablewebmail, d.disablenetdisk, "
    "d.disableimap, d.disablepop3, d.description, d.hashdirpath, d.transport, d.maxusers, "
    "d.maxalias, d.maxquota, d.default_quota, d.active, d.expiredate, d.createdate, "
    "d.default_expire";
constexpr std::string_view user_columns =
    "SELECT m.username, m.disablesmtpd, m.disablesmtp, m.disablewebmail, m.disablenetdisk, "
    "m.disableimap, m.disablepop3, m.name, m.homedir, m.maildir, m.mailhost, m.quota, m.active, "
    "m.disablepwdchange, m.expiredate, m.createdate, d.active, d.expiredate, m.domain";
constexpr std::string_view user_tables =
    "FROM mailbox m LEFT JOIN domain d ON d.domain = m.domain ";
constexpr std::string_view alias_columns =
    "SELECT a.address, a.goto, a.active, a.createdate, a.domain";

constexpr std::size_t first_switch = 1;
constexpr std::size_t additions_of_domain = 18;
constexpr std::size_t additions_of_user = 19;
constexpr std::size_t password_of_user = 21;

MysqlQuery compose(std::string_view columns, std::string_view additions, std::string_view nothing,
                   std::string_view tables, std::string_view beside, std::string_view rest) {
  const auto join = [](std::initializer_list<std::string_view> parts) {
    std::string sql;
    for (const std::string_view part : parts) {
      sql += part;
    }
    return sql;
  };
  return {join({columns, additions, tables, beside, rest}), join({columns, nothing, tables, rest})};
}

Services switches(const MysqlRow& row, std::string_view others) {
  Services off = Services::from_bits(
      other_switches(Services::from_bits(base::parse_number<std::uint32_t>(others).value_or(0))));
  std::size_t column = first_switch;
  for (const Service service : extman_switches) {
    if (extman::is_on(row.text(column++))) {
      off.add(service);
    }
  }
  return off;
}

// What is no date is no expiry: a typing error locks nobody out.
Expiry expiry(std::string_view text) {
  return extman::parse_day(text).value_or(Expiry());
}

base::Bytes quota(std::string_view text) {
  return extman::parse_quota(text).value_or(base::Bytes());
}

std::uint64_t limit(const MysqlRow& row, std::size_t column) {
  const std::int64_t number = row.number(column);
  return number < 0 ? 0 : static_cast<std::uint64_t>(number);
}

}  // namespace

std::uint32_t other_switches(Services disabled) {
  std::uint32_t bits = disabled.bits();
  for (const Service service : extman_switches) {
    bits &= ~(1U << static_cast<unsigned>(service));
  }
  return bits;
}

void append_switches(MysqlValues& values, Services disabled) {
  for (const Service service : extman_switches) {
    values.emplace_back(mysql_flag(disabled.has(service)));
  }
}

MysqlQuery select_domains(std::string_view rest) {
  return compose(domain_columns, ", p.disabled ", ", 0 ", "FROM domain d ", beside_domain, rest);
}

MysqlQuery select_users(std::string_view rest) {
  return compose(user_columns, ", p.disabled, p.greylist ", ", 0, 1 ", user_tables, beside_user,
                 rest);
}

MysqlQuery select_credentials(std::string_view rest) {
  return compose(user_columns,
                 ", p.disabled, p.greylist, m.password, p.password_changed, "
                 "EXISTS (SELECT 1 FROM posthouse_app_password w WHERE w.address = ?) ",
                 ", 0, 1, m.password, 0, 0 ", user_tables, beside_user, rest);
}

MysqlQuery select_aliases(std::string_view rest) {
  return compose(alias_columns, ", p.expires ", ", NULL ", "FROM alias a ", beside_alias, rest);
}

Domain mysql_domain(const MysqlRow& row) {
  Domain domain;
  domain.name = base::to_lower(row.text(0));
  domain.disabled = switches(row, row.text(additions_of_domain));
  domain.default_term = extman::parse_term(row.text(17));
  domain.description = extman::readable(row.text(7));
  domain.hash_path = extman::stored_path(row.text(8));
  domain.mail_host = extman::domain_mail_host(row.text(9));
  domain.max_users = limit(row, 10);
  domain.max_aliases = limit(row, 11);
  domain.max_quota = quota(row.text(12));
  domain.default_quota = quota(row.text(13));
  domain.enabled = extman::is_on(row.text(14));
  domain.expires = expiry(row.text(15));
  domain.created = extman::parse_time(row.text(16));
  return domain;
}

User mysql_user(const MysqlRow& row) {
  User user;
  user.address = base::to_lower(row.text(0));
  user.disabled = switches(row, row.text(additions_of_user));
  // NULL: nothing is said beside.
  user.greylist = row.is_null(additions_of_user + 1) || row.number(additions_of_user + 1) != 0;
  user.name = extman::readable(row.text(7));
  user.home = extman::stored_home(row.text(8), row.text(9));
  user.maildir = extman::stored_path(row.text(9));
  user.mail_host = row.text(10);
  user.quota = quota(row.text(11));
  user.enabled = extman::is_on(row.text(12));
  user.may_change_password = !extman::is_on(row.text(13));
  user.expires = expiry(row.text(14));
  user.created = extman::parse_time(row.text(15));
  // A mailbox whose domain is not there is as if the domain were off.
  user.domain_enabled = extman::is_on(row.text(16));
  user.domain_expires = expiry(row.text(17));
  return user;
}

Alias mysql_alias(const MysqlRow& row) {
  Alias alias;
  alias.address = base::to_lower(row.text(0));
  alias.targets = extman::parse_targets(row.text(1));
  alias.enabled = extman::is_on(row.text(2));
  alias.created = extman::parse_time(row.text(3));
  alias.expires = expiry(row.text(5));
  return alias;
}

std::string_view mysql_password(const MysqlRow& row) {
  return row.text(password_of_user);
}

base::WallTime mysql_password_changed(const MysqlRow& row) {
  return base::WallTime(std::chrono::milliseconds(row.number(password_of_user + 1)));
}

bool mysql_has_app_passwords(const MysqlRow& row) {
  return row.number(password_of_user + 2) != 0;
}

}  // namespace directory
