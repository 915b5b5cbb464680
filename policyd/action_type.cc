// policyd/action_type.cc -- from what a check says to what Postfix is told.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/action_type.hh"

#include <algorithm>
#include <array>

#include "base/text.hh"

#include "policyd/action_settings.hh"

namespace policy {

namespace {

// Their refusals do not say that a mail is spam.
constexpr std::array<std::string_view, 4> other_judges{"sender_login", "rate", "quota", "greylist"};

// Who is told to come back is not judged yet: a DNS that failed must train no filter.
bool is_final(const Verdict& verdict) {
  return verdict.action == Action::reject ||
         (verdict.action == Action::code && verdict.text.starts_with('5'));
}

bool is_spam(const Verdict& verdict) {
  return verdict.is_spam ||
         (is_final(verdict) &&
          std::find(other_judges.begin(), other_judges.end(), verdict.check) == other_judges.end());
}

bool is_code(std::string_view word) {
  return word.size() == 3 && (word[0] == '4' || word[0] == '5') && word[1] >= '0' &&
         word[1] <= '9' && word[2] >= '0' && word[2] <= '9';
}

void mark(const ActionOptions& options, Facts& facts, Verdict& verdict) {
  if (!verdict.is_refusal()) {
    return;
  }
  std::string text = options.header + ": blocked by " + std::string(verdict.check);
  const bool is_given = facts.given_header == text;
  verdict.action = is_given ? Action::dunno : Action::prepend;
  verdict.text = is_given ? std::string() : text;
  facts.given_header = std::move(text);
}

void learn(const ActionOptions& options, Facts& facts, Verdict& verdict) {
  const auto obey = [&verdict](const SetAction& set) {
    verdict.action = set.action;
    verdict.text = set.text;
  };
  if (is_spam(verdict)) {
    facts.is_spam = true;
    if (options.spam) {
      obey(*options.spam);
    }
    return;
  }
  const bool is_accepted = verdict.action == Action::dunno || verdict.action == Action::ok;
  if (is_accepted && options.ham && !facts.is_spam) {
    obey(*options.ham);
  }
}

}  // namespace

base::Result<SetAction> parse_action(std::string_view text) {
  constexpr std::string_view hint =
      "write an action of access(5), such as FILTER retrain:spam, DISCARD or DUNNO";
  text = base::trim(text);
  const std::size_t space = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, space);
  const std::string rest(base::trim(text.substr(space)));
  const auto wrong = [&](std::string_view what) {
    return base::make_error(base::Errc::malformed,
                            "\"" + base::printable(text, 60) + "\": " + std::string(what),
                            std::string(hint));
  };
  if (is_code(word)) {
    return SetAction{Action::code, std::string(text)};
  }
  const auto action = action_of(base::to_lower(word));
  if (!action || *action == Action::code) {
    return wrong("no such action");
  }
  const bool needs_colon = *action == Action::filter || *action == Action::prepend;
  if (needs_colon && rest.find(':') == std::string::npos) {
    return wrong(*action == Action::filter ? "no transport:nexthop" : "no Name: value");
  }
  return SetAction{*action, rest};
}

ActionOptions action_options_of(const ActionSettings& settings) {
  using Type = ActionOptions::Type;
  ActionOptions options{.type = settings.action_type == "header"  ? Type::header
                                : settings.action_type == "learn" ? Type::learn
                                                                  : Type::policy,
                        .header = settings.action_header};
  for (const auto& [text, to] : {std::pair(&settings.action_spam, &options.spam),
                                 std::pair(&settings.action_ham, &options.ham)}) {
    if (auto action = parse_action(*text); !text->empty() && action) {
      *to = std::move(*action);
    }
  }
  return options;
}

base::Result<void> check_action_settings(const ActionSettings& settings) {
  for (const auto& [name, text] : {std::pair("action_spam", &settings.action_spam),
                                   std::pair("action_ham", &settings.action_ham)}) {
    if (const auto action = parse_action(*text); !text->empty() && !action) {
      return base::make_error(base::Errc::malformed,
                              std::string(name) + ": " + action.error().detail,
                              action.error().hint);
    }
  }
  const bool is_name = !settings.action_header.empty() &&
                       settings.action_header.find_first_of(": \t") == std::string::npos;
  if (!is_name) {
    return base::make_error(base::Errc::malformed, "action_header: not the name of a header",
                            "write a name without colon, such as X-Posthouse-Policy");
  }
  return {};
}

void apply_action_type(const ActionOptions& options, Facts& facts, Verdict& verdict) {
  switch (options.type) {
    case ActionOptions::Type::policy:
      return;
    case ActionOptions::Type::header:
      return mark(options, facts, verdict);
    case ActionOptions::Type::learn:
      return learn(options, facts, verdict);
  }
}

}  // namespace policy
