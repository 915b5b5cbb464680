// auth-lib/spf.cc -- check_host() of RFC 7208 s4: records, mechanisms, redirect, explanation.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth-lib/spf.hh"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hh"

#include "auth-lib/spf_macro.hh"
#include "auth-lib/spf_record.hh"

namespace auth {

namespace {

constexpr std::size_t label_limit = 63;  // RFC 1035 s2.3.4
constexpr std::size_t name_limit = 253;
constexpr std::size_t explanation_limit = 500;  // more does not fit an SMTP reply

// How far a term came. `waits` ends the whole walk until its questions are answered.
enum class Match { no, yes, temperror, permerror, waits };

// A domain that may be asked for: two labels or more, each of 1 to 63 bytes (s4.3).
bool is_askable(std::string_view domain) {
  if (domain.ends_with('.')) {
    domain.remove_suffix(1);
  }
  const auto labels = base::split(domain, '.');
  return labels.size() > 1 && domain.size() <= name_limit &&
         std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
           return !label.empty() && label.size() <= label_limit &&
                  label.find_first_of("[]") == std::string_view::npos;
         });
}

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

SpfResult result_of(SpfQualifier qualifier) {
  switch (qualifier) {
    case SpfQualifier::pass:
      return SpfResult::pass;
    case SpfQualifier::fail:
      return SpfResult::fail;
    case SpfQualifier::softfail:
      return SpfResult::softfail;
    case SpfQualifier::neutral:
      return SpfResult::neutral;
  }
  return SpfResult::neutral;
}

// One walk. The first unanswered question stops it; what can be asked beside it is collected too.
class Walk {
 public:
  Walk(const SpfInput& input, const DnsView& view, const SpfLimits& limits)
      : input_(input), view_(view), limits_(limits) {
    const std::size_t at = input.sender.rfind('@');
    if (input.sender.empty()) {
      values_.sender = "postmaster@" + input.helo;
    } else if (at == std::string::npos || at == 0) {
      values_.sender = "postmaster" + std::string(at == 0 ? "" : "@") + input.sender;
    } else {
      values_.sender = input.sender;
    }
    values_.helo = input.helo;
    values_.client = input.client;
    values_.receiver = input.receiver;
    values_.now = input.now;
  }

  SpfChecked run() {
    const std::string domain = values_.sender.substr(values_.sender.rfind('@') + 1);
    outcome_.result = check_host(domain);
    return {std::move(outcome_), std::move(questions_)};
  }

 private:
  bool waits() const { return !questions_.empty(); }

  // The answer, or nullptr when it must be waited for.
  const DnsAnswer* ask(std::string_view name, DnsType type) {
    DnsQuestion question{base::to_lower(name), type};
    if (question.name.ends_with('.')) {
      question.name.pop_back();
    }
    const DnsAnswer* answer = view_.find(question);
    if (answer == nullptr &&
        std::find(questions_.begin(), questions_.end(), question) == questions_.end()) {
      questions_.push_back(std::move(question));
    }
    return answer;
  }

  DnsType address_type() const { return input_.client.is_v4() ? DnsType::a : DnsType::aaaa; }

  SpfResult problem(SpfResult result, std::string text) {
    if (outcome_.problem.empty()) {
      outcome_.problem = std::move(text);
    }
    return result;
  }

  SpfResult check_host(const std::string& domain);
  std::optional<SpfResult> find_record(const std::string& domain, SpfRecord& record);
  SpfResult evaluate(const std::string& domain, const SpfRecord& record);
  SpfResult follow_redirect(const std::string& domain, const SpfRecord& record);
  Match match(const std::string& domain, const SpfDirective& directive);
  Match match_network(const SpfDirective& directive) const;
  Match match_include(const std::string& target);
  Match match_addresses(const std::string& name, const SpfDirective& directive, bool counts);
  Match match_mx(const std::string& target, const SpfDirective& directive);
  Match match_ptr(const std::string& target);
  Match match_exists(const std::string& target);
  std::optional<std::string> target_of(const std::string& domain, const std::string& macro_text);
  std::optional<std::string> validated_name(const std::string& domain);
  bool is_validated(const std::string& name);
  bool count_lookup();
  bool count_void(const DnsAnswer& answer);
  void explain(const std::string& domain, const SpfRecord& record);

  const SpfInput& input_;
  const DnsView& view_;
  SpfLimits limits_;
  SpfMacroValues values_{};
  SpfOutcome outcome_{};
  std::vector<DnsQuestion> questions_{};
  int lookups_ = 0;
  int void_lookups_ = 0;
};

bool Walk::count_lookup() {
  if (++lookups_ <= limits_.lookups) {
    return true;
  }
  problem(SpfResult::permerror, "more than " + std::to_string(limits_.lookups) + " DNS terms");
  return false;
}

