// directory-lib/mysql_schema.cc -- looking the tables over, and making them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The columns of ExtMan's tables are its interface: names, types and keys are kept, so that it and
// programs made for it go on working on tables that were made here.
#include "directory-lib/mysql_schema.hh"

#include <set>

#include "base/text.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::int64_t known_version = 2;

enum class Need { all, wide };

struct Column {
  std::string_view table;
  std::string_view name;
  Need need = Need::all;
};

constexpr Column needed[] = {
    {"domain", "domain"},
    {"domain", "description"},
    {"domain", "hashdirpath"},
    {"domain", "maxalias"},
    {"domain", "maxusers"},
    {"domain", "maxquota"},
    {"domain", "transport"},
    {"domain", "default_quota"},
    {"domain", "default_expire"},
    {"domain", "disablesmtpd"},
    {"domain", "disablesmtp"},
    {"domain", "disablewebmail"},
    {"domain", "disablenetdisk"},
    {"domain", "disableimap"},
    {"domain", "disablepop3"},
    {"domain", "createdate"},
    {"domain", "expiredate"},
    {"domain", "active"},
    {"domain", "maxnetdiskquota", Need::wide},
    {"domain", "default_netdiskquota", Need::wide},
    {"domain", "can_signup", Need::wide},
    {"mailbox", "username"},
    {"mailbox", "name"},
    {"mailbox", "mailhost"},
    {"mailbox", "maildir"},
    {"mailbox", "homedir"},
    {"mailbox", "quota"},
    {"mailbox", "domain"},
    {"mailbox", "createdate"},
    {"mailbox", "expiredate"},
    {"mailbox", "active"},
    {"mailbox", "disablepwdchange"},
    {"mailbox", "disablesmtpd"},
    {"mailbox", "disablesmtp"},
    {"mailbox", "disablewebmail"},
    {"mailbox", "disablenetdisk"},
    {"mailbox", "disableimap"},
    {"mailbox", "disablepop3"},
    {"mailbox", "uid", Need::wide},
    {"mailbox", "password", Need::wide},
    {"mailbox", "clearpwd", Need::wide},
    {"mailbox", "netdiskquota", Need::wide},
    {"mailbox", "question", Need::wide},
    {"mailbox", "answer", Need::wide},
    {"alias", "address"},
    {"alias", "goto"},
    {"alias", "domain"},
    {"alias", "createdate"},
    {"alias", "active"},
    {"manager", "username", Need::wide},
    {"manager", "password", Need::wide},
    {"manager", "type", Need::wide},
    {"manager", "uid", Need::wide},
    {"manager", "name", Need::wide},
    {"manager", "question", Need::wide},
    {"manager", "answer", Need::wide},
    {"manager", "disablepwdchange", Need::wide},
    {"manager", "createdate", Need::wide},
    {"manager", "expiredate", Need::wide},
    {"manager", "active", Need::wide},
    {"domain_manager", "username", Need::wide},
    {"domain_manager", "domain", Need::wide},
    {"domain_manager", "createdate", Need::wide},
    {"domain_manager", "active", Need::wide},
};

constexpr std::string_view columns_of_tables =
    "SELECT LOWER(table_name), LOWER(column_name), character_set_name, "
    "COALESCE(character_maximum_length, 0) "
    "FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name IN ("
    "'domain', 'mailbox', 'alias', 'manager', 'domain_manager', 'posthouse_version', "
    "'posthouse_store')";
constexpr std::string_view engines_of_tables =
    "SELECT COUNT(*) FROM information_schema.tables JOIN information_schema.engines USING (engine) "
    "WHERE table_schema = DATABASE() AND table_name IN ('domain', 'mailbox', 'alias', 'manager', "
    "'domain_manager') AND COALESCE(transactions, 'NO') <> 'YES'";
constexpr std::string_view select_version = "SELECT MAX(version) FROM posthouse_version";
// Of versions before, tables are missing, and no other thing.
constexpr std::string_view insert_version =
    "INSERT INTO posthouse_version (version) SELECT 2 FROM (SELECT 1) AS one "
    "WHERE NOT EXISTS (SELECT * FROM posthouse_version WHERE version >= 2)";

