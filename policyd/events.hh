// policyd/events.hh -- the lines policyd logs.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>

#include "base/log.hh"

namespace policy {

using base::Event;
using base::Level;

namespace event {

inline constexpr Event greylist_defer{
    "policyd.greylist.defer", Level::info, "action client name sender recipient reason",
    "A mail was told to come back later. Nothing to do; `posthouse greylist release` lets it in."};
inline constexpr Event greylist_pass{
    "policyd.greylist.pass", Level::info, "action client name sender recipient reason",
    "A mail came back after its delay and was let through. Nothing to do."};
inline constexpr Event greylist_known{
    "policyd.greylist.known", Level::debug, "action client name sender recipient reason",
    "The triplet has passed before, or its network is trusted. Nothing to do."};
inline constexpr Event greylist_bypass{
    "policyd.greylist.bypass", Level::info, "action client name sender recipient reason",
    "A mail that would have been told to come back was let in at once; the reason says why. "
    "Nothing to do."};
inline constexpr Event greylist_unsure{
    "policyd.greylist.unsure", Level::warning, "action error suppressed",
    "The greylist's store cannot be used and greylist_on_error decides. At most one line a minute; "
    "`suppressed` counts the requests in between. See the policyd.store lines for the cause."};
inline constexpr Event list_accept{"policyd.list.accept", Level::info,
                                   "action client name sender recipient reason",
                                   "A whitelist names the client, sender or recipient."};
inline constexpr Event list_reject{"policyd.list.reject", Level::info,
                                   "action client name sender recipient reason",
                                   "A blacklist names the client, sender or recipient."};
inline constexpr Event list_loaded{"policyd.list.loaded", Level::info, "file entries",
                                   "A list file was read."};
inline constexpr Event list_bad_line{
    "policyd.list.bad_line", Level::warning, "file line error hint",
    "A line of a list file is not understood and has no effect. Mend it as the hint says; "
    "posthouse-policyd --check tells whether all is well."};
inline constexpr Event list_unreadable{
    "policyd.list.unreadable", Level::error, "file error",
    "A list file exists but cannot be read. The entries read before stay in force. Mend its "
    "permissions."};
inline constexpr Event spf_reject{
    "policyd.spf.reject", Level::info, "action client name sender recipient reason",
    "By SPF the client may not send this mail, and the settings refuse it. If it was wanted, its "
    "sender's domain must mend its record; `posthouse spf` shows how it was read."};
inline constexpr Event spf_defer{
    "policyd.spf.defer", Level::info, "action client name sender recipient reason",
    "An SPF result for which the settings tell the mail to come back."};
inline constexpr Event dnsbl_reject{
    "policyd.dnsbl.reject", Level::info, "action client name sender recipient reason",
    "DNS lists know the client, and the settings refuse it; the reason has each answer. Who is "
    "listed by mistake must turn to the list."};
inline constexpr Event dnsbl_defer{
    "policyd.dnsbl.defer", Level::info, "action client name sender recipient reason",
    "DNS lists know the client, or could not be asked, and the settings tell the mail to come "
    "back."};
inline constexpr Event dnsbl_good{"policyd.dnsbl.good", Level::info, "zone ipv6",
                                  "A DNS list passed its test and is used from now on; without "
                                  "ipv6 not for clients with such addresses."};
inline constexpr Event dnsbl_bad{
    "policyd.dnsbl.bad", Level::warning, "zone error",
    "A DNS list is not used until its test passes; mail is checked without it. When it stays so, "
    "look whether the list still exists and serves you; a list without test entries belongs into "
    "dnsbl_untested."};
inline constexpr Event dnsbl_refused{
    "policyd.dnsbl.refused", Level::warning, "zone",
    "A DNS list answered with an error code (127.255.255.0/24) or with an address that is no "
    "answer of a list. It counts as no answer. Most often you ask through a public resolver, or "
    "too much: let policyd ask for itself (resolver = recursive). At most one line a minute."};
inline constexpr Event list_directory_failed{
    "policyd.list.directory_failed", Level::warning, "error suppressed",
    "The global list entries of the directory cannot be read; those read before stay in force. At "
    "most one line a minute. Look whether the directory is there and policyd's user may read it."};
inline constexpr Event user_list_accept{"policyd.user_list.accept", Level::info,
                                        "action client name sender recipient reason",
                                        "The whitelist of the recipient or its domain names the "
                                        "sender or client. Nothing to do."};
inline constexpr Event user_list_reject{"policyd.user_list.reject", Level::info,
                                        "action client name sender recipient reason",
                                        "The blacklist of the recipient or its domain names the "
                                        "sender or client. Nothing to do."};
inline constexpr Event user_list_unknown{
    "policyd.user_list.unknown", Level::info, "action client name sender recipient reason",
    "The directory cannot tell the recipient's lists and user_lists_on_error is defer. See the "
    "policyd.directory lines for the cause."};
inline constexpr Event dry_run{
    "policyd.dry_run", Level::info, "check action client sender recipient reason",
    "A check that dry_run names would have refused; the request went on. Nothing to do; look "
    "whether these are the refusals you want, then take the check out of dry_run."};
inline constexpr Event sender_login_refuse{
    "policyd.sender_login.refuse", Level::info, "action client name sender recipient reason",
    "A login used a sender that is not its own, or a client without login one of ours. Look "
    "whether "
    "the account is misused; an alias that leads to it gives it one more sender."};
inline constexpr Event quota_refuse{"policyd.quota.refuse", Level::info,
                                    "action client name sender recipient reason",
                                    "The mailboxes behind the recipient are full. Their owners "
                                    "must delete mail, or get more room."};
inline constexpr Event quota_trouble{
    "policyd.quota.trouble", Level::warning, "error suppressed",
    "Dovecot's quota-status does not answer, or not as it should; mail is let in meanwhile. At "
    "most "
    "one line a minute. Look at its service in Dovecot's settings and at quota_status."};
inline constexpr Event rate_refuse{"policyd.rate.refuse", Level::info,
                                   "action client name sender recipient reason",
                                   "A mail would go beyond a rate. Look whether an account or a "
                                   "client is misused; `posthouse rate "
                                   "show` tells the counts, `posthouse rate reset` forgets them."};
inline constexpr Event rate_unsure{
    "policyd.rate.unsure", Level::warning, "action error suppressed",
    "The state file cannot be used for rates and rate_on_error decides. At most one line a minute. "
    "See the policyd.store lines for the cause."};
inline constexpr Event trap_hit{
    "policyd.trap.hit", Level::info, "action client name sender recipient reason",
    "A mail came for a spamtrap; its client and network have an entry from now on. `posthouse trap "
    "list` shows them."};
inline constexpr Event trap_refuse{
    "policyd.trap.refuse", Level::info, "action client name sender recipient reason",
    "A client was refused because it or its network wrote to a spamtrap. `posthouse trap del` "
    "forgets an innocent one."};
inline constexpr Event directory_trouble{
    "policyd.directory.trouble", Level::error, "reason times",
    "The directory cannot be asked, and checks that need accounts do what their on_error settings "
    "say. Look whether its database is there, and whether phpolicy may read it."};
inline constexpr Event directory_back{"policyd.directory.back", Level::info, "times",
                                      "The directory answers again."};
inline constexpr Event shadow_differs{
    "policyd.shadow.differs", Level::info,
    "live live_check live_reason shadow shadow_check shadow_reason client sender recipient",
    "The settings of shadow_settings would have answered otherwise. Nothing to do; when the "
    "differences are those you want, make them the live settings."};
inline constexpr Event shadow_unusable{
    "policyd.shadow.unusable", Level::error, "file error",
    "The file that shadow_settings names cannot be used; nothing is compared until it is mended "
    "and policyd reloaded."};
inline constexpr Event request_malformed{
    "policyd.request.malformed", Level::warning, "error suppressed",
    "A client did not speak the policy protocol; its connection was closed. At most one line a "
    "minute. If it is Postfix, look "
    "at its check_policy_service setting."};
inline constexpr Event connection_slow{
    "policyd.connection.slow", Level::warning, "limit suppressed",
    "A client did not finish a request within request_deadline and was closed; at most one line a "
    "minute. Postfix sends a request at once, so look who else uses the socket."};
inline constexpr Event connection_evicted{
    "policyd.connection.evicted", Level::warning, "limit suppressed",
    "max_connections was reached and the longest idle client was closed for a new one; at most one "
    "line a minute. Raise it above the sum of Postfix's smtpd processes."};
inline constexpr Event store_open{"policyd.store.open", Level::info, "file rows milliseconds",
                                  "The state file was checked and is in use."};
inline constexpr Event store_damaged{
    "policyd.store.damaged", Level::error, "file kept error",
    "The state file is damaged. It was kept under the name in `kept` and an empty one is in use: "
    "known senders are greylisted once more. Look for disk errors; delete the kept file when you "
    "need it no more."};
inline constexpr Event store_unchecked{
    "policyd.store.unchecked", Level::warning, "file milliseconds",
    "The check of the state file took longer than state_check_limit and was ended; no mistake was "
    "found so far and the file is in use."};
inline constexpr Event store_failed{
    "policyd.store.failed", Level::error, "file error hint",
    "The state file cannot be opened or written; the store is unusable until that is mended. It is "
    "tried again by itself. At most one line a minute."};
inline constexpr Event store_recovered{"policyd.store.recovered", Level::info, "file",
                                       "Writing to the state file works again."};

}  // namespace event

// One a line, in the order above.
// clang-format off
inline constexpr std::array events{
    event::greylist_defer,
    event::greylist_pass,
    event::greylist_known,
    event::greylist_bypass,
    event::greylist_unsure,
    event::list_accept,
    event::list_reject,
    event::list_loaded,
    event::list_bad_line,
    event::list_unreadable,
    event::list_directory_failed,
    event::user_list_accept,
    event::user_list_reject,
    event::user_list_unknown,
    event::dry_run,
    event::sender_login_refuse,
    event::rate_refuse,
    event::rate_unsure,
    event::quota_refuse,
    event::quota_trouble,
    event::trap_hit,
    event::trap_refuse,
    event::spf_reject,
    event::spf_defer,
    event::dnsbl_reject,
    event::dnsbl_defer,
    event::dnsbl_good,
    event::dnsbl_bad,
    event::dnsbl_refused,
    event::directory_trouble,
    event::directory_back,
    event::shadow_differs,
    event::shadow_unusable,
    event::request_malformed,
    event::connection_slow,
    event::connection_evicted,
    event::store_open,
    event::store_damaged,
    event::store_unchecked,
    event::store_failed,
    event::store_recovered,
};
// clang-format on

}  // namespace policy
