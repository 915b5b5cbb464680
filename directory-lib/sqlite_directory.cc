// directory-lib/sqlite_directory.cc -- the statements of the SQLite directory.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/sqlite_directory.hh"

#include <cerrno>

#include <unistd.h>

#include "directory-lib/rules.hh"
#include "directory-lib/sqlite_rows.hh"
#include "directory-lib/sqlite_schema.hh"

namespace directory {

namespace {

using base::Errc;
using namespace std::chrono_literals;

// How long a look over the whole file may take: a daemon has the time, a command is waited for.
constexpr auto service_check_budget = 5s;
constexpr auto command_check_budget = 200ms;

const std::string select_domain = std::string(domain_columns) + "WHERE name = ?1";
const std::string select_user =
    std::string(user_columns) + std::string(user_tables) + "WHERE d.name = ?2 AND u.local = ?1";
const std::string select_credentials =
    std::string(user_columns) +
    ", p.stored, p.changed, EXISTS (SELECT 1 FROM secret.app_password w WHERE w.user = ?3) " +
    std::string(user_tables) +
    "LEFT JOIN secret.password p ON p.address = ?3 WHERE d.name = ?2 AND u.local = ?1";
const std::string select_alias = std::string(alias_columns) + "WHERE d.name = ?2 AND a.local = ?1";
constexpr std::string_view select_targets =
    "SELECT target FROM main.alias_target WHERE domain = ?1 AND local = ?2 ORDER BY position";

// What the kernel says is clearer than SQLite's "unable to open database file".
base::Result<void> check_readable(const std::string& path) {
  if (::access(path.c_str(), R_OK) == 0) {
    return {};
  }
  if (errno == ENOENT) {
    return base::make_error(Errc::unavailable, path + ": there is no directory yet",
                            "posthouse domain add DOMAIN makes it");
  }
  auto error = base::errno_error(path, errno, "the user must belong to the file's group");
  // A dead disk is not "no such user" to anybody.
  error.code = error.code == Errc::denied ? Errc::denied : Errc::unavailable;
  return error;
}

base::Error with_advice(base::Error error) {
  if (error.code == Errc::corrupt && error.hint.empty()) {
    error.hint = "restore the file from a backup, or save what is left: sqlite3 FILE .recover";
  }
  return error;
}

}  // namespace

base::Result<void> SqliteDirectory::attach_passwords() {
  if (has_passwords_) {
    return {};
  }
  const std::string& path = settings().passwords;
  if (auto ok = check_readable(path); !ok) {
    return ok.error();
  }
  if (auto ok = database_.attach(path, schema_name(SchemaFile::passwords)); !ok) {
    return with_advice(ok.error());
  }
  has_passwords_ = true;
  return is_writer_ ? base::Result<void>() : check_version(database_, SchemaFile::passwords, path);
}

base::Result<void> SqliteDirectory::bring_up_to_date() {
  if (auto ok = attach_passwords(); !ok) {
    return ok.error();
  }
  // Somebody may have tried WAL, which readers with nothing but read permission cannot follow.
  for (const char* mode :
       {"PRAGMA main.journal_mode = DELETE", "PRAGMA secret.journal_mode = DELETE"}) {
    if (auto ok = database_.execute(mode); !ok) {
      return ok.error();
    }
  }
  const auto accounts = is_current(database_, SchemaFile::accounts);
  const auto passwords = is_current(database_, SchemaFile::passwords);
  if (accounts && passwords && *accounts && *passwords) {
    return {};
  }
  if (auto ok = begin(); !ok) {
    return ok.error();
  }
  auto ok = upgrade(database_, SchemaFile::accounts, settings().database);
  if (ok) {
    ok = upgrade(database_, SchemaFile::passwords, settings().passwords);
  }
  if (ok) {
    ok = commit();
  }
  if (!ok) {
    roll_back();
  }
  return ok;
}

base::Result<std::unique_ptr<Directory>> SqliteDirectory::open(const Settings& settings,
                                                               OpenAs mode) {
  const bool is_recorder = mode == OpenAs::recorder;
  const bool is_writer = mode == OpenAs::writer || is_recorder;
  if (mode == OpenAs::writer) {
    if (auto ok = make_file(SchemaFile::accounts, settings.database, settings.group); !ok) {
      return ok.error();
    }
    if (auto ok = make_file(SchemaFile::passwords, settings.passwords, settings.password_group);
        !ok) {
      return ok.error();
    }
  }
  if (auto ok = check_readable(settings.database); !ok) {
    return ok.error();
  }
  auto database = base::Database::open(
      settings.database, is_writer ? base::Database::Mode::write : base::Database::Mode::read,
      settings.busy_timeout);
  if (!database) {
    return with_advice(database.error());
  }
  auto directory =
      std::make_unique<SqliteDirectory>(OnlyOpen(), settings, std::move(*database), is_writer);
  if (mode == OpenAs::service || mode == OpenAs::writer) {
    const auto checked = directory->database_.quick_check(
        "main", is_writer ? command_check_budget : service_check_budget);
    if (!checked) {
      return with_advice(checked.error());
    }
  }
  auto ready = mode == OpenAs::writer
                   ? directory->bring_up_to_date()
                   : check_version(directory->database_, SchemaFile::accounts, settings.database);
  if (ready && is_recorder) {
    ready = directory->attach_passwords();
  }
  if (!ready) {
    return with_advice(ready.error());
  }
  return std::unique_ptr<Directory>(std::move(directory));
}

// The file is locked and looked over once for all reading, instead of once a statement.
void SqliteDirectory::begin_reading() {
  auto statement = database_.prepare("BEGIN");
  is_reading_ = statement && statement->run();
}

void SqliteDirectory::end_reading() noexcept {
  if (!std::exchange(is_reading_, false)) {
    return;
  }
  auto statement = database_.prepare("COMMIT");
  if (!statement || !statement->run()) {
    // Fails when SQLite has rolled back by itself, and then nothing is left to do.
    (void)database_.execute("ROLLBACK").has_value();
  }
}

base::Result<Domain> SqliteDirectory::read_domain(std::string_view name) {
  auto row = database_.prepare(select_domain);
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, name).step();
  if (!found) {
    return found.error();
  }
  return *found ? base::Result<Domain>(domain_row(*row)) : absent("domain", name);
}

