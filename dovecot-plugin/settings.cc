// dovecot-plugin/settings.cc -- the table of the plugin's settings, and the mail user's ids.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "dovecot-plugin/settings.hh"

#include <algorithm>
#include <array>
#include <cerrno>

#include <grp.h>
#include <pwd.h>

#include "base/files.hh"
#include "base/ip.hh"
#include "base/text.hh"

namespace plugin {

namespace {

constexpr base::Setting<Settings> table[] = {
    {"mail_user", &Settings::mail_user, "vmail", "", base::Reload::restart,
     "The system user that owns all mail: its name or its number. Dovecot opens every home as this "
     "user."},
    {"mail_group", &Settings::mail_group, "vmail", "", base::Reload::restart,
     "The system group of all mail: its name or its number."},
    {"own_hosts", &Settings::own_hosts, "", "", base::Reload::restart,
     "The names by which accounts call this host as the one that holds their home. With any name "
     "here, a login of an account whose home is on another host is passed on to that host (Dovecot "
     "proxies it). Empty, every home is taken to be here."},
    {"mail_compression", &Settings::mail_compression, "none", "none|zstd", base::Reload::restart,
     "How the mail plugin (mail_plugins = posthouse) stores new mail: as it is, or compressed with "
     "zstd, header and body apart. Mail is read by what it is, whatever stands here; without the "
     "plugin, Dovecot reads compressed mail with its own plugin zlib (2.4: mail_compress). The "
     "field posthouse_compression of the user database sets it for one user."},
    {"mail_compression_level", &Settings::mail_compression_level, "3", "1..19",
     base::Reload::restart,
     "How hard zstd tries: higher is smaller and slower. Beyond 6, delivery becomes slow for a few "
     "percent."},
    {"app_passwords_only", &Settings::app_passwords_only, "", "", base::Reload::restart,
     "Services at which whoever has an app password must use one: imap, pop3, submission, sieve, "
     "webmail. The account's own password is refused there, and goes on working for those who have "
     "none."},
    {"rehash_scheme", &Settings::rehash_scheme, "", "|yescrypt|argon2id|sha512-crypt|blf-crypt",
     base::Reload::restart,
     "After a login, a stored password of another scheme is hashed anew with this one: how an old "
     "site's passwords grow strong without anybody choosing a new one. Needs after_login_socket. "
     "Empty leaves what is stored; so must a site on which ExtMan still checks passwords."},
    {"after_login_socket", &Settings::after_login_socket, "/run/dovecot/posthouse-after-login", "",
     base::Reload::restart,
     "Where what a login leaves to be written goes: when an app password was used, a password to "
     "hash anew. Those who check passwords can write nothing themselves; a service of Dovecot's "
     "does it (posthouse-after-login). No login waits for it, or fails without it. Empty writes "
     "nothing."},
    {"master_user", &Settings::master_user, "posthouse-webmail", "", base::Reload::restart,
     "The login name by which the webmail acts for users: it logs in as this with its own secret, "
     "and names the user as SASL authorization identity."},
    {"master_secret", &Settings::master_secret, "/etc/posthouse/webmail-secret.sha256", "",
     base::Reload::restart,
     "The file with the SHA-256 of the webmail's secret in hex, a line for each secret. The secret "
     "itself is in a file that the webmail alone can read. Without this file nobody acts for "
     "users."},
    {"master_hosts", &Settings::master_hosts, "127.0.0.1 ::1", "", base::Reload::restart,
     "The addresses or networks of the web hosts (and of hosts that pass their logins on). "
     "From anywhere else the webmail's secret opens nothing."},
};
static_assert(base::is_documented(table));

constexpr std::array<std::string_view, 5> login_services{"imap", "pop3", "submission", "sieve",
                                                         "webmail"};
constexpr std::size_t name_buffer = 16384;

// The number that `name` is, or that `look_up` finds for it.
template <typename Id, typename LookUp>
base::Result<Id> id_of(std::string_view kind, const std::string& name, LookUp look_up) {
  if (const auto number = base::parse_number<Id>(name)) {
    return *number;
  }
  std::array<char, name_buffer> buffer{};
  Id id{};
  const int failed = look_up(name.c_str(), buffer, id);
  if (failed != 0) {
    const std::string what = "the system's " + std::string(kind) + " " + name;
    if (failed == ENOENT) {
      return base::make_error(base::Errc::unavailable, what + " does not exist",
                              "create it, or name another in dovecot-plugin.conf");
    }
    return base::errno_error(what, failed);
  }
  return id;
}

}  // namespace

std::span<const base::SettingRow> settings_rows() {
  static const std::vector<base::SettingRow> rows = base::rows_of(table);
  return rows;
}

base::Result<Settings> parse_settings(std::string_view file, std::string_view text) {
  auto settings = base::settings_from_text(table, file, text);
  if (!settings) {
    return settings.error();
  }
  const auto wrong = [file](std::string_view name, const base::Error& why) {
    return base::make_error(
        why.code, std::string(file) + ": " + std::string(name) + ": " + why.detail, why.hint);
  };
  for (const std::string& word : settings->app_passwords_only) {
    if (std::find(login_services.begin(), login_services.end(), word) == login_services.end()) {
      return wrong("app_passwords_only",
                   base::make_error(base::Errc::malformed, "no service with a login: " + word,
                                    "imap, pop3, submission, sieve or webmail"));
    }
  }
  for (const std::string& word : settings->master_hosts) {
    if (!base::IpNetwork::parse(word)) {
      return wrong("master_hosts",
                   base::make_error(base::Errc::malformed, "no address or network: " + word,
                                    "192.0.2.7 or 2001:db8::/64"));
    }
  }
  return settings;
}

base::Result<Settings> load_settings(const std::string& path, bool may_be_missing) {
  const auto text = base::read_file(path);
  if (!text) {
    if (may_be_missing && text.error().code == base::Errc::not_found) {
      return parse_settings(path, "");
    }
    // A missing file is no missing user: not_found must not come out of here.
    return base::make_error(base::Errc::unavailable, text.error().detail);
  }
  return parse_settings(path, *text);
}

base::Result<MailOwner> find_owner(const Settings& settings) {
  const auto uid =
      id_of<uid_t>("user", settings.mail_user, [](const char* name, auto& buffer, uid_t& id) {
        passwd entry{};
        passwd* found = nullptr;
        const int failed = ::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found);
        id = entry.pw_uid;
        return found != nullptr ? 0 : (failed != 0 ? failed : ENOENT);
      });
  if (!uid) {
    return uid.error();
  }
  const auto gid =
      id_of<gid_t>("group", settings.mail_group, [](const char* name, auto& buffer, gid_t& id) {
        group entry{};
        group* found = nullptr;
        const int failed = ::getgrnam_r(name, &entry, buffer.data(), buffer.size(), &found);
        id = entry.gr_gid;
        return found != nullptr ? 0 : (failed != 0 ? failed : ENOENT);
      });
  if (!gid) {
    return gid.error();
  }
  return MailOwner{*uid, *gid};
}

}  // namespace plugin