bool Walk::count_void(const DnsAnswer& answer) {
  if (answer.outcome != DnsAnswer::Outcome::none || ++void_lookups_ <= limits_.void_lookups) {
    return true;
  }
  problem(SpfResult::permerror,
          "more than " + std::to_string(limits_.void_lookups) + " questions without an answer");
  return false;
}

SpfResult Walk::check_host(const std::string& domain) {
  if (!is_askable(domain)) {
    return SpfResult::none;
  }
  SpfRecord record;
  if (const auto ended = find_record(domain, record)) {
    return *ended;
  }
  return evaluate(domain, record);
}

// Fills `record`, or answers with the result that ends the check (s4.4, s4.5).
std::optional<SpfResult> Walk::find_record(const std::string& domain, SpfRecord& record) {
  const DnsAnswer* answer = ask(domain, DnsType::txt);
  if (answer == nullptr) {
    return SpfResult::temperror;
  }
  if (answer->outcome == DnsAnswer::Outcome::failed) {
    return problem(SpfResult::temperror, "no DNS answer for TXT of " + domain);
  }
  const std::string* chosen = nullptr;
  for (const std::string& text : answer->texts) {
    if (!is_spf_record(text)) {
      continue;
    }
    if (chosen != nullptr) {
      return problem(SpfResult::permerror, "more than one SPF record at " + domain);
    }
    chosen = &text;
  }
  if (chosen == nullptr) {
    return SpfResult::none;
  }
  auto parsed = parse_spf_record(*chosen);
  if (!parsed) {
    return problem(SpfResult::permerror, domain + ": " + parsed.error().detail);
  }
  record = std::move(*parsed);
  return std::nullopt;
}

SpfResult Walk::evaluate(const std::string& domain, const SpfRecord& record) {
  for (const SpfDirective& directive : record.directives) {
    const Match found = match(domain, directive);
    if (waits()) {
      return SpfResult::temperror;
    }
    constexpr std::array<std::string_view, 4> words = {"no match", "match", "temperror",
                                                       "permerror"};
    outcome_.trail.push_back(
        {domain, directive.text, std::string(words[static_cast<std::size_t>(found)])});
    if (found == Match::no) {
      continue;
    }
    if (found != Match::yes) {
      return problem(found == Match::temperror ? SpfResult::temperror : SpfResult::permerror,
                     domain + ": " + directive.text);
    }
    const SpfResult result = result_of(directive.qualifier);
    outcome_.domain = domain;
    if (result == SpfResult::fail) {
      explain(domain, record);
    }
    return result;
  }
  return record.redirect ? follow_redirect(domain, record) : SpfResult::neutral;
}

SpfResult Walk::follow_redirect(const std::string& domain, const SpfRecord& record) {
  if (!count_lookup()) {
    return SpfResult::permerror;
  }
  const auto target = target_of(domain, *record.redirect);
  if (!target) {
    return SpfResult::temperror;
  }
  const SpfResult result = check_host(*target);
  if (waits()) {
    return SpfResult::temperror;
  }
  outcome_.trail.push_back(
      {domain, "redirect=" + *record.redirect, std::string(spf_result_name(result))});
  return result == SpfResult::none
             ? problem(SpfResult::permerror, "redirect to a domain without record: " + *target)
             : result;
}

