// directory-lib/mysql_changes.cc -- changing and removing rows, what is not meant left as found.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A quota keeps its suffix, a path its last '/', a transport that names no other host its words:
// what a change does not mean to change stays byte for byte.
#include "directory-lib/extman.hh"
#include "directory-lib/mysql_directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

constexpr std::string_view raw_domain =
    "SELECT maxquota, default_quota, transport, default_expire FROM domain WHERE domain = ?";
constexpr std::string_view update_domain_row =
    "UPDATE domain SET description = ?, hashdirpath = ?, transport = ?, maxusers = ?, "
    "maxalias = ?, maxquota = ?, default_quota = ?, default_expire = ?, disablesmtpd = ?, "
    "disablesmtp = ?, disablewebmail = ?, disablenetdisk = ?, disableimap = ?, disablepop3 = ?, "
    "active = ?, expiredate = ? WHERE domain = ?";
constexpr std::string_view raw_user =
    "SELECT quota, homedir, maildir FROM mailbox WHERE username = ?";
constexpr std::string_view update_user_row =
    "UPDATE mailbox SET name = ?, homedir = ?, maildir = ?, mailhost = ?, quota = ?, "
    "disablesmtpd = ?, disablesmtp = ?, disablewebmail = ?, disablenetdisk = ?, disableimap = ?, "
    "disablepop3 = ?, active = ?, disablepwdchange = ?, expiredate = ? WHERE username = ?";
constexpr std::string_view raw_alias = "SELECT goto FROM alias WHERE address = ?";
constexpr std::string_view update_alias_row =
    "UPDATE alias SET goto = ?, active = ? WHERE address = ?";

constexpr std::string_view delete_domain = "DELETE FROM domain WHERE domain = ?";
constexpr std::string_view additions_of_domain[] = {"DELETE FROM posthouse_domain WHERE domain = ?",
                                                    "DELETE FROM posthouse_list WHERE owner = ?"};
constexpr std::string_view places_of_domain = "DELETE FROM domain_manager WHERE domain = ?";
constexpr std::string_view delete_user = "DELETE FROM mailbox WHERE username = ?";
constexpr std::string_view additions_of_user[] = {
    "DELETE FROM posthouse_user WHERE address = ?", "DELETE FROM posthouse_list WHERE owner = ?",
    "DELETE FROM posthouse_app_password WHERE address = ?"};
constexpr std::string_view delete_alias = "DELETE FROM alias WHERE address = ?";
constexpr std::string_view additions_of_alias[] = {"DELETE FROM posthouse_alias WHERE address = ?"};

// `found` when it says the same.
std::string kept_path(std::string_view found, const std::string& wanted, std::string_view end) {
  return extman::stored_path(found) == wanted ? std::string(found) : wanted + std::string(end);
}

}  // namespace

base::Result<MysqlRow> MysqlDirectory::raw_row(std::string_view sql, std::string_view what,
                                               std::string_view key) {
  auto rows = ask(sql, {key});
  if (!rows) {
    return rows.error();
  }
  return rows->empty() ? base::Result<MysqlRow>(absent(what, key)) : std::move(rows->front());
}

base::Result<void> MysqlDirectory::change_one(std::string_view sql, const MysqlValues& values,
                                              std::string_view what, std::string_view key) {
  const auto done = change(sql, values);
  if (!done) {
    return done.error();
  }
  return *done != 0 ? base::Result<void>() : absent(what, key);
}

base::Result<void> MysqlDirectory::erase_additions(std::span<const std::string_view> statements,
                                                   std::string_view key) {
  if (!schema_.has_additions) {
    return {};
  }
  for (const std::string_view sql : statements) {
    if (auto done = change(sql, {key}); !done) {
      return done.error();
    }
  }
  return {};
}

base::Result<void> MysqlDirectory::replace_domain(const Domain& domain) {
  const auto found = raw_row(raw_domain, "domain", domain.name);
  if (!found) {
    return found.error();
  }
  if (auto ok = put_domain_additions(domain); !ok) {
    return ok;
  }
  const std::string most = extman::quota_text(domain.max_quota, found->text(0));
  const std::string usual = extman::quota_text(domain.default_quota, found->text(1));
  const bool same_host = extman::domain_mail_host(found->text(2)) == domain.mail_host;
  const MysqlValue host =
      same_host ? (found->is_null(2) ? MysqlValue(nullptr) : MysqlValue(found->text(2)))
                : MysqlValue(std::string_view(domain.mail_host));
  const std::string expires = extman::day_text(domain.expires);
  MysqlValues values{std::string_view(domain.description),
                     domain.hash_path,
                     host,
                     mysql_number(domain.max_users),
                     mysql_number(domain.max_aliases),
                     most,
                     usual,
                     domain.default_term};
  append_switches(values, domain.disabled);
  values.insert(values.end(), {mysql_flag(domain.enabled), expires, domain.name});
  return change_one(update_domain_row, values, "domain", domain.name);
}

base::Result<void> MysqlDirectory::replace_user(const User& user) {
  const auto found = raw_row(raw_user, "user", user.address);
  if (!found) {
    return found.error();
  }
  if (auto ok = put_user_additions(user); !ok) {
    return ok;
  }
  const std::string quota = extman::quota_text(user.quota, found->text(0));
  const std::string home = extman::stored_home(found->text(1), found->text(2)) == user.home
                               ? std::string(found->text(1))
                               : user.home;
  const std::string maildir = kept_path(found->text(2), user.maildir, "/");
  const std::string expires = extman::day_text(user.expires);
  MysqlValues values{std::string_view(user.name), home, maildir, user.mail_host, quota};
  append_switches(values, user.disabled);
  values.insert(values.end(), {mysql_flag(user.enabled), mysql_flag(!user.may_change_password),
                               expires, user.address});
  return change_one(update_user_row, values, "user", user.address);
}

base::Result<void> MysqlDirectory::replace_alias(const Alias& alias) {
  const auto found = raw_row(raw_alias, "alias", alias.address);
  if (!found) {
    return found.error();
  }
  if (auto ok = put_alias_additions(alias); !ok) {
    return ok;
  }
  const std::string targets = extman::parse_targets(found->text(0)) == alias.targets
                                  ? std::string(found->text(0))
                                  : extman::targets_text(alias.targets);
  return change_one(update_alias_row, {targets, mysql_flag(alias.enabled), alias.address}, "alias",
                    alias.address);
}

base::Result<void> MysqlDirectory::erase_domain(std::string_view name) {
  if (auto ok = erase_additions(additions_of_domain, name); !ok) {
    return ok;
  }
  if (auto done = change(places_of_domain, {name}); !done) {
    return done.error();
  }
  return change_one(delete_domain, {name}, "domain", name);
}

base::Result<void> MysqlDirectory::erase_user(const mail::Address& address) {
  const std::string key = address.key();
  if (auto ok = erase_additions(additions_of_user, key); !ok) {
    return ok;
  }
  return change_one(delete_user, {std::string_view(key)}, "user", key);
}

base::Result<void> MysqlDirectory::erase_alias(std::string_view local, std::string_view domain) {
  const std::string key = std::string(local) + "@" + std::string(domain);
  if (auto ok = erase_additions(additions_of_alias, key); !ok) {
    return ok;
  }
  return change_one(delete_alias, {std::string_view(key)}, "alias", key);
}

}  // namespace directory
