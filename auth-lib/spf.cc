// auth-lib/spf.cc -- check_host() of RFC 7208 s4: records, redirect, explanation.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "auth-lib/spf.hh"

#include <algorithm>
#include <array>

#include "base/text.hh"

#include "auth-lib/spf_walk.hh"

namespace auth {

namespace {

constexpr std::size_t label_limit = 63;  // RFC 1035 s2.3.4
constexpr std::size_t name_limit = 253;
constexpr std::size_t explanation_limit = 500;  // more does not fit an SMTP reply

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

}  // namespace

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

SpfWalk::SpfWalk(const SpfInput& input, const DnsView& view, const SpfLimits& limits)
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

SpfChecked SpfWalk::run() {
  const std::string domain = values_.sender.substr(values_.sender.rfind('@') + 1);
  outcome_.result = check_host(domain);
  return {std::move(outcome_), std::move(questions_)};
}

const DnsAnswer* SpfWalk::ask(std::string_view name, DnsType type) {
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

SpfResult SpfWalk::problem(SpfResult result, std::string text) {
  if (outcome_.problem.empty()) {
    outcome_.problem = std::move(text);
  }
  return result;
}

SpfResult SpfWalk::check_host(const std::string& domain) {
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
std::optional<SpfResult> SpfWalk::find_record(const std::string& domain, SpfRecord& record) {
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

SpfResult SpfWalk::evaluate(const std::string& domain, const SpfRecord& record) {
  for (const SpfDirective& directive : record.directives) {
    const SpfMatch found = match(domain, directive);
    if (waits()) {
      return SpfResult::temperror;
    }
    constexpr std::array<std::string_view, 4> words = {"no match", "match", "temperror",
                                                       "permerror"};
    outcome_.trail.push_back(
        {domain, directive.text, std::string(words[static_cast<std::size_t>(found)])});
    if (found == SpfMatch::no) {
      continue;
    }
    if (found != SpfMatch::yes) {
      return problem(found == SpfMatch::temperror ? SpfResult::temperror : SpfResult::permerror,
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

SpfResult SpfWalk::follow_redirect(const std::string& domain, const SpfRecord& record) {
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

// s6.2. Whatever goes wrong here leaves the explanation empty and the result as it is.
void SpfWalk::explain(const std::string& domain, const SpfRecord& record) {
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
  return SpfWalk(input, view, limits).run();
}

}  // namespace auth
