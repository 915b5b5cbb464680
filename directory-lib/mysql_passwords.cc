// directory-lib/mysql_passwords.cc -- users' passwords in ExtMan's table, which may be too narrow.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/extman.hh"
#include "directory-lib/mysql_directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

// A clear password that ExtMan kept would no longer be the user's.
constexpr std::string_view update_password =
    "UPDATE mailbox SET password = ?, clearpwd = '' WHERE username = ?";

constexpr std::string_view raw_password = "SELECT password FROM mailbox WHERE username = ?";
// What ExtMan may keep in clear is its own: the password is still the same.
constexpr std::string_view update_same_password =
    "UPDATE mailbox SET password = ? WHERE username = ? AND BINARY password = ?";

constexpr std::string_view put_password_row =
    "INSERT INTO posthouse_user (address, password_changed) VALUES (?, ?) "
    "ON DUPLICATE KEY UPDATE password_changed = VALUES(password_changed)";

}  // namespace

base::Result<void> MysqlDirectory::note_password_change(std::string_view address) {
  if (!schema_.has_additions) {
    return {};
  }
  const std::int64_t now = base::system_clock().now().time_since_epoch().count();
  const auto done = change(put_password_row, {address, now});
  return done ? base::Result<void>() : done.error();
}

base::Result<void> MysqlDirectory::store_password(const mail::Address& address,
                                                  std::string_view stored_password) {
  const std::string key = address.key();
  for (auto ok : {check_room(stored_password), note_password_change(key)}) {
    if (!ok) {
      return ok;
    }
  }
  const auto done = change(update_password, {stored_password, std::string_view(key)});
  return done ? base::Result<void>() : done.error();
}

base::Result<std::size_t> MysqlDirectory::password_room() {
  if (auto ok = ready(); !ok) {
    return ok.error();
  }
  return schema_.password_room;
}

// A server that is not strict would cut it, and nobody could log in any more.
base::Result<void> MysqlDirectory::check_room(std::string_view stored_password) {
  if (stored_password.size() <= schema_.password_room) {
    return {};
  }
  return base::make_error(
      Errc::over_quota,
      "the column password holds " + std::to_string(schema_.password_room) +
          " characters, too few for this hash",
      "ALTER TABLE mailbox MODIFY password VARCHAR(255), or choose another password_scheme");
}

// ExtMan takes no lock of ours: the row is changed only while it holds what was read.
base::Result<bool> MysqlDirectory::swap_password(const mail::Address& address,
                                                 std::string_view before, std::string_view after) {
  const std::string key = address.key();
  if (auto ok = check_room(after); !ok) {
    return ok.error();
  }
  const auto rows = ask(raw_password, {std::string_view(key)});
  if (!rows) {
    return rows.error();
  }
  if (rows->empty()) {
    return absent("user", key);
  }
  const std::string_view found = rows->front().text(0);
  if (extman::stored_password(found, settings().default_password_scheme) != before) {
    return false;
  }
  const auto done = change(update_same_password, {after, std::string_view(key), found});
  return done ? base::Result<bool>(*done != 0) : done.error();
}

}  // namespace directory
