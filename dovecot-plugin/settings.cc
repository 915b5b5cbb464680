// dovecot-plugin/settings.cc -- the table of the plugin's settings, and the mail user's ids.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "dovecot-plugin/settings.hh"

#include <array>
#include <cerrno>

#include <grp.h>
#include <pwd.h>

#include "base/files.hh"
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
};
static_assert(base::is_documented(table));

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
  return base::settings_from_text(table, file, text);
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
