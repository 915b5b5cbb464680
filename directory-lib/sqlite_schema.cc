// directory-lib/sqlite_schema.cc -- the steps from an empty file to the current tables.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/sqlite_schema.hh"

#include <array>
#include <cerrno>
#include <span>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"

namespace directory {

namespace {

using base::Errc;

constexpr mode_t file_mode = 0640;
constexpr mode_t private_mode = 0600;

// Times are milliseconds since 1970, dates days since 1970, flags 0 or 1, sizes bytes, 0 for none.
// `users`, `aliases` and `allotted` of a domain are kept by triggers, so that limits cost nothing.
constexpr std::string_view accounts_1 = R"sql(
CREATE TABLE main.domain (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (name <> ''),
  description TEXT NOT NULL DEFAULT '',
  hash_path TEXT NOT NULL DEFAULT '',
  mail_host TEXT NOT NULL DEFAULT '',
  max_users INTEGER NOT NULL DEFAULT 0,
  max_aliases INTEGER NOT NULL DEFAULT 0,
  max_quota INTEGER NOT NULL DEFAULT 0,
  default_quota INTEGER NOT NULL DEFAULT 0,
  disabled INTEGER NOT NULL DEFAULT 0,
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  expires INTEGER,
  created INTEGER NOT NULL,
  users INTEGER NOT NULL DEFAULT 0,
  aliases INTEGER NOT NULL DEFAULT 0,
  allotted INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE main.user (
  domain INTEGER NOT NULL REFERENCES domain (id),
  local TEXT NOT NULL CHECK (local <> ''),
  name TEXT NOT NULL DEFAULT '',
  home TEXT NOT NULL CHECK (home <> '' AND substr(home, 1, 1) NOT IN ('/', '.')),
  maildir TEXT,
  mail_host TEXT NOT NULL DEFAULT '',
  quota INTEGER NOT NULL DEFAULT 0 CHECK (quota >= 0),
  disabled INTEGER NOT NULL DEFAULT 0,
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  may_change_password INTEGER NOT NULL DEFAULT 1 CHECK (may_change_password IN (0, 1)),
  expires INTEGER,
  created INTEGER NOT NULL,
  PRIMARY KEY (domain, local)
) STRICT, WITHOUT ROWID;

CREATE TABLE main.alias (
  domain INTEGER NOT NULL REFERENCES domain (id),
  local TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  expires INTEGER,
  created INTEGER NOT NULL,
  PRIMARY KEY (domain, local)
) STRICT, WITHOUT ROWID;

CREATE TABLE main.alias_target (
  domain INTEGER NOT NULL,
  local TEXT NOT NULL,
  position INTEGER NOT NULL,
  target TEXT NOT NULL CHECK (target <> ''),
  PRIMARY KEY (domain, local, position),
  FOREIGN KEY (domain, local) REFERENCES alias (domain, local) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX main.alias_by_target ON alias_target (target);

CREATE TRIGGER main.user_added AFTER INSERT ON user BEGIN
  UPDATE domain SET users = users + 1, allotted = allotted + NEW.quota WHERE id = NEW.domain;
END;
CREATE TRIGGER main.user_removed AFTER DELETE ON user BEGIN
  UPDATE domain SET users = users - 1, allotted = allotted - OLD.quota WHERE id = OLD.domain;
END;
CREATE TRIGGER main.user_resized AFTER UPDATE OF quota ON user BEGIN
  UPDATE domain SET allotted = allotted - OLD.quota + NEW.quota WHERE id = NEW.domain;
END;
CREATE TRIGGER main.alias_added AFTER INSERT ON alias BEGIN
  UPDATE domain SET aliases = aliases + 1 WHERE id = NEW.domain;
END;
CREATE TRIGGER main.alias_removed AFTER DELETE ON alias BEGIN
  UPDATE domain SET aliases = aliases - 1 WHERE id = OLD.domain;
END;
)sql";

// Keyed by the address, since no foreign key reaches into another file.
constexpr std::string_view passwords_1 = R"sql(
CREATE TABLE secret.password (
  address TEXT PRIMARY KEY CHECK (address <> ''),
  stored TEXT NOT NULL,
  changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

// Owners of list entries are names, not ids: an entry may belong to a user, a domain, or to all.
constexpr std::string_view accounts_2 = R"sql(
ALTER TABLE main.domain ADD COLUMN default_term TEXT NOT NULL DEFAULT '';
ALTER TABLE main.user ADD COLUMN greylist INTEGER NOT NULL DEFAULT 1;

CREATE TABLE main.list_entry (
  owner TEXT NOT NULL,
  kind INTEGER NOT NULL CHECK (kind IN (0, 1)),
  pattern TEXT NOT NULL CHECK (pattern <> ''),
  created INTEGER NOT NULL,
  PRIMARY KEY (owner, kind, pattern)
) STRICT, WITHOUT ROWID;

CREATE TABLE main.manager (
  address TEXT PRIMARY KEY CHECK (address <> ''),
  name TEXT NOT NULL DEFAULT '',
  level INTEGER NOT NULL CHECK (level IN (0, 1)),
  may_change_password INTEGER NOT NULL DEFAULT 1 CHECK (may_change_password IN (0, 1)),
  enabled INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
  expires INTEGER,
  created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE main.manager_domain (
  manager TEXT NOT NULL REFERENCES manager (address) ON DELETE CASCADE,
  domain TEXT NOT NULL REFERENCES domain (name) ON DELETE CASCADE,
  PRIMARY KEY (manager, domain)
) STRICT, WITHOUT ROWID;
CREATE INDEX main.manager_by_domain ON manager_domain (domain);
)sql";

// The audit trail lies here because it is nobody's business who may only look accounts up.
constexpr std::string_view passwords_2 = R"sql(
CREATE TABLE secret.manager_password (
  address TEXT PRIMARY KEY CHECK (address <> ''),
  stored TEXT NOT NULL,
  changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secret.app_password (
  user TEXT NOT NULL,
  id TEXT NOT NULL,
  label TEXT NOT NULL,
  digest TEXT NOT NULL,
  services INTEGER NOT NULL,
  created INTEGER NOT NULL,
  last_used INTEGER,
  expires INTEGER,
  PRIMARY KEY (user, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE secret.audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  verb TEXT NOT NULL,
  object TEXT NOT NULL,
  domain TEXT NOT NULL,
  outcome TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
CREATE INDEX secret.audit_by_object ON audit (object);
)sql";

constexpr std::string_view accounts_3 = R"sql(
CREATE TABLE main.store (
  name TEXT PRIMARY KEY CHECK (name <> ''),
  mail_host TEXT NOT NULL DEFAULT '',
  folder TEXT NOT NULL DEFAULT '',
  weight INTEGER NOT NULL DEFAULT 1 CHECK (weight >= 0),
  room INTEGER NOT NULL DEFAULT 0 CHECK (room >= 0),
  open INTEGER NOT NULL DEFAULT 1 CHECK (open IN (0, 1)),
  created INTEGER NOT NULL,
  UNIQUE (mail_host, folder)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array accounts_steps{accounts_1, accounts_2, accounts_3};
constexpr std::array passwords_steps{passwords_1, passwords_2};

// What readers need is there from these versions on: a new release may be installed while the
// daemons run, before a writer has been at the file.
constexpr std::int64_t readable_accounts = 2;
constexpr std::int64_t readable_passwords = 2;

std::span<const std::string_view> steps_of(SchemaFile file) {
  if (file == SchemaFile::accounts) {
    return accounts_steps;
  }
  return passwords_steps;
}

base::Result<gid_t> find_group(const std::string& name) {
  std::vector<char> buffer(16384);
  struct group entry {};
  struct group* found = nullptr;
  const int err = ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found == nullptr) {
    return base::make_error(err == 0 ? Errc::not_found : Errc::unavailable, "no group " + name,
                            "make it with: addgroup --system " + name);
  }
  return found->gr_gid;
}

base::Error newer(const std::string& path, std::int64_t version, std::size_t known) {
  return base::make_error(Errc::corrupt,
                          path + ": of format " + std::to_string(version) +
                              ", this program knows " + std::to_string(known),
                          "install the newer release again, or restore the backup made before it");
}

base::Result<void> check_empty(base::Database& database, SchemaFile file, const std::string& path) {
  auto count =
      database.prepare(file == SchemaFile::accounts ? "SELECT count(*) FROM main.sqlite_schema"
                                                    : "SELECT count(*) FROM secret.sqlite_schema");
  if (!count) {
    return count.error();
  }
  auto row = count->step();
  if (!row) {
    return row.error();
  }
  if (count->number(0) != 0) {
    return base::make_error(Errc::corrupt, path + ": a database of another program",
                            "name another file in directory.conf");
  }
  return {};
}

}  // namespace

std::string_view schema_name(SchemaFile file) {
  return file == SchemaFile::accounts ? "main" : "secret";
}

base::Result<void> make_file(SchemaFile file, const std::string& path, const std::string& group) {
  if (::access(path.c_str(), F_OK) == 0) {
    return {};
  }
  if (auto ok = base::make_directories(base::parent_directory(path), 0755); !ok) {
    return ok.error();
  }
  // Without a group of their own, hashes are not even for the group that the folder hands down.
  const bool is_private = file == SchemaFile::passwords && group.empty();
  gid_t owner = is_private ? ::getegid() : static_cast<gid_t>(-1);
  if (!group.empty()) {
    const auto found = find_group(group);
    if (!found) {
      return found.error();
    }
    owner = *found;
  }
  auto fd = base::open_file(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
  if (!fd) {
    // Another process made it meanwhile.
    return fd.error().code == Errc::exists ? base::Result<void>() : fd.error();
  }
  if (::fchown(fd->get(), static_cast<uid_t>(-1), owner) != 0 ||
      ::fchmod(fd->get(), is_private ? private_mode : file_mode) != 0) {
    return base::errno_error(path, errno);
  }
  return {};
}

base::Result<void> check_version(base::Database& database, SchemaFile file,
                                 const std::string& path) {
  const auto version = database.user_version(schema_name(file));
  if (!version) {
    return version.error();
  }
  if (*version > static_cast<std::int64_t>(steps_of(file).size())) {
    return newer(path, *version, steps_of(file).size());
  }
  const std::int64_t needed = file == SchemaFile::accounts ? readable_accounts : readable_passwords;
  if (*version < needed) {
    return base::make_error(
        Errc::unavailable,
        path + (*version <= 0
                    ? ": its tables are not made yet"
                    : ": of format " + std::to_string(*version) + ", this program reads it from " +
                          std::to_string(needed) + " on"),
        "posthouse directory upgrade, by the user that owns the file, brings it up to date");
  }
  return {};
}

base::Result<bool> is_current(base::Database& database, SchemaFile file) {
  const auto version = database.user_version(schema_name(file));
  return version ? base::Result<bool>(*version == static_cast<std::int64_t>(steps_of(file).size()))
                 : version.error();
}

base::Result<void> upgrade(base::Database& database, SchemaFile file, const std::string& path) {
  const auto steps = steps_of(file);
  const auto version = database.user_version(schema_name(file));
  if (!version) {
    return version.error();
  }
  if (*version < 0 || *version > static_cast<std::int64_t>(steps.size())) {
    return newer(path, *version, steps.size());
  }
  if (*version == 0) {
    if (auto ok = check_empty(database, file, path); !ok) {
      return ok.error();
    }
  }
  for (const std::string_view step : steps.subspan(static_cast<std::size_t>(*version))) {
    if (auto ok = database.execute(std::string(step)); !ok) {
      return ok.error();
    }
  }
  return database.set_user_version(schema_name(file), static_cast<std::int64_t>(steps.size()));
}

}  // namespace directory
