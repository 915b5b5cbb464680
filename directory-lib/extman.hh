// directory-lib/extman.hh -- the texts that an ExtMan database or tree holds, read and written.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pure functions, the same for its MySQL columns and its LDAP attributes: ExtMan keeps quotas,
// dates, switches and lists as text. What they make of a text that ExtMan never wrote is said with
// each; a lookup never fails because of one.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "base/settings.hh"

#include "directory-lib/directory.hh"

namespace directory::extman {

// A quota: "104857600" in bytes, "104857600S" as Courier wants it, also "104857600S,1000C" with a
// count of messages, which is not looked at. "", "0" and "0S" are no limit. malformed otherwise.
base::Result<base::Bytes> parse_quota(std::string_view text);

// The text of `quota` in the form that `found` has: what was "…S" stays so, and a count of messages
// stays. `found` itself when it says the same already. For a new entry, "S" or "" as `found`.
std::string quota_text(base::Bytes quota, std::string_view found);

// The last valid day: "2010-11-08", a time of day behind it is not looked at. "", "0" and
// "0000-00-00" are for ever. malformed otherwise, also for a day that no month has.
base::Result<Expiry> parse_day(std::string_view text);
std::string day_text(const Expiry& day);  // "0000-00-00" for ever

// "2007-02-14 15:10:04", taken for UTC. What is no time is the epoch: it is shown, never acted on.
base::WallTime parse_time(std::string_view text);
std::string time_text(base::WallTime time);

// A switch: "1" and every other whole number but 0 is on; "", "0" and what is no number is off.
bool is_on(std::string_view text);

// How long a new user is valid, in ExtMan's default_expire: "6m"; a number and one of d, w, m, y.
// "" when it says nothing, "0" included, and for what is no such term.
std::string parse_term(std::string_view text);

// The targets of an alias: addresses between commas (or blanks), in their order, each once, with
// the domain in lower case; "@other.example" too. What is no address stays as it is written, for
// Postfix to judge; what holds a control character is left out.
std::vector<std::string> parse_targets(std::string_view text);
std::string targets_text(const std::vector<std::string>& targets);

// A stored password as verify_password() and Dovecot read it: "{MD5}" before a digest becomes
// "{LDAP-MD5}", what starts with '$' is {CRYPT}, what names no scheme gets `scheme`
// (`crypt`, `plain`, `plain-md5`, `ldap-md5` or `sha`). Empty stays empty.
std::string stored_password(std::string_view text, std::string_view scheme);

// A path as it is stored, without the '/' that ExtMan ends Maildirs with.
std::string stored_path(std::string_view text);
// Where a home is: `homedir`, or the folder around `maildir` when that is empty.
std::string stored_home(std::string_view homedir, std::string_view maildir);

// The mail host of a domain's `transport`: empty for a delivery agent of this host ("virtual:",
// "maildrop", "local:" …), else as it is written.
std::string domain_mail_host(std::string_view transport);

// Text for people as UTF-8: what is not UTF-8 is taken for Latin-1, ExtMan's usual character set.
std::string readable(std::string_view text);

// A mail host is stored as it was written: "store2", "store2:2424", "lmtp:store2",
// "lmtp:inet:store2:24", "smtp:[192.0.2.1]". These two read it.
// What Postfix's transport map answers: a name alone is reached by LMTP on port 24. malformed for
// what has blanks or control characters. Empty for empty.
base::Result<std::string> nexthop_of(std::string_view mail_host);
// The host alone, without brackets and port, for Dovecot's proxies. Empty when it names none.
std::string host_of(std::string_view mail_host);
// Whether it is one of `hosts`, which name it whole or by its host alone.
bool is_among(std::string_view mail_host, const base::Words& hosts);
// The port on which that host takes mail by LMTP: 24 unless an LMTP route names another.
std::uint16_t lmtp_port_of(std::string_view mail_host);

}  // namespace directory::extman
