// policyd/action_settings.hh -- the settings of what is done with a verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

namespace policy {

struct ActionSettings {
  std::string action_type;
  std::string action_header;
  std::string action_spam;
  std::string action_ham;
};

template <typename S>
inline constexpr base::Setting<S> action_rows[] = {
    {"action_type", &S::action_type, "policy", "policy|header|learn", base::Reload::live,
     "What is done with a verdict: policy tells Postfix. header refuses nothing, and writes into "
     "the mail which check would have. learn hands mail to a trainer: what is spam gets "
     "action_spam, accepted mail gets action_ham; refusals that do not speak of the mail itself "
     "(sender_login, rate, quota, greylist) stay."},
    {"action_header", &S::action_header, "X-Posthouse-Policy", "", base::Reload::live,
     "The header that action_type = header writes; Spam Locker's was X-Slockd-Result."},
    {"action_spam", &S::action_spam, "", "", base::Reload::live,
     "The action of access(5) for spam that is to be learned, such as FILTER retrain:spam. Empty: "
     "the refusal stays. FILTER sends the whole message to that transport of master.cf, for all "
     "its recipients, instead of delivering it."},
    {"action_ham", &S::action_ham, "", "", base::Reload::live,
     "The same for mail that no check objects to, such as FILTER retrain:innocent. Empty: it is "
     "accepted as ever."},
};

}  // namespace policy
