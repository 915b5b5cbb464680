// policyd/checks/dnsbl_rule.hh -- what dnsbl_zones says: zones, the answers that count, weights.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Postfix's syntax of postscreen_dnsbl_sites, with a kind before it and masks in patterns:
//   rule    = [ kind ":" ] domain [ "=" pattern ] [ "*" weight ]
//   kind    = "ip" / "sender" / "helo" / "name" / "rhsbl"      ; rhsbl: sender, helo and name
//   pattern = octet 3( "." octet )
//   octet   = number / "[" item *( ";" item ) "]"
//   item    = number / number ".." number / "&" number          ; & : any of these bits is set
#pragma once

#include <array>
#include <bitset>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.hh"
#include "base/result.hh"

namespace policy {

// What of a request is looked up.
enum class DnsblKind : unsigned {
  ip = 1,      // the client's address
  sender = 2,  // the domain of the sender
  helo = 4,    // the name in HELO
  name = 8,    // the client's verified name
};

// Which answers (A records) of a zone are a hit.
class DnsblPattern {
 public:
  // All of 127.0.0.0/8 but 127.0.0.1, with which many zones say that they do not serve us.
  DnsblPattern();
  static base::Result<DnsblPattern> parse(std::string_view text);

  bool matches(const base::IpAddress& answer) const;

 private:
  std::array<std::bitset<256>, 4> octets_;
  bool is_default_ = true;
};

// Answers by which a zone says that it refuses us: 127.255.255.0/24. Never a hit.
bool is_dnsbl_refusal(const base::IpAddress& answer);
// 127.0.0.0/8: all else is no answer of a list (RFC 5782 s2.1), but of somebody who holds the name.
bool is_dnsbl_answer(const base::IpAddress& answer);

struct DnsblRule {
  unsigned kinds = static_cast<unsigned>(DnsblKind::ip);
  std::string domain;  // lower case
  DnsblPattern pattern{};
  int weight = 1;  // below 0: a list of the good

  bool looks_up(DnsblKind kind) const { return (kinds & static_cast<unsigned>(kind)) != 0; }
  bool is_of_addresses() const { return looks_up(DnsblKind::ip); }
};

base::Result<DnsblRule> parse_dnsbl_rule(std::string_view text);

// What stands before ".ZONE" in the question about an address: "4.3.2.1", or 32 nibbles.
std::string dnsbl_label(const base::IpAddress& address);

// A name that a list of domains may know, in lower case: two labels or more, no address, short
// enough to stand before a zone.
std::optional<std::string> listable_domain(std::string_view name);

}  // namespace policy
