// cli/mail_settings.hh -- the settings of /etc/posthouse/mail.conf: what is done to stored mail.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hh"
#include "base/settings.hh"

namespace cli {

inline constexpr std::string_view mail_settings_path = "/etc/posthouse/mail.conf";

struct MailSettings {
  std::int64_t jobs;
  std::int64_t zstd_level;
  base::Duration compress_older_than;
  base::Bytes compress_larger_than;
  base::Words compress_folders;
  base::Words compress_flags;
  base::Duration pack_older_than;
  base::Bytes pack_larger_than;
  base::Words pack_folders;
  base::Words pack_flags;
  base::Bytes pack_size;
  base::Bytes pack_least;
  base::Words tier_roots;
  base::Duration tier_older_than;
  base::Bytes tier_larger_than;
  base::Words tier_folders;
  base::Words tier_flags;
};

std::span<const base::SettingRow> mail_settings_rows();

// The settings in the file; the defaults when there is none at the default path.
base::Result<MailSettings> load_mail_settings(
    const std::string& path = std::string(mail_settings_path));
base::Result<MailSettings> parse_mail_settings(std::string_view file, std::string_view text);

}  // namespace cli
