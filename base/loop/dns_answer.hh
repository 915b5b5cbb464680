// base/loop/dns_answer.hh -- DNS names and answer packets, from and to text.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pure; RFC 1035. Everything comes from strangers: names and packets of any bytes give malformed,
// never more. Names are text without a trailing dot, in lower case; a byte that is not a letter,
// digit, '-', '_' or '/' is written \DDD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace loop {

enum class DnsType : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
};

struct DnsRecord {
  std::string owner;
  std::uint32_t ttl = 0;  // seconds
  // Raw RDATA; but of PTR, NS and CNAME the name as text, of MX two bytes and the name as text.
  std::string data;
};

struct DnsMx {
  std::uint16_t preference = 0;
  std::string host;
};

// A question that was answered: rcode 0 (with records, or nodata) or 3 (nxdomain).
struct DnsAnswer {
  DnsType type{};
  int rcode = 0;
  bool nxdomain = false;
  bool nodata = false;             // the name exists, but not this type
  bool is_secure = false;          // validated by DNSSEC
  std::string canonical;           // the name at the end of the CNAME chain
  std::vector<DnsRecord> records;  // of the type asked for, owned by `canonical`

  // Decoded; a record that breaks its own format is left out. Each is empty for another type.
  std::vector<std::string> addresses() const;  // A, AAAA: numeric text
  std::vector<std::string> names() const;      // PTR, NS, CNAME
  std::vector<std::string> texts() const;      // TXT: the strings of a record joined, raw bytes
  std::vector<DnsMx> exchangers() const;       // MX, as they came
};

// The name in the form above, from text whose labels hold any bytes, \DDD standing for one byte.
// malformed: an empty label, one over 63 bytes, more than 253 in all, another backslash.
base::Result<std::string> dns_name(std::string_view text);

// "4.3.2.1.in-addr.arpa" or "....ip6.arpa" of a numeric address; malformed otherwise.
base::Result<std::string> reverse_name(std::string_view address);

// Reads a response packet to the question (`name`, `type`). malformed when it breaks RFC 1035.
base::Result<DnsAnswer> decode_dns_answer(std::string_view packet, std::string_view name,
                                          DnsType type);

}  // namespace loop
