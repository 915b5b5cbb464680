// policyd/checks/sender_login_settings.hh -- the settings of who may send as whom.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

namespace policy {

struct SenderLoginSettings {
  bool sender_login = false;
  std::string sender_login_catch_all;
  std::string sender_login_foreign;
  std::string sender_login_strangers;
  std::string sender_login_text;
  std::string sender_login_on_error;
};

template <typename S>
inline constexpr base::Setting<S> sender_login_rows[] = {
    {"sender_login", &S::sender_login, "no", "", base::Reload::live,
     "Whether who has logged in may send only from addresses that are theirs: their own, with an "
     "extension or without, and those of aliases that lead to them. The null sender is allowed."},
    {"sender_login_catch_all", &S::sender_login_catch_all, "catch_all", "none|catch_all|domain",
     base::Reload::live,
     "What else is theirs: nothing; the addresses that nobody has of a domain whose catch-all "
     "leads "
     "to them; or all addresses of the domain of their login."},
    {"sender_login_foreign", &S::sender_login_foreign, "refuse", "refuse|allow", base::Reload::live,
     "Whether who has logged in may send from addresses in domains that are not ours."},
    {"sender_login_strangers", &S::sender_login_strangers, "allow", "allow|users|domains",
     base::Reload::live,
     "Who has not logged in may not send from addresses that somebody has here (users), or from "
     "any address of our domains (domains). Mail that users have forwarded or sent by a list "
     "elsewhere comes back under such senders."},
    {"sender_login_text", &S::sender_login_text,
     "553 5.7.1 Sender address rejected: not owned by you", "", base::Reload::live,
     "Reply code, enhanced status code and text of a refusal."},
    {"sender_login_on_error", &S::sender_login_on_error, "dunno", "dunno|defer", base::Reload::live,
     "What is answered when the directory cannot tell."},
};

}  // namespace policy
