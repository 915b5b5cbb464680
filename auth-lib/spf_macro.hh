// auth-lib/spf_macro.hh -- macro text of SPF: its grammar and its expansion (RFC 7208 s7).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hh"
#include "base/ip.hh"

namespace auth {

// What the letters stand for.
struct SpfMacroValues {
  std::string sender{};      // s; l and o are its halves
  std::string domain{};      // d
  std::string helo{};        // h
  base::IpAddress client{};  // i, c, v
  std::string validated{};   // p; "unknown" when there is none
  std::string receiver{};    // r
  base::WallTime now{};      // t
};

enum class SpfMacroPlace {
  domain,       // a domain-spec or an unknown modifier: c, r and t are not allowed
  explanation,  // explain-string: blanks and all letters are allowed
};

// Whether `text` keeps the grammar of macro-string or explain-string.
bool is_spf_macro_text(std::string_view text, SpfMacroPlace place);

// Whether `text` is a domain-spec: macro text that ends in a top label or a macro (s7.1).
bool is_spf_domain_spec(std::string_view text);

// Whether expansion needs the validated name, which costs DNS questions.
bool uses_validated_name(std::string_view text);

// `text` must keep the grammar.
std::string expand_spf_macros(std::string_view text, const SpfMacroValues& values);

// An expanded name of more than 253 bytes loses labels on the left (s7.3); without a final dot.
std::string shortened_domain(std::string name);

}  // namespace auth
