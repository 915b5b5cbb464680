// policyd/action_type.hh -- obeying verdicts, only writing them down, or learning from them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Spam Locker's three action types.
#pragma once

#include <optional>
#include <string>

#include "policyd/facts.hh"
#include "policyd/verdict.hh"

namespace policy {

// An action of access(5) with its text, as a setting holds it.
struct SetAction {
  Action action = Action::dunno;
  std::string text{};
};
// "FILTER transport:nexthop", "PREPEND Name: value", "REJECT text", "452 4.2.2 text", DUNNO, HOLD,
// DISCARD ...; malformed with a hint otherwise.
base::Result<SetAction> parse_action(std::string_view text);

struct ActionOptions {
  enum class Type { policy, header, learn };
  Type type = Type::policy;
  std::string header = "X-Posthouse-Policy";
  std::optional<SetAction> spam{};
  std::optional<SetAction> ham{};
};

struct ActionSettings;
ActionOptions action_options_of(const ActionSettings& settings);
base::Result<void> check_action_settings(const ActionSettings& settings);

// Changes the verdict to what the client is told. What was said of the message before is kept in
// its facts: a header is given once, and a message that was spam to one recipient is ham to none.
void apply_action_type(const ActionOptions& options, Facts& facts, Verdict& verdict);

}  // namespace policy