// The domain a term is about; nothing while a name for %{p} is waited for.
std::optional<std::string> Walk::target_of(const std::string& domain,
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

Match Walk::match(const std::string& domain, const SpfDirective& directive) {
  switch (directive.mechanism) {
    case SpfMechanism::all:
      return Match::yes;
    case SpfMechanism::ip4:
    case SpfMechanism::ip6:
      return match_network(directive);
    default:
      break;
  }
  if (!count_lookup()) {
    return Match::permerror;
  }
  const auto target = target_of(domain, directive.domain);
  if (!target) {
    return Match::waits;
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

Match Walk::match_network(const SpfDirective& directive) const {
  const bool six = directive.mechanism == SpfMechanism::ip6;
  if (six == input_.client.is_v4()) {
    return Match::no;
  }
  const unsigned bits = six ? directive.bits6 : directive.bits4 + 96;
  return base::masked(input_.client, bits) == base::masked(directive.network, bits) ? Match::yes
                                                                                    : Match::no;
}

// s5.2: only a pass of the other domain is a match; its other verdicts are none of ours.
Match Walk::match_include(const std::string& target) {
  const SpfOutcome before = outcome_;
  const SpfResult result = check_host(target);
  outcome_.domain = before.domain;
  outcome_.explanation = before.explanation;
  switch (result) {
    case SpfResult::pass:
      return Match::yes;
    case SpfResult::temperror:
      return waits() ? Match::waits : Match::temperror;
    case SpfResult::permerror:
      return Match::permerror;
    case SpfResult::none:
      problem(SpfResult::permerror, "include of a domain without record: " + target);
      return Match::permerror;
    default:
      return Match::no;
  }
}

Match Walk::match_addresses(const std::string& name, const SpfDirective& directive, bool counts) {
  if (!is_askable(name)) {
    return Match::no;
  }
  const DnsAnswer* answer = ask(name, address_type());
  if (answer == nullptr) {
    return Match::waits;
  }
  if (answer->outcome == DnsAnswer::Outcome::failed) {
    return Match::temperror;
  }
  if (counts && !count_void(*answer)) {
    return Match::permerror;
  }
  const unsigned bits = input_.client.is_v4() ? directive.bits4 + 96 : directive.bits6;
  const base::IpAddress wanted = base::masked(input_.client, bits);
  return std::any_of(
             answer->addresses.begin(), answer->addresses.end(),
             [&](const base::IpAddress& address) { return base::masked(address, bits) == wanted; })
             ? Match::yes
             : Match::no;
}

Match Walk::match_mx(const std::string& target, const SpfDirective& directive) {
  if (!is_askable(target)) {
    return Match::no;
  }
  const DnsAnswer* answer = ask(target, DnsType::mx);
  if (answer == nullptr) {
    return Match::waits;
  }
  if (answer->outcome == DnsAnswer::Outcome::failed) {
    return Match::temperror;
  }
  if (!count_void(*answer)) {
    return Match::permerror;
  }
  if (answer->texts.size() > limits_.names) {
    problem(SpfResult::permerror, "more than ten MX names at " + target);
    return Match::permerror;
  }
  Match found = Match::no;
  for (const std::string& name : answer->texts) {
    const Match one = match_addresses(name, directive, false);
    if (one == Match::waits) {
      found = Match::waits;  // the other names' questions are collected in the same round
    } else if (one != Match::no && found == Match::no) {
      return one;
    }
  }
  return found;
}

// s5.5: a name of the client's PTR answer counts when it leads back to the client.
bool Walk::is_validated(const std::string& name) {
  const DnsAnswer* answer = is_askable(name) ? ask(name, address_type()) : nullptr;
  return answer != nullptr && std::find(answer->addresses.begin(), answer->addresses.end(),
                                        input_.client) != answer->addresses.end();
}

Match Walk::match_ptr(const std::string& target) {
  const DnsAnswer* answer = ask(reverse_name(input_.client), DnsType::ptr);
  if (answer == nullptr) {
    return Match::waits;
  }
  if (!count_void(*answer)) {
    return Match::permerror;
  }
  const std::size_t most = std::min(answer->texts.size(), limits_.names);
  for (std::size_t i = 0; i < most; ++i) {
    if (is_same_or_below(answer->texts[i], target) && is_validated(answer->texts[i]) && !waits()) {
      return Match::yes;
    }
  }
  return waits() ? Match::waits : Match::no;
}

// s7.3, letter p: the domain itself, else a name below it, else any; nothing while waiting.
std::optional<std::string> Walk::validated_name(const std::string& domain) {
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
Match Walk::match_exists(const std::string& target) {
  if (!is_askable(target)) {
    return Match::no;
  }
  const DnsAnswer* answer = ask(target, DnsType::a);
  if (answer == nullptr) {
    return Match::waits;
  }
  if (answer->outcome == DnsAnswer::Outcome::failed) {
    return Match::temperror;
  }
  if (!count_void(*answer)) {
    return Match::permerror;
  }
  return answer->addresses.empty() ? Match::no : Match::yes;
}

// s6.2. Whatever goes wrong here leaves the explanation empty and the result as it is.
void Walk::explain(const std::string& domain, const SpfRecord& record) {
  if (!record.exp) {
    return;
  }
  const auto target = target_of(domain, *record.exp);
  if (!target || !is_askable(*target)) {
    return;
  }
  const DnsAnswer* answer = ask(*target, DnsType::txt);
  if (answer == nullptr || answer->texts.size() != 1 ||
      !is_spf_macro_text(answer->texts.front(), SpfMacroPlace::explanation)) {
    return;
  }
  SpfMacroValues values = values_;
  values.domain = domain;
  if (uses_validated_name(answer->texts.front())) {
    values.validated = validated_name(domain).value_or("");
  }
  outcome_.explanation =
      expand_spf_macros(answer->texts.front(), values).substr(0, explanation_limit);
}

}  // namespace

std::string_view spf_result_name(SpfResult result) {
  switch (result) {
    case SpfResult::none:
      return "none";
    case SpfResult::neutral:
      return "neutral";
    case SpfResult::pass:
      return "pass";
    case SpfResult::fail:
      return "fail";
    case SpfResult::softfail:
      return "softfail";
    case SpfResult::temperror:
      return "temperror";
    case SpfResult::permerror:
      return "permerror";
  }
  return "none";
}

SpfChecked check_spf(const SpfInput& input, const DnsView& view, const SpfLimits& limits) {
  return Walk(input, view, limits).run();
}

}  // namespace auth
