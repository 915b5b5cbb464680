// directory-lib/ldap_trail.cc -- transactions, and the audit trail that goes with them on SQLite.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The trail lies in the files `database` and `passwords` of the settings, with the same tables as a
// directory on SQLite has; no other table of theirs is used. Its entries are written when those of
// the tree are as good as sent, and kept when the server took them.
#include "directory-lib/ldap_directory.hh"
#include "directory-lib/sqlite_schema.hh"

namespace directory {

namespace {

using base::Errc;

base::Result<void> bring_up_to_date(base::Database& database, const Settings& settings) {
  const auto accounts = is_current(database, SchemaFile::accounts);
  const auto passwords = is_current(database, SchemaFile::passwords);
  if (accounts && passwords && *accounts && *passwords) {
    return {};
  }
  auto ok = database.execute("BEGIN IMMEDIATE");
  if (ok) {
    ok = upgrade(database, SchemaFile::accounts, settings.database);
  }
  if (ok) {
    ok = upgrade(database, SchemaFile::passwords, settings.passwords);
  }
  return ok ? database.execute("COMMIT") : ok;
}

}  // namespace

base::Result<SqliteSide*> LdapDirectory::trail() {
  if (trail_) {
    return &*trail_;
  }
  const Settings& where = settings();
  if (is_writer_) {
    for (auto ok : {make_file(SchemaFile::accounts, where.database, where.group),
                    make_file(SchemaFile::passwords, where.passwords, where.password_group)}) {
      if (!ok) {
        return ok.error();
      }
    }
  }
  auto opened = base::Database::open(
      where.database, is_writer_ ? base::Database::Mode::write : base::Database::Mode::read,
      where.busy_timeout);
  if (!opened) {
    return opened.error();
  }
  if (auto ok = opened->attach(where.passwords, schema_name(SchemaFile::passwords)); !ok) {
    return ok.error();
  }
  if (auto ok = is_writer_ ? bring_up_to_date(*opened, where)
                           : check_version(*opened, SchemaFile::passwords, where.passwords);
      !ok) {
    return ok.error();
  }
  database_ = std::make_unique<base::Database>(std::move(*opened));
  trail_.emplace(*database_);
  return &*trail_;
}

base::Result<void> LdapDirectory::append_audit(const AuditEntry& entry) {
  audit_.push_back(entry);
  return {};
}

base::Result<Page<AuditEntry>> LdapDirectory::page_audit(const AuditFilter& filter,
                                                         std::string_view after,
                                                         std::size_t limit) {
  const auto trail = this->trail();
  return trail ? (*trail)->page_audit(filter, after, limit) : trail.error();
}

base::Result<void> LdapDirectory::begin() {
  if (!is_writer_) {
    return base::make_error(Errc::denied, "the directory was opened for reading only");
  }
  tree_.begin();
  audit_.clear();
  audit_mark_ = 0;
  return {};
}

base::Result<void> LdapDirectory::mark() {
  tree_.mark();
  audit_mark_ = audit_.size();
  return {};
}

base::Result<void> LdapDirectory::back_to_mark() {
  tree_.back_to_mark();
  audit_.resize(audit_mark_);
  counts_.clear();
  return {};
}

// In a transaction of SQLite's that commit() ends.
base::Result<void> LdapDirectory::write_audit() {
  const auto trail = this->trail();
  if (!trail) {
    return trail.error();
  }
  if (auto ok = database_->execute("BEGIN IMMEDIATE"); !ok) {
    return ok;
  }
  for (const AuditEntry& entry : audit_) {
    if (auto ok = (*trail)->append_audit(entry); !ok) {
      (void)database_->execute("ROLLBACK").has_value();
      return ok;
    }
  }
  return {};
}

base::Result<void> LdapDirectory::commit() {
  const bool has_audit = !audit_.empty();
  if (has_audit) {
    if (auto ok = write_audit(); !ok) {
      return ok;
    }
  }
  auto ok = tree_.commit();
  if (has_audit) {
    auto kept = database_->execute(ok ? "COMMIT" : "ROLLBACK");
    ok = ok ? kept : ok;
  }
  if (ok) {
    audit_.clear();
    keys_.reset();
  }
  return ok;
}

void LdapDirectory::roll_back() noexcept {
  tree_.roll_back();
  audit_.clear();
  counts_.clear();
}

}  // namespace directory
