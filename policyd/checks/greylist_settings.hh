// policyd/checks/greylist_settings.hh -- the settings of the greylist.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "base/settings.hh"

namespace policy {

struct GreylistSettings {
  bool greylist = true;
  base::Duration greylist_delay{};
  base::Duration greylist_retry_window{};
  base::Duration greylist_lifetime{};
  std::int64_t greylist_auto_whitelist = 0;
  base::Duration greylist_auto_whitelist_lifetime{};
  std::int64_t greylist_ipv4_prefix = 0;
  std::int64_t greylist_ipv6_prefix = 0;
  std::string greylist_null_sender;
  std::string greylist_on_error;
  std::string greylist_text;
};

template <typename S>
inline constexpr base::Setting<S> greylist_rows[] = {
    {"greylist", &S::greylist, "yes", "", base::Reload::live,
     "Whether unknown senders are asked to come back later."},
    {"greylist_delay", &S::greylist_delay, "4m", "1s..1d", base::Reload::live,
     "How long a new triplet of client network, sender and recipient waits. Postfix tries again "
     "after 5m by default: a shorter delay costs its mail nothing more."},
    {"greylist_retry_window", &S::greylist_retry_window, "2d", "1m..60d", base::Reload::live,
     "Who has not come back within this time after the first attempt starts again."},
    {"greylist_lifetime", &S::greylist_lifetime, "35d", "1h..1000d", base::Reload::live,
     "A triplet that has passed is known until it has not been seen for so long."},
    {"greylist_auto_whitelist", &S::greylist_auto_whitelist, "5", "0..1000000", base::Reload::live,
     "A client network is trusted, and its new triplets wait no more, once so many different "
     "triplets of it have come back after their delay; 0 for never."},
    {"greylist_auto_whitelist_lifetime", &S::greylist_auto_whitelist_lifetime, "35d", "1h..1000d",
     base::Reload::live, "A network is trusted until it has sent nothing for so long."},
    {"greylist_ipv4_prefix", &S::greylist_ipv4_prefix, "24", "8..32", base::Reload::live,
     "How many bits of an IPv4 client address count. A change makes known triplets unknown."},
    {"greylist_ipv6_prefix", &S::greylist_ipv6_prefix, "64", "16..128", base::Reload::live,
     "How many bits of an IPv6 client address count. A change makes known triplets unknown."},
    {"greylist_null_sender", &S::greylist_null_sender, "end_of_message",
     "end_of_message|rcpt|never", base::Reload::live,
     "Where mail from the null sender waits: at the end of the message, so that other servers that "
     "verify an address and hang up are not told to wait (this needs check_policy_service in "
     "smtpd_end_of_data_restrictions too), at each recipient, or never."},
    {"greylist_on_error", &S::greylist_on_error, "dunno", "dunno|defer", base::Reload::live,
     "What the greylist answers when its state cannot be used: dunno lets mail in, defer tells it "
     "to come back."},
    {"greylist_text", &S::greylist_text, "4.7.1 Greylisted, please try again in a few minutes", "",
     base::Reload::live,
     "Enhanced status code and text for mail that waits; {wait} stands for the seconds left."},
};

}  // namespace policy
