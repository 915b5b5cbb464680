// mail-lib/address.hh -- e-mail addresses: parsing, the normal form for lookups, extensions.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The grammar is RFC 5321 s4.1.2 Mailbox with the UTF-8 of RFC 6531 s3.3; no comments, no routes,
// no angle brackets. Domains are letters, digits, hyphen, underscore or UTF-8, or an address
// literal; they are lower-cased (ASCII), not converted between A-labels and U-labels.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.hh"

namespace mail {

// RFC 5321 s4.5.3.1, in octets.
inline constexpr std::size_t local_part_limit = 64;
inline constexpr std::size_t domain_limit = 255;
inline constexpr std::size_t label_limit = 63;     // RFC 1035 s2.3.4
inline constexpr std::size_t address_limit = 254;  // a path of 256 without its brackets

// What a local part may look like. What is seen on the wire, senders above all, exceeds 64 octets
// (VERP) and has dots at the ends or in a row; who only looks at addresses takes `wire`.
enum class Local { strict, wire };

struct Address {
  std::string local;   // as written, but without quotes and their escapes
  std::string domain;  // lower case; "[192.0.2.1]" for a literal

  // As it is written in SMTP and headers: the local part quoted when it must be.
  std::string text() const;
  // The normal form, the key of every lookup: text() in lower case.
  std::string key() const;

  bool operator==(const Address&) const = default;
};

// malformed, with what is wrong, otherwise.
base::Result<Address> parse_address(std::string_view text, Local local = Local::strict);

// The same with the local part lower-cased, as all accounts of ours are stored.
base::Result<Address> parse_account(std::string_view text);

// A domain alone, lower-cased; malformed for a literal too.
base::Result<std::string> parse_domain(std::string_view text);

// "alice+news" -> {"alice", "news"}; {local, ""} when there is no extension, when the delimiters
// are empty, or when nothing would stand before the delimiter. Views into `local`. The first of the
// delimiters that occurs decides, as in Postfix's recipient_delimiter.
std::pair<std::string_view, std::string_view> split_extension(std::string_view local,
                                                              std::string_view delimiters);

}  // namespace mail
