// directory-lib/settings.hh -- the settings of /etc/posthouse/directory.conf.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hh"
#include "base/settings.hh"

namespace directory {

inline constexpr std::string_view settings_path = "/etc/posthouse/directory.conf";

struct Settings {
  std::string driver = "sqlite";
  std::string database = "/var/lib/posthouse/directory/directory.db";
  std::string passwords = "/var/lib/posthouse/directory/passwords.db";
  std::string group;
  std::string password_group;
  base::Duration busy_timeout = std::chrono::seconds(3);
  std::string mysql_socket = "/run/mysqld/mysqld.sock";
  std::string mysql_host;
  std::int64_t mysql_port = 3306;
  std::string mysql_user = "posthouse";
  std::string mysql_password_file;
  std::string mysql_database = "posthouse";
  std::string mysql_tls = "no";
  std::string mysql_tls_ca;
  base::Duration mysql_connect_timeout = std::chrono::seconds(2);
  base::Duration mysql_timeout = std::chrono::seconds(5);
  std::string default_password_scheme = "crypt";
  std::string extman_quota = "courier";
  std::string ldap_uri = "ldap://127.0.0.1";
  std::string ldap_base;
  std::string ldap_bind_dn;
  std::string ldap_password_file;
  std::string ldap_tls = "no";
  std::string ldap_tls_ca = "/etc/ssl/certs/ca-certificates.crt";
  base::Duration ldap_connect_timeout = std::chrono::seconds(2);
  base::Duration ldap_timeout = std::chrono::seconds(5);
  std::string mail_root = "/var/vmail";
  std::string domain_hash = "2x1";
  std::string user_hash = "2x2";
  base::Bytes default_quota;
  std::string password_scheme = "yescrypt";
  std::string recipient_delimiter = "+";
};

std::span<const base::SettingRow> settings_rows();

// The settings in the file; defaults when there is none at the default path.
base::Result<Settings> load_settings(const std::string& path = std::string(settings_path));

// The same from text; `file` names it in messages.
base::Result<Settings> parse_settings(std::string_view file, std::string_view text);

}  // namespace directory
