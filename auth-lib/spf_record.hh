// auth-lib/spf_record.hh -- the text of an SPF record as terms (RFC 7208 s4.6.1, s12).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.hh"
#include "base/result.hh"

namespace auth {

enum class SpfMechanism { all, include, a, mx, ptr, ip4, ip6, exists };

// What a match of the mechanism means (RFC 7208 s4.6.2).
enum class SpfQualifier { pass, fail, softfail, neutral };

struct SpfDirective {
  SpfQualifier qualifier = SpfQualifier::pass;
  SpfMechanism mechanism = SpfMechanism::all;
  std::string domain{};       // macro text; empty: the current domain
  base::IpAddress network{};  // ip4, ip6
  unsigned bits4 = 32;        // prefix length that an IPv4 client is held against
  unsigned bits6 = 128;
  std::string text{};  // the term as written, for the trail
};

struct SpfRecord {
  std::vector<SpfDirective> directives{};
  std::optional<std::string> redirect{};  // macro text
  std::optional<std::string> exp{};       // macro text
};

// Whether a TXT record is meant as an SPF record of version 1 (RFC 7208 s4.5).
bool is_spf_record(std::string_view text);

// malformed, with the term that is wrong, when anything in it breaks the grammar: a record is
// taken whole or not at all.
base::Result<SpfRecord> parse_spf_record(std::string_view text);

}  // namespace auth
