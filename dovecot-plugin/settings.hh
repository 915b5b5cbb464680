// dovecot-plugin/settings.hh -- the settings of /etc/posthouse/dovecot-plugin.conf.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/result.hh"
#include "base/settings.hh"

namespace plugin {

struct Settings {
  std::string mail_user;
  std::string mail_group;
  base::Words own_hosts;
  std::string mail_compression;
  std::int64_t mail_compression_level;
  base::Words app_passwords_only;
  std::string rehash_scheme;
  std::string after_login_socket;
  std::string master_user;
  std::string master_secret;
  base::Words master_hosts;
};

std::span<const base::SettingRow> settings_rows();

base::Result<Settings> parse_settings(std::string_view file, std::string_view text);

// The settings in the file; the defaults when it does not exist and `may_be_missing`. Blocks.
base::Result<Settings> load_settings(const std::string& path, bool may_be_missing);

// Who owns every home.
struct MailOwner {
  uid_t uid;
  gid_t gid;
};
// unavailable when the system knows no such user or group. Blocks.
base::Result<MailOwner> find_owner(const Settings& settings);

}  // namespace plugin
