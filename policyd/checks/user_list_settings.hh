// policyd/checks/user_list_settings.hh -- the settings of the lists of users and domains.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

namespace policy {

struct UserListSettings {
  bool user_lists = false;
  std::string user_lists_on_error;
  std::string user_lists_text;
};

template <typename S>
inline constexpr base::Setting<S> user_list_rows[] = {
    {"user_lists", &S::user_lists, "no", "", base::Reload::live,
     "Whether the lists that recipients and their domains have in the directory (posthouse lists) "
     "count. This asks the directory about each recipient."},
    {"user_lists_on_error", &S::user_lists_on_error, "dunno", "dunno|defer", base::Reload::live,
     "What is answered while the directory cannot tell a recipient's lists: dunno goes on without "
     "them, defer tells the mail to come back."},
    {"user_lists_text", &S::user_lists_text, "5.7.1 The recipient does not accept this mail", "",
     base::Reload::live,
     "Enhanced status code and text of the rejection after a hit of a user's or a domain's "
     "blacklist."},
};

}  // namespace policy