// ExtMan's. The index by domain is ours: lists of one domain are read along it.
// NOLINTBEGIN(bugprone-suspicious-missing-comma): a statement goes over several lines
constexpr std::string_view account_tables[] = {
    "CREATE TABLE IF NOT EXISTS domain ("
    "domain VARCHAR(255) NOT NULL DEFAULT '', description VARCHAR(255) NOT NULL DEFAULT '', "
    "hashdirpath VARCHAR(255) NOT NULL DEFAULT '', maxalias INT NOT NULL DEFAULT 0, "
    "maxusers INT NOT NULL DEFAULT 0, maxquota VARCHAR(16) NOT NULL DEFAULT '0', "
    "maxnetdiskquota VARCHAR(16) NOT NULL DEFAULT '0', transport VARCHAR(255) DEFAULT NULL, "
    "can_signup TINYINT NOT NULL DEFAULT 0, default_quota VARCHAR(255) DEFAULT NULL, "
    "default_netdiskquota VARCHAR(255) DEFAULT NULL, default_expire VARCHAR(12) DEFAULT NULL, "
    "disablesmtpd SMALLINT, disablesmtp SMALLINT, disablewebmail SMALLINT, "
    "disablenetdisk SMALLINT, disableimap SMALLINT, disablepop3 SMALLINT, "
    "createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', "
    "expiredate DATE NOT NULL DEFAULT '0000-00-00', active TINYINT NOT NULL DEFAULT 1, "
    "PRIMARY KEY (domain)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS mailbox ("
    "username VARCHAR(255) NOT NULL DEFAULT '', uid VARCHAR(255) NOT NULL DEFAULT '', "
    "password VARCHAR(255) NOT NULL DEFAULT '', clearpwd VARCHAR(128) NOT NULL DEFAULT '', "
    "name VARCHAR(255) NOT NULL DEFAULT '', mailhost VARCHAR(255) NOT NULL DEFAULT '', "
    "maildir VARCHAR(255) NOT NULL DEFAULT '', homedir VARCHAR(255) NOT NULL DEFAULT '', "
    "quota VARCHAR(16) NOT NULL DEFAULT '0', netdiskquota VARCHAR(16) NOT NULL DEFAULT '0', "
    "domain VARCHAR(255) NOT NULL DEFAULT '', uidnumber INT NOT NULL DEFAULT 1000, "
    "gidnumber INT NOT NULL DEFAULT 1000, "
    "createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', "
    "expiredate DATE NOT NULL DEFAULT '0000-00-00', active SMALLINT NOT NULL DEFAULT 1, "
    "disablepwdchange SMALLINT, disablesmtpd SMALLINT, disablesmtp SMALLINT, "
    "disablewebmail SMALLINT, disablenetdisk SMALLINT, disableimap SMALLINT, "
    "disablepop3 SMALLINT, question TEXT NOT NULL, answer TEXT NOT NULL, "
    "PRIMARY KEY (username), KEY domain (domain, username)) "
    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS alias ("
    "address VARCHAR(255) NOT NULL DEFAULT '', goto MEDIUMTEXT NOT NULL, "
    "domain VARCHAR(255) NOT NULL DEFAULT '', "
    "createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', "
    "active TINYINT NOT NULL DEFAULT 1, PRIMARY KEY (address), KEY domain (domain, address)) "
    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS manager ("
    "username VARCHAR(255) NOT NULL DEFAULT '', password VARCHAR(255) NOT NULL DEFAULT '', "
    "type VARCHAR(64) NOT NULL DEFAULT 'postmaster', uid VARCHAR(255) NOT NULL DEFAULT '', "
    "name VARCHAR(255) NOT NULL DEFAULT '', question TEXT NOT NULL, answer TEXT NOT NULL, "
    "disablepwdchange SMALLINT, createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', "
    "expiredate DATE NOT NULL DEFAULT '0000-00-00', active TINYINT NOT NULL DEFAULT 1, "
    "PRIMARY KEY (username)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS domain_manager ("
    "username VARCHAR(255) NOT NULL DEFAULT '', domain VARCHAR(255) NOT NULL DEFAULT '', "
    "createdate DATETIME NOT NULL DEFAULT '0000-00-00 00:00:00', "
    "active TINYINT NOT NULL DEFAULT 1, PRIMARY KEY (username, domain), KEY domain (domain)) "
    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
};

// Ours. Times are milliseconds since 1970 UTC. posthouse_version is the last: when it is there, all
// of them are.
constexpr std::string_view addition_tables[] = {
    "CREATE TABLE IF NOT EXISTS posthouse_domain ("
    "domain VARCHAR(255) NOT NULL, disabled INT UNSIGNED NOT NULL DEFAULT 0, "
    "PRIMARY KEY (domain)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS posthouse_user ("
    "address VARCHAR(255) NOT NULL, disabled INT UNSIGNED NOT NULL DEFAULT 0, "
    "greylist TINYINT NOT NULL DEFAULT 1, password_changed BIGINT NOT NULL DEFAULT 0, "
    "PRIMARY KEY (address)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS posthouse_alias ("
    "address VARCHAR(255) NOT NULL, expires DATE NOT NULL, "
    "PRIMARY KEY (address)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS posthouse_manager ("
    "address VARCHAR(255) NOT NULL, password_changed BIGINT NOT NULL DEFAULT 0, "
    "PRIMARY KEY (address)) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS posthouse_list ("
    "owner VARCHAR(255) NOT NULL, kind TINYINT NOT NULL, pattern VARCHAR(255) NOT NULL, "
    "created BIGINT NOT NULL, PRIMARY KEY (owner, kind, pattern)) "
    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS posthouse_app_password ("
    "address VARCHAR(255) NOT NULL, id VARCHAR(64) NOT NULL, label VARCHAR(255) NOT NULL, "
    "services INT UNSIGNED NOT NULL, digest VARCHAR(255) NOT NULL, created BIGINT NOT NULL, "
    "last_used BIGINT DEFAULT NULL, expires DATE NOT NULL DEFAULT '0000-00-00', "
    "PRIMARY KEY (address, id)) "
    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS posthouse_audit ("
    "id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT, at BIGINT NOT NULL, who VARCHAR(255) NOT NULL, "
    "verb VARCHAR(64) NOT NULL, object VARCHAR(320) NOT NULL, domain VARCHAR(255) NOT NULL, "
    "outcome VARCHAR(64) NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (id), "
    "KEY domain (domain, id), KEY object (object, id), KEY at (at)) "
    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS posthouse_store ("
    "name VARCHAR(64) NOT NULL, mail_host VARCHAR(255) NOT NULL DEFAULT '', "
    "folder VARCHAR(64) NOT NULL DEFAULT '', weight BIGINT NOT NULL DEFAULT 1, "
    "room BIGINT NOT NULL DEFAULT 0, is_open TINYINT NOT NULL DEFAULT 1, "
    "created BIGINT NOT NULL DEFAULT 0, PRIMARY KEY (name)) "
    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",

    "CREATE TABLE IF NOT EXISTS posthouse_version (version INT NOT NULL) "
    "ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
};
// NOLINTEND(bugprone-suspicious-missing-comma)

base::Error missing(const Column& column, bool has_table) {
  const std::string name = std::string(column.table) + "." + std::string(column.name);
  return base::make_error(
      Errc::corrupt,
      has_table ? "the database has no column " + name
                : "the database has no table " + std::string(column.table),
      "or mysql_user has no right to read it; docs/formats/directory-mysql.md lists all columns");
}

base::Result<void> check_version(MysqlConnection& connection) {
  const auto rows = connection.query(select_version, {});
  if (!rows) {
    return rows.error();
  }
  const std::int64_t version = rows->empty() ? 0 : rows->front().number(0);
  if (version > known_version) {
    return base::make_error(Errc::corrupt,
                            "posthouse_version says format " + std::to_string(version) +
                                ", this program knows " + std::to_string(known_version),
                            "install the newer version");
  }
  return {};
}

base::Result<void> check_columns(const std::set<std::string, std::less<>>& found, bool wide) {
  for (const Column& column : needed) {
    const std::string name = std::string(column.table) + "." + std::string(column.name);
    if ((column.need == Need::wide && !wide) || found.contains(name)) {
      continue;
    }
    return missing(column, found.contains(column.table));
  }
  return {};
}

}  // namespace

base::Result<MysqlSchema> look_over(MysqlConnection& connection, bool wide) {
  const auto rows = connection.query(columns_of_tables, {});
  if (!rows) {
    return rows.error();
  }
  MysqlSchema schema;
  std::set<std::string, std::less<>> found;  // tables, and TABLE.COLUMN
  for (const MysqlRow& row : *rows) {
    const std::string name = std::string(row.text(0)) + "." + std::string(row.text(1));
    found.insert(std::string(row.text(0)));
    found.insert(name);
    if (name == "mailbox.username") {
      schema.charset = row.text(2);
    }
    if (name == "mailbox.password") {
      schema.password_room = static_cast<std::size_t>(row.number(3));
    }
  }
  schema.has_additions = found.contains("posthouse_version");
  schema.has_stores = schema.has_additions && found.contains("posthouse_store");
  schema.has_accounts = found.contains("domain") || found.contains("mailbox");
  if (!schema.has_accounts) {
    return schema;
  }
  if (auto ok = check_columns(found, wide); !ok) {
    return ok.error();
  }
  if (schema.has_additions) {
    if (auto ok = check_version(connection); !ok) {
      return ok.error();
    }
  }
  const auto engines = connection.query(engines_of_tables, {});
  if (!engines) {
    return engines.error();
  }
  schema.has_transactions = engines->front().number(0) == 0;
  return schema;
}

base::Result<void> make_tables(MysqlConnection& connection) {
  for (const std::string_view table : account_tables) {
    if (auto ok = connection.execute(std::string(table)); !ok) {
      return ok.error();
    }
  }
  for (const std::string_view table : addition_tables) {
    if (auto ok = connection.execute(std::string(table)); !ok) {
      // Without them a site's own tables still serve; what needs ours says so.
      return ok.error().code == Errc::denied ? base::Result<void>() : ok.error();
    }
  }
  const auto version = connection.change(insert_version, {});
  return version ? base::Result<void>() : version.error();
}

}  // namespace directory
