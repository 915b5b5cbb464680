// directory-lib/settings.cc -- the table of directory.conf.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/settings.hh"

#include "base/files.hh"

namespace directory {

namespace {

constexpr std::string_view hash_forms = "none|1x1|1x2|1x3|2x1|2x2|2x3|3x1|3x2";

constexpr base::Setting<Settings> table[] = {
    {"driver", &Settings::driver, "sqlite", "sqlite|mysql|ldap", base::Reload::restart,
     "Where accounts are kept. sqlite is a file on this machine; mysql is a database of MySQL or "
     "MariaDB, with ExtMan's tables; ldap is an OpenLDAP server, with ExtMan's tree."},
    {"database", &Settings::database, "/var/lib/posthouse/directory/directory.db", "",
     base::Reload::restart,
     "The file of domains, users and aliases. The posthouse command makes it when it is missing, "
     "readable by its group and writable by its owner alone."},
    {"passwords", &Settings::passwords, "/var/lib/posthouse/directory/passwords.db", "",
     base::Reload::restart,
     "The file of password hashes, apart from the other so that only those who check passwords can "
     "read it. Both must lie on one file system."},
    {"group", &Settings::group, "", "", base::Reload::restart,
     "The group that a new database file is given, whose members may read it: phlookup, phpolicy, "
     "vmail and Dovecot's auth user. Empty leaves it to the folder."},
    {"password_group", &Settings::password_group, "", "", base::Reload::restart,
     "The group that a new file of password hashes is given. Only the user of Dovecot's auth "
     "workers belongs to it. Empty makes a file that its owner alone can read."},
    {"busy_timeout", &Settings::busy_timeout, "3s", "0ms..1m", base::Reload::live,
     "How long a lookup waits while the database is being written before it fails for now."},
    {"mysql_socket", &Settings::mysql_socket, "/run/mysqld/mysqld.sock", "", base::Reload::restart,
     "The socket of a MySQL or MariaDB server on this machine, asked when mysql_host is empty."},
    {"mysql_host", &Settings::mysql_host, "", "", base::Reload::restart,
     "The name or address of a MySQL or MariaDB server to ask by TCP. Empty asks the socket."},
    {"mysql_port", &Settings::mysql_port, "3306", "1..65535", base::Reload::restart,
     "The port of mysql_host."},
    {"mysql_user", &Settings::mysql_user, "posthouse", "", base::Reload::restart,
     "The database user to log in as. Give each program that reads this file no more than it "
     "needs: "
     "lookups need no right to read the column password."},
    {"mysql_password_file", &Settings::mysql_password_file, "", "", base::Reload::restart,
     "A file whose first line is the password of mysql_user, readable by the programs that use "
     "this file and by nobody else. Empty logs in without a password."},
    {"mysql_database", &Settings::mysql_database, "posthouse", "", base::Reload::restart,
     "The database that holds the tables; ExtMan's is called extmail. The posthouse command makes "
     "tables that are missing, and alters none of ExtMan's."},
    {"mysql_tls", &Settings::mysql_tls, "no", "no|yes|unchecked", base::Reload::restart,
     "Whether the connection is encrypted. yes demands a certificate for mysql_host that a known "
     "authority has signed; unchecked takes any, and so whoever pretends to be the server. Use yes "
     "for every server on another machine."},
    {"mysql_tls_ca", &Settings::mysql_tls_ca, "", "", base::Reload::restart,
     "A file of the authorities that may have signed that certificate. Empty trusts the "
     "system's."},
    {"mysql_connect_timeout", &Settings::mysql_connect_timeout, "2s", "1s..1m", base::Reload::live,
     "How long reaching the server may take before the lookup fails for now; in whole seconds."},
    {"mysql_timeout", &Settings::mysql_timeout, "5s", "2s..10m", base::Reload::live,
     "How long the server may take for one answer before the lookup fails for now; in whole "
     "seconds."},
    {"default_password_scheme", &Settings::default_password_scheme, "crypt",
     "crypt|plain|plain-md5|ldap-md5|sha", base::Reload::live,
     "What a password in ExtMan's tables is that names no scheme and does not begin with $: the "
     "scheme that ExtMan was set to when it was stored. Passwords with a scheme need none of it."},
    {"extman_quota", &Settings::extman_quota, "courier", "courier|plain", base::Reload::live,
     "How the quota of a new user is written in ExtMan's tables: courier appends S to the bytes, "
     "as "
     "ExtMan does for Courier. What is stored keeps its form."},
    {"ldap_uri", &Settings::ldap_uri, "ldap://127.0.0.1", "", base::Reload::restart,
     "The LDAP server: ldap://HOST, ldaps://HOST, with :PORT when it is another than usual, or "
     "ldapi://%2Fpath%2Fto%2Fsocket. Several, with blanks between, are tried in turn; name first "
     "the one that may be written."},
    {"ldap_base", &Settings::ldap_base, "", "", base::Reload::restart,
     "The entry that ExtMan's tree lies below, as dc=example,dc=org: o=extmailAccount and its "
     "sisters. The posthouse command makes what is missing."},
    {"ldap_bind_dn", &Settings::ldap_bind_dn, "", "", base::Reload::restart,
     "The name to log in to the LDAP server with. Give each program that reads this file no more "
     "than it needs: lookups need no right to read userPassword. Empty asks as nobody."},
    {"ldap_password_file", &Settings::ldap_password_file, "", "", base::Reload::restart,
     "A file whose first line is the password of ldap_bind_dn, readable by the programs that use "
     "this file and by nobody else."},
    {"ldap_tls", &Settings::ldap_tls, "no", "no|starttls", base::Reload::restart,
     "Whether a connection by ldap:// is encrypted before anything is said. One by ldaps:// is "
     "encrypted always; either way the server's certificate is verified."},
    {"ldap_tls_ca", &Settings::ldap_tls_ca, "/etc/ssl/certs/ca-certificates.crt", "",
     base::Reload::restart, "A file of the authorities that may have signed that certificate."},
    {"ldap_connect_timeout", &Settings::ldap_connect_timeout, "2s", "100ms..1m", base::Reload::live,
     "How long reaching the LDAP server may take before the lookup fails for "
     "now."},
    {"ldap_timeout", &Settings::ldap_timeout, "5s", "100ms..10m", base::Reload::live,
     "How long one question may take, reaching the server included, before it fails for now."},
    {"mail_root", &Settings::mail_root, "/var/vmail", "", base::Reload::restart,
     "The folder below which all homes lie. The database holds homes relative to it."},
    {"domain_hash", &Settings::domain_hash, "2x1", hash_forms, base::Reload::live,
     "Hash folders above a new domain's, LENxDEPTH: 2x1 is one folder of two hex digits. What is "
     "stored already is never moved."},
    {"user_hash", &Settings::user_hash, "2x2", hash_forms, base::Reload::live,
     "Hash folders between a domain's folder and a new user's home, LENxDEPTH."},
    {"default_quota", &Settings::default_quota, "0B", "", base::Reload::live,
     "The quota of a new user when neither the command nor the domain says one. 0B is no limit."},
    {"password_scheme", &Settings::password_scheme, "yescrypt",
     "yescrypt|argon2id|sha512-crypt|blf-crypt", base::Reload::live,
     "How new passwords are hashed. Stored hashes of other schemes go on working."},
    {"recipient_delimiter", &Settings::recipient_delimiter, "+", "", base::Reload::live,
     "The characters that begin an address extension, as in alice+news@example.org; the same as "
     "Postfix's setting of this name. Empty for none."},
};
static_assert(base::is_documented(table));

base::Result<void> check_path(std::string_view name, const std::string& path) {
  if (path.starts_with('/')) {
    return {};
  }
  return base::make_error(base::Errc::malformed, std::string(name) + ": not an absolute path",
                          "begin it with /");
}

}  // namespace

std::span<const base::SettingRow> settings_rows() {
  static const auto rows = base::rows_of(table);
  return rows;
}

base::Result<Settings> parse_settings(std::string_view file, std::string_view text) {
  auto settings = base::settings_from_text(table, file, text);
  if (!settings) {
    return settings.error();
  }
  for (const auto& [name, path] :
       {std::pair{"database", &settings->database}, std::pair{"passwords", &settings->passwords},
        std::pair{"mail_root", &settings->mail_root},
        std::pair{"mysql_socket", &settings->mysql_socket}}) {
    if (auto ok = check_path(name, *path); !ok) {
      return base::make_error(ok.error().code, std::string(file) + ": " + ok.error().detail,
                              ok.error().hint);
    }
  }
  return settings;
}

base::Result<Settings> load_settings(const std::string& path) {
  auto text = base::read_file(path);
  if (!text) {
    if (text.error().code == base::Errc::not_found && path == settings_path) {
      return parse_settings(path, "");
    }
    return text.error();
  }
  return parse_settings(path, *text);
}

}  // namespace directory
