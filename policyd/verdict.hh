// policyd/verdict.hh -- what a check decides, and the line that tells Postfix.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

#include "base/log.hh"

namespace policy {

// Results of access(5) that we use.
enum class Action {
  dunno,            // no objection: Postfix goes on with its next restriction
  ok,               // accept now: Postfix skips the rest of this restriction list
  defer_if_permit,  // try again later, unless another restriction rejects for good
  reject,           // refuse for good
};

// The word of access(5), as in "action=defer_if_permit".
std::string_view action_word(Action action);

struct Verdict {
  Action action = Action::dunno;
  std::string text{};                  // what the client is told; may be empty
  const base::Event* event = nullptr;  // the log line of this verdict; none without an opinion
  std::string reason{};                // why, for the log and `explain`; never sent to the client
};

// "action=WORD[ TEXT]\n\n". Control bytes of the text become blanks and it is cut at 400 bytes, so
// that no text can add a second line to the answer or overflow an SMTP reply.
std::string answer_line(const Verdict& verdict);

}  // namespace policy
