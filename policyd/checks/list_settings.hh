// policyd/checks/list_settings.hh -- the settings of the global lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

namespace policy {

struct ListSettings {
  std::string list_folder;
  base::Duration list_interval{};
  bool list_directory = false;
  base::Duration list_directory_interval{};
  std::string list_white_action;
  std::string list_black_text;
};

template <typename S>
inline constexpr base::Setting<S> list_rows[] = {
    {"list_folder", &S::list_folder, "/etc/posthouse/lists", "", base::Reload::live,
     "Folder of the files whitelist, blacklist (clients: names, globs, addresses, networks), "
     "sender_whitelist, sender_blacklist, recip_whitelist and recip_blacklist (addresses, domains, "
     "globs), as Spam Locker had them. Each may be missing. A file that changes is read again by "
     "itself once it has come to rest, and with a reload."},
    {"list_interval", &S::list_interval, "1s", "100ms..1h", base::Reload::live,
     "How often the list files are looked at for changes; a change is in force after two or three "
     "looks."},
    {"list_directory", &S::list_directory, "no", "", base::Reload::live,
     "Whether the global entries of the directory (posthouse lists add global ...) count too."},
    {"list_directory_interval", &S::list_directory_interval, "30s", "1s..1d", base::Reload::live,
     "How often the global entries of the directory are read."},
    {"list_white_action", &S::list_white_action, "dunno", "dunno|ok", base::Reload::live,
     "What a whitelist hit answers: dunno skips our other checks and lets Postfix go on with its "
     "own, ok ends Postfix's whole restriction list."},
    {"list_black_text", &S::list_black_text,
     "5.7.1 Blocked by local policy, contact the postmaster", "", base::Reload::live,
     "Enhanced status code and text of the rejection after a blacklist hit."},
};

}  // namespace policy