base::Result<User> SqliteDirectory::read_user(const mail::Address& address) {
  auto row = database_.prepare(select_user);
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, address.local).bind(2, address.domain).step();
  if (!found) {
    return found.error();
  }
  return *found ? base::Result<User>(user_row(*row)) : absent("user", address.key());
}

base::Result<Credentials> SqliteDirectory::read_credentials(const mail::Address& address) {
  if (auto ok = attach_passwords(); !ok) {
    return ok.error();
  }
  auto row = database_.prepare(select_credentials);
  if (!row) {
    return row.error();
  }
  const std::string key = address.key();
  const auto found = row->bind(1, address.local).bind(2, address.domain).bind(3, key).step();
  if (!found) {
    return found.error();
  }
  if (!*found) {
    return absent("user", key);
  }
  return Credentials{user_row(*row), std::string(row->text(user_column_count)),
                     time_of(row->number(user_column_count + 1)),
                     row->number(user_column_count + 2) != 0};
}

base::Result<std::vector<std::string>> SqliteDirectory::read_targets(std::int64_t domain,
                                                                     std::string_view local) {
  auto rows = database_.prepare(select_targets);
  if (!rows) {
    return rows.error();
  }
  rows->bind(1, domain).bind(2, local);
  std::vector<std::string> targets;
  for (;;) {
    const auto more = rows->step();
    if (!more) {
      return more.error();
    }
    if (!*more) {
      return targets;
    }
    targets.emplace_back(rows->text(0));
  }
}

base::Result<Alias> SqliteDirectory::read_alias(std::string_view local, std::string_view domain) {
  auto row = database_.prepare(select_alias);
  if (!row) {
    return row.error();
  }
  const auto found = row->bind(1, local).bind(2, domain).step();
  if (!found) {
    return found.error();
  }
  if (!*found) {
    return absent("alias", std::string(local) + "@" + std::string(domain));
  }
  Alias alias = alias_row(*row);
  auto targets = read_targets(row->number(5), local);
  if (!targets) {
    return targets.error();
  }
  alias.targets = std::move(*targets);
  return alias;
}

}  // namespace directory
