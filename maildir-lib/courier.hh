// maildir-lib/courier.hh -- what Courier's IMAP and POP3 servers leave in a Maildir, as it is read.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   courierimapuiddb      = "1 " uidvalidity " " nextuid LF *(uid " " base LF)
//   courierpop3dsizelist  = ["/" version *(" " number) LF] *(name " " size [" " uid [":" ...]] LF)
//   courierimapkeywords/:list      = *(keyword LF) LF *(base ":" index *(" " index) LF)
//   courierimapkeywords/BASE       = *(keyword LF)    newer than :list; of .N.BASE the greatest N
//   courierimapsubscribed = *(("INBOX" / "INBOX." name) LF)
//   courierimapacl        = *(identifier " " rights LF)
//
// A base name is what stands before the flags. Lines that cannot be read are counted and passed
// over: Courier does so too. docs/formats/courier.md
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace maildir {

inline constexpr std::size_t max_courier_bytes = 512U
                                                 << 20U;  // of one file: some five million mails

struct CourierUid {
  std::uint32_t uid = 0;
  std::string base;
};
struct CourierUids {
  std::uint32_t uid_validity = 0;
  std::uint32_t next_uid = 1;     // above every uid
  std::vector<CourierUid> mails;  // ascending; each uid and each base once, the later uid wins
  std::size_t unread = 0;         // lines
};
// malformed when the first line is none, or its numbers are not those of IMAP.
base::Result<CourierUids> parse_courier_uids(std::string_view text);

struct CourierPop3Mail {
  std::string base;
  std::string uidl;  // as Courier's server tells it
};
struct CourierPop3 {
  std::vector<CourierPop3Mail> mails;  // in the order in which clients see them; each base once
  std::size_t unread = 0;
};
// Versions 0 to 3. malformed for a later one.
base::Result<CourierPop3> parse_courier_pop3(std::string_view text);

using CourierKeywords = std::map<std::string, std::vector<std::string>, std::less<>>;  // by base
CourierKeywords parse_courier_keywords(std::string_view text);                         // of :list
std::vector<std::string> parse_courier_keyword_file(std::string_view text);

// The name of a file of one mail's keywords: ".123.BASE" or "BASE"; version 0 is the latter, which
// is the newest of all. An empty base: it is something else.
struct CourierKeywordName {
  std::string_view base;
  std::uint64_t version = 0;
};
CourierKeywordName parse_courier_keyword_name(std::string_view name);

// A folder's name as Courier has it on disk, without the first dot: modified UTF-7 until Courier
// IMAP 4, UTF-8 from 5 on. As modified UTF-7; malformed when it is neither.
base::Result<std::string> to_dovecot_name(std::string_view name);

struct CourierSubscriptions {
  std::vector<std::string> names;    // as to_dovecot_name(); "INBOX"; each once
  std::vector<std::string> foreign;  // other people's folders, and what is no name
};
CourierSubscriptions parse_courier_subscriptions(std::string_view text);

// Who beside its owner has rights in a folder.
std::vector<std::string> parse_courier_acl(std::string_view text);

}  // namespace maildir
