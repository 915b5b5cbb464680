// auth-lib/spf_mechanisms.cc -- what each mechanism matches (RFC 7208 s5), and its limits (s4.6.4).
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "base/text.hh"

#include "auth-lib/spf_walk.hh"

namespace auth {

namespace {

// "4.3.2.1.in-addr.arpa", or the nibbles below ip6.arpa.
std::string reverse_name(const base::IpAddress& address) {
  SpfMacroValues values;
  values.client = address;
  return expand_spf_macros("%{ir}.%{v}.arpa", values);
}

bool is_same_or_below(std::string_view name, std::string_view domain) {
  return base::iequals(name, domain) ||
         (base::iends_with(name, domain) && name.size() > domain.size() &&
          name[name.size() - domain.size() - 1] == '.');
}

}  // namespace

bool SpfWalk::count_lookup() {
  if (++lookups_ <= limits_.lookups) {
    return true;
  }
  problem(SpfResult::permerror, "more than " + std::to_string(limits_.lookups) + " DNS terms");
  return false;
}

bool SpfWalk::count_void(const DnsAnswer& answer) {
  if (answer.outcome != DnsAnswer::Outcome::none || ++void_lookups_ <= limits_.void_lookups) {
    return true;
  }
  problem(SpfResult::permerror,
          "more than " + std::to_string(limits_.void_lookups) + " questions without an answer");
  return false;
}

// The domain a term is about; nothing while a name for %{p} is waited for.
std::optional<std::string> SpfWalk::target_of(const std::string& domain,
                                              const std::string& macro_text) {
  if (macro_text.empty()) {
    return domain;
  }
  SpfMacroValues values = values_;
  values.domain = domain;
  if (uses_validated_name(macro_text)) {
    auto name = validated_name(domain);
    if (!name) {
      return std::nullopt;
    }
    values.validated = std::move(*name);
  }
  return shortened_domain(expand_spf_macros(macro_text, values));
}

SpfMatch SpfWalk::match(const std::string& domain, const SpfDirective& directive) {
  switch (directive.mechanism) {
    case SpfMechanism::all:
      return SpfMatch::yes;
    case SpfMechanism::ip4:
    case SpfMechanism::ip6:
      return match_network(directive);
    default:
      break;
  }
  if (!count_lookup()) {
    return SpfMatch::permerror;
  }
  const auto target = target_of(domain, directive.domain);
  if (!target) {
    return SpfMatch::waits;
  }
  switch (directive.mechanism) {
    case SpfMechanism::include:
      return match_include(*target);
    case SpfMechanism::a:
      return match_addresses(*target, directive, true);
    case SpfMechanism::mx:
      return match_mx(*target, directive);
    case SpfMechanism::ptr:
      return match_ptr(*target);
    default:
      return match_exists(*target);
  }
}

SpfMatch SpfWalk::match_network(const SpfDirective& directive) const {
  const bool six = directive.mechanism == SpfMechanism::ip6;
  if (six == input_.client.is_v4()) {
    return SpfMatch::no;
  }
  const unsigned bits = six ? directive.bits6 : directive.bits4 + 96;
  return base::masked(input_.client, bits) == base::masked(directive.network, bits) ? SpfMatch::yes
                                                                                    : SpfMatch::no;
}

// s5.2: only a pass of the other domain is a match; its other verdicts are none of ours.
SpfMatch SpfWalk::match_include(const std::string& target) {
  const SpfOutcome before = outcome_;
  const SpfResult result = check_host(target);
  outcome_.domain = before.domain;
  outcome_.explanation = before.explanation;
  switch (result) {
    case SpfResult::pass:
      return SpfMatch::yes;
    case SpfResult::temperror:
      return waits() ? SpfMatch::waits : SpfMatch::temperror;
    case SpfResult::permerror:
      return SpfMatch::permerror;
    case SpfResult::none:
      problem(SpfResult::permerror, "include of a domain without record: " + target);
      return SpfMatch::permerror;
    default:
      return SpfMatch::no;
  }
}

SpfMatch SpfWalk::match_addresses(const std::string& name, const SpfDirective& directive,
                                  bool counts) {
  if (!is_askable(name)) {
    return SpfMatch::no;
  }
  const DnsAnswer* answer = ask(name, address_type());
  if (answer == nullptr) {
    return SpfMatch::waits;
  }
  if (answer->outcome == DnsAnswer::Outcome::failed) {
    return SpfMatch::temperror;
  }
  if (counts && !count_void(*answer)) {
    return SpfMatch::permerror;
  }
  const unsigned bits = input_.client.is_v4() ? directive.bits4 + 96 : directive.bits6;
  const base::IpAddress wanted = base::masked(input_.client, bits);
  return std::any_of(
             answer->addresses.begin(), answer->addresses.end(),
             [&](const base::IpAddress& address) { return base::masked(address, bits) == wanted; })
             ? SpfMatch::yes
             : SpfMatch::no;
}

SpfMatch SpfWalk::match_mx(const std::string& target, const SpfDirective& directive) {
  if (!is_askable(target)) {
    return SpfMatch::no;
  }
  const DnsAnswer* answer = ask(target, DnsType::mx);
  if (answer == nullptr) {
    return SpfMatch::waits;
  }
  if (answer->outcome == DnsAnswer::Outcome::failed) {
    return SpfMatch::temperror;
  }
  if (!count_void(*answer)) {
    return SpfMatch::permerror;
  }
  if (answer->texts.size() > limits_.names) {
    problem(SpfResult::permerror, "more than ten MX names at " + target);
    return SpfMatch::permerror;
  }
  SpfMatch found = SpfMatch::no;
  for (const std::string& name : answer->texts) {
    const SpfMatch one = match_addresses(name, directive, false);
    if (one == SpfMatch::waits) {
      found = SpfMatch::waits;  // the other names' questions are collected in the same round
    } else if (one != SpfMatch::no && found == SpfMatch::no) {
      return one;
    }
  }
  return found;
}

// s5.5: a name of the client's PTR answer counts when it leads back to the client.
bool SpfWalk::is_validated(const std::string& name) {
  const DnsAnswer* answer = is_askable(name) ? ask(name, address_type()) : nullptr;
  return answer != nullptr && std::find(answer->addresses.begin(), answer->addresses.end(),
                                        input_.client) != answer->addresses.end();
}

SpfMatch SpfWalk::match_ptr(const std::string& target) {
  const DnsAnswer* answer = ask(reverse_name(input_.client), DnsType::ptr);
  if (answer == nullptr) {
    return SpfMatch::waits;
  }
  if (!count_void(*answer)) {
    return SpfMatch::permerror;
  }
  const std::size_t most = std::min(answer->texts.size(), limits_.names);
  for (std::size_t i = 0; i < most; ++i) {
    if (is_same_or_below(answer->texts[i], target) && is_validated(answer->texts[i]) && !waits()) {
      return SpfMatch::yes;
    }
  }
  return waits() ? SpfMatch::waits : SpfMatch::no;
}

// s7.3, letter p: the domain itself, else a name below it, else any; nothing while waiting.
std::optional<std::string> SpfWalk::validated_name(const std::string& domain) {
  const DnsAnswer* answer = ask(reverse_name(input_.client), DnsType::ptr);
  if (answer == nullptr) {
    return std::nullopt;
  }
  std::string best;
  int best_rank = 0;
  const std::size_t most = std::min(answer->texts.size(), limits_.names);
  for (std::size_t i = 0; i < most; ++i) {
    const std::string& name = answer->texts[i];
    const int rank = base::iequals(name, domain) ? 3 : is_same_or_below(name, domain) ? 2 : 1;
    if (is_validated(name) && rank > best_rank) {
      best = shortened_domain(name);
      best_rank = rank;
    }
  }
  return waits() ? std::nullopt : std::optional(best);
}

// s5.7: always an A question, whatever the client's family.
SpfMatch SpfWalk::match_exists(const std::string& target) {
  if (!is_askable(target)) {
    return SpfMatch::no;
  }
  const DnsAnswer* answer = ask(target, DnsType::a);
  if (answer == nullptr) {
    return SpfMatch::waits;
  }
  if (answer->outcome == DnsAnswer::Outcome::failed) {
    return SpfMatch::temperror;
  }
  if (!count_void(*answer)) {
    return SpfMatch::permerror;
  }
  return answer->addresses.empty() ? SpfMatch::no : SpfMatch::yes;
}

}  // namespace auth
