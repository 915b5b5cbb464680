// directory-lib/mysql_writes.cc -- what changes the MySQL directory, one transaction a change.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// On ExtMan's own MyISAM tables nothing can be rolled back: there the changes are gathered and sent
// by commit(), our additions before the row that makes them count.
#include <algorithm>

#include "base/clock.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/mysql_directory.hh"

namespace directory {

namespace {

using base::Errc;

// Writers of ours wait for each other; MD5 keeps the name within the server's limit.
constexpr std::string_view take_lock = "SELECT GET_LOCK(CONCAT('posthouse.', MD5(DATABASE())), ?)";
constexpr const char* drop_lock = "DO RELEASE_LOCK(CONCAT('posthouse.', MD5(DATABASE())))";

constexpr std::string_view count_users =
    "SELECT COUNT(*), COALESCE(SUM(CAST(quota AS UNSIGNED)), 0) FROM mailbox WHERE domain = ?";
constexpr std::string_view count_aliases = "SELECT COUNT(*) FROM alias WHERE domain = ?";

constexpr std::string_view insert_domain_row =
    "INSERT INTO domain (domain, description, hashdirpath, transport, maxusers, maxalias, "
    "maxquota, "
    "default_quota, default_expire, disablesmtpd, disablesmtp, disablewebmail, disablenetdisk, "
    "disableimap, disablepop3, active, expiredate, createdate) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
// The network disk is no matter of ours: a new user has what the domain's template says.
constexpr std::string_view insert_user_row =
    "INSERT INTO mailbox (username, uid, domain, password, name, homedir, maildir, mailhost, "
    "quota, "
    "disablesmtpd, disablesmtp, disablewebmail, disablenetdisk, disableimap, disablepop3, active, "
    "disablepwdchange, expiredate, createdate, question, answer, netdiskquota) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', '', "
    "LEFT(COALESCE((SELECT default_netdiskquota FROM domain WHERE domain.domain = ?), '0'), 16))";
constexpr std::string_view insert_alias_row =
    "INSERT INTO alias (address, goto, domain, active, createdate) VALUES (?, ?, ?, ?, ?)";

constexpr std::string_view put_domain_row =
    "INSERT INTO posthouse_domain (domain, disabled) VALUES (?, ?) "
    "ON DUPLICATE KEY UPDATE disabled = VALUES(disabled)";
constexpr std::string_view put_user_row =
    "INSERT INTO posthouse_user (address, disabled, greylist) VALUES (?, ?, ?) "
    "ON DUPLICATE KEY UPDATE disabled = VALUES(disabled), greylist = VALUES(greylist)";
constexpr std::string_view put_alias_row =
    "INSERT INTO posthouse_alias (address, expires) VALUES (?, ?) "
    "ON DUPLICATE KEY UPDATE expires = VALUES(expires)";
constexpr std::string_view drop_alias_row = "DELETE FROM posthouse_alias WHERE address = ?";

struct Key {
  std::string_view local;
  std::string_view domain;
};

Key split_key(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return {address.substr(0, at), address.substr(at + 1)};
}

}  // namespace

base::Result<void> MysqlDirectory::begin() {
  if (mode_ != OpenAs::writer && mode_ != OpenAs::recorder) {
    return base::make_error(Errc::denied, "the directory was opened for reading only");
  }
  if (auto ok = lock(); !ok) {
    return ok;
  }
  if (auto ok = connection_->execute("START TRANSACTION"); !ok) {
    connection_.reset();  // and with it the lock
    return ok;
  }
  in_transaction_ = true;
  return {};
}

base::Result<void> MysqlDirectory::lock() {
  using std::chrono::seconds;
  // The server must give up before we do.
  const auto longest = std::chrono::ceil<seconds>(settings().mysql_timeout) - seconds(1);
  const auto patience = std::min(std::chrono::floor<seconds>(settings().busy_timeout), longest);
  const auto rows = ask(take_lock, {std::max<std::int64_t>(patience.count(), 0)});
  if (!rows) {
    return rows.error();
  }
  if (rows->empty() || rows->front().number(0) != 1) {
    return base::make_error(Errc::unavailable, "the database is locked: another program writes");
  }
  return {};
}

base::Result<void> MysqlDirectory::commit() {
  if (!connection_ || connection_->is_lost()) {
    return lost();
  }
  if (auto ok = send_pending(); !ok) {
    return ok;
  }
  if (auto ok = connection_->execute("COMMIT"); !ok) {
    return ok;
  }
  in_transaction_ = false;
  // It goes with the connection when this fails.
  (void)connection_->execute(drop_lock).has_value();
  return {};
}

void MysqlDirectory::roll_back() noexcept {
  in_transaction_ = false;
  pending_.clear();
  if (!connection_ || connection_->is_lost()) {
    return;
  }
  const bool is_undone = connection_->execute("ROLLBACK").has_value();
  const bool is_free = connection_->execute(drop_lock).has_value();
  if (!is_undone || !is_free) {
    connection_.reset();
  }
}

base::Result<void> MysqlDirectory::mark() {
  if (!schema_.has_transactions) {
    return base::make_error(Errc::denied,
                            "the tables have no transactions, so that many changes cannot be one",
                            "make them InnoDB: ALTER TABLE mailbox ENGINE = InnoDB, and so on");
  }
  if (!connection_ || connection_->is_lost()) {
    return lost();
  }
  return connection_->execute("SAVEPOINT posthouse");
}

base::Result<void> MysqlDirectory::back_to_mark() {
  if (!connection_ || connection_->is_lost()) {
    return lost();
  }
  return connection_->execute("ROLLBACK TO SAVEPOINT posthouse");
}

base::Result<std::uint64_t> MysqlDirectory::change(std::string_view sql,
                                                   const MysqlValues& values) {
  if (!connection_ || connection_->is_lost()) {
    return lost();
  }
  if (schema_.has_transactions) {
    return connection_->change(sql, values);
  }
  Pending later{sql, {}};
  for (const MysqlValue& value : values) {
    std::visit(
        [&later](const auto& it) {
          using Kind = std::decay_t<decltype(it)>;
          if constexpr (std::is_same_v<Kind, std::string_view>) {
            later.values.emplace_back(std::string(it));
          } else {
            later.values.emplace_back(it);
          }
        },
        value);
  }
  pending_.push_back(std::move(later));
  return 1;
}

base::Result<void> MysqlDirectory::send_pending() {
  for (const Pending& one : pending_) {
    MysqlValues values;
    for (const auto& value : one.values) {
      std::visit([&values](const auto& it) { values.emplace_back(it); }, value);
    }
    if (auto done = connection_->change(one.sql, values); !done) {
      return done.error();
    }
  }
  pending_.clear();
  return {};
}

base::Result<void> MysqlDirectory::need_additions(std::string_view what) const {
  if (schema_.has_additions) {
    return {};
  }
  return base::make_error(
      Errc::denied, std::string(what) + " needs the posthouse_ tables, which are not there",
      "let a database user with the right CREATE run posthouse domain list once");
}

base::Result<Directory::Allotment> MysqlDirectory::read_allotment(std::string_view domain) {
  const auto users = ask(count_users, {domain});
  if (!users) {
    return users.error();
  }
  const auto aliases = ask(count_aliases, {domain});
  if (!aliases) {
    return aliases.error();
  }
  Allotment used;
  used.users = static_cast<std::uint64_t>(users->front().number(0));
  used.quota = {static_cast<std::uint64_t>(users->front().number(1))};
  used.aliases = static_cast<std::uint64_t>(aliases->front().number(0));
  return used;
}

base::Result<void> MysqlDirectory::put_domain_additions(const Domain& domain) {
  const std::uint32_t others = other_switches(domain.disabled);
  if (!schema_.has_additions) {
    return others == 0 ? base::Result<void>() : need_additions("switching that service off");
  }
  const auto done = change(put_domain_row, {domain.name, std::int64_t{others}});
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::insert_domain(const Domain& domain) {
  if (auto ok = check_holds(domain.name); !ok) {
    return ok;
  }
  if (!schema_.has_transactions && read_domain(domain.name)) {
    return base::make_error(Errc::exists, domain.name);
  }
  if (auto ok = put_domain_additions(domain); !ok) {
    return ok;
  }
  const std::string most = extman::quota_text(domain.max_quota, "");
  const std::string usual = extman::quota_text(domain.default_quota, "");
  const std::string expires = extman::day_text(domain.expires);
  const std::string created = extman::time_text(domain.created);
  MysqlValues values{std::string_view(domain.name),
                     domain.description,
                     domain.hash_path,
                     domain.mail_host.empty() ? MysqlValue(nullptr) : MysqlValue(domain.mail_host),
                     mysql_number(domain.max_users),
                     mysql_number(domain.max_aliases),
                     most,
                     usual,
                     domain.default_term};
  append_switches(values, domain.disabled);
  values.insert(values.end(), {mysql_flag(domain.enabled), expires, created});
  const auto done = change(insert_domain_row, values);
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::put_user_additions(const User& user) {
  const std::uint32_t others = other_switches(user.disabled);
  if (!schema_.has_additions) {
    return others == 0 ? base::Result<void>() : need_additions("switching that service off");
  }
  const auto done =
      change(put_user_row, {user.address, std::int64_t{others}, mysql_flag(user.greylist)});
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::insert_user(const User& user, std::string_view stored_password) {
  const Key key = split_key(user.address);
  if (auto ok = check_holds(user.address); !ok) {
    return ok;
  }
  if (!schema_.has_transactions && read_user({std::string(key.local), std::string(key.domain)})) {
    return base::make_error(Errc::exists, user.address);
  }
  if (auto ok = check_room(stored_password); !ok) {
    return ok;
  }
  if (auto ok = put_user_additions(user); !ok) {
    return ok;
  }
  if (!stored_password.empty()) {
    if (auto ok = note_password_change(user.address); !ok) {
      return ok;
    }
  }
  const std::string maildir = user.maildir + "/";
  const std::string quota = extman::quota_text(user.quota, new_quota_form());
  const std::string expires = extman::day_text(user.expires);
  const std::string created = extman::time_text(user.created);
  MysqlValues values{std::string_view(user.address),
                     key.local,
                     key.domain,
                     stored_password,
                     user.name,
                     user.home,
                     maildir,
                     user.mail_host,
                     quota};
  append_switches(values, user.disabled);
  values.insert(values.end(), {mysql_flag(user.enabled), mysql_flag(!user.may_change_password),
                               expires, created, key.domain});
  const auto done = change(insert_user_row, values);
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::put_alias_additions(const Alias& alias) {
  if (!schema_.has_additions) {
    return alias.expires ? need_additions("an alias that expires") : base::Result<void>();
  }
  const std::string expires = extman::day_text(alias.expires);
  const auto done = alias.expires ? change(put_alias_row, {alias.address, expires})
                                  : change(drop_alias_row, {alias.address});
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::insert_alias(const Alias& alias) {
  const Key key = split_key(alias.address);
  if (auto ok = check_holds(alias.address); !ok) {
    return ok;
  }
  if (!schema_.has_transactions && read_alias(key.local, key.domain)) {
    return base::make_error(Errc::exists, alias.address);
  }
  if (auto ok = put_alias_additions(alias); !ok) {
    return ok;
  }
  const std::string targets = extman::targets_text(alias.targets);
  const std::string created = extman::time_text(alias.created);
  const auto done = change(
      insert_alias_row, {alias.address, targets, key.domain, mysql_flag(alias.enabled), created});
  return done ? base::Result<void>() : done.error();
}

std::string_view MysqlDirectory::new_quota_form() const {
  return settings().extman_quota == "courier" ? "S" : "";
}

}  // namespace directory
