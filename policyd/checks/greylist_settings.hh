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
  bool greylist_spf_pools = true;
  base::Words greylist_name_pools;
  std::int64_t greylist_spf_domains = 0;
  base::Duration greylist_spf_age{};
  bool greylist_dnswl = true;
  bool greylist_user_switch = false;
  std::string greylist_correspondents;
  base::Duration greylist_correspondents_lifetime{};
  std::int64_t greylist_throttle = 0;
  base::Duration greylist_throttle_grace{};
  base::Duration greylist_throttle_delay{};
  std::int64_t greylist_throttle_rows = 0;
  base::Duration greylist_throttle_window{};
  std::string greylist_null_sender;
  std::string greylist_recipient_delimiter;
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
    {"greylist_spf_pools", &S::greylist_spf_pools, "yes", "", base::Reload::live,
     "Whether all clients that SPF names for the sender's domain are one client, so that a large "
     "sender may come back from any of its addresses."},
    {"greylist_spf_domains", &S::greylist_spf_domains, "3", "0..1000000", base::Reload::live,
     "A domain is trusted, and mail that passes its SPF waits no more, once so many different "
     "triplets of it have passed SPF and come back after their delay; 0 for never."},
    {"greylist_spf_age", &S::greylist_spf_age, "3d", "0s..1000d", base::Reload::live,
     "A domain is trusted at the earliest so long after its first such success: throw-away domains "
     "are young. It is trusted until it has sent nothing for greylist_auto_whitelist_lifetime."},
    {"greylist_dnswl", &S::greylist_dnswl, "yes", "", base::Reload::live,
     "Whether mail does not wait when lists of the good (dnsbl_zones of negative weight) outweigh "
     "those of the bad."},
    {"greylist_user_switch", &S::greylist_user_switch, "no", "", base::Reload::live,
     "Whether users may switch the greylist off for their mail (posthouse user set --greylist no). "
     "This asks the directory about recipients whose mail would have to wait."},
    {"greylist_name_pools", &S::greylist_name_pools, "", "", base::Reload::live,
     "Domains of large senders, such as outlook.com, whose servers share one queue: clients whose "
     "verified name is one of these or below it are one client, wherever their addresses are."},
    {"greylist_correspondents", &S::greylist_correspondents, "pair", "pair|address|no",
     base::Reload::live,
     "Whether replies do not wait: an address that one of our users has written to may write to "
     "that user (pair) or to every user of ours (address). Learned from authenticated "
     "submission: at each recipient where check_policy_service stands before "
     "permit_sasl_authenticated, and from smtpd_end_of_data_restrictions for mail with one "
     "recipient."},
    {"greylist_correspondents_lifetime", &S::greylist_correspondents_lifetime, "180d", "1d..3650d",
     base::Reload::live, "For so long after a user wrote there replies do not wait."},
    {"greylist_throttle", &S::greylist_throttle, "100", "0..1000000", base::Reload::live,
     "A client network with so many first attempts of which none came back is slowed down; 0 for "
     "never."},
    {"greylist_throttle_grace", &S::greylist_throttle_grace, "1h", "1m..7d", base::Reload::live,
     "A network is slowed down at the earliest so long after its first attempt: a list server that "
     "sends much at once has come back by then."},
    {"greylist_throttle_delay", &S::greylist_throttle_delay, "1h", "1s..1d", base::Reload::live,
     "How long the mail of a network that is slowed down waits, unless greylist_delay is longer."},
    {"greylist_throttle_rows", &S::greylist_throttle_rows, "1000", "0..100000000",
     base::Reload::live,
     "At most so many triplets of a network that has never come back are remembered; what goes "
     "beyond is told to wait and forgotten. 0 for any number."},
    {"greylist_throttle_window", &S::greylist_throttle_window, "1d", "1m..60d", base::Reload::live,
     "After this time the first attempts of a network are counted anew."},
    {"greylist_null_sender", &S::greylist_null_sender, "end_of_message",
     "end_of_message|rcpt|never", base::Reload::live,
     "Where mail from the null sender waits: at the end of the message, so that other servers that "
     "verify an address and hang up are not told to wait (this needs check_policy_service in "
     "smtpd_end_of_data_restrictions too), at each recipient, or never."},
    {"greylist_recipient_delimiter", &S::greylist_recipient_delimiter, "+", "", base::Reload::live,
     "As Postfix's recipient_delimiter: mail to alice+news waits as mail to alice does, once for "
     "all extensions, and greylist --user finds it; empty for no extensions."},
    {"greylist_on_error", &S::greylist_on_error, "dunno", "dunno|defer", base::Reload::live,
     "What the greylist answers when its state cannot be used: dunno lets mail in, defer tells it "
     "to come back."},
    {"greylist_text", &S::greylist_text, "4.7.1 Greylisted, please try again in a few minutes", "",
     base::Reload::live,
     "Enhanced status code and text for mail that waits; {wait} stands for the seconds left."},
};

}  // namespace policy
