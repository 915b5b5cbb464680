// policyd/verdict.hh -- what a check decides, and the line that tells Postfix.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/log.hh"
#include "base/result.hh"

namespace policy {

// Results of access(5) that we use. The order is that of action_words in verdict.cc.
enum class Action {
  dunno,            // no objection: Postfix goes on with its next restriction
  ok,               // accept now: Postfix skips the rest of this restriction list
  defer_if_permit,  // try again later, unless another restriction rejects for good
  defer,            // try again later
  reject,           // refuse for good
  code,             // refuse with the three digits that `text` begins with: "452 4.2.2 ..."
  prepend,          // no objection; `text` becomes a header of the message
  filter,           // no objection; `text` is the transport and destination that gets the message
  hold,             // accept into the hold queue
  discard,          // accept and throw away
};
inline constexpr std::size_t action_count = 10;

// The word of access(5), as in "action=defer_if_permit"; "code" for Action::code.
std::string_view action_word(Action action);
// The action of that word, if there is one.
std::optional<Action> action_of(std::string_view word);

struct Verdict {
  Action action = Action::dunno;
  std::string text{};                  // what the client is told; may be empty
  const base::Event* event = nullptr;  // the log line of this verdict; none without an opinion
  std::string reason{};                // why, for the log and `explain`; never sent to the client
  std::string_view check{};            // whose verdict it is; the chain fills it in
  bool is_spam = false;                // also where the client is not refused

  // The client is told no, for now or for good.
  bool is_refusal() const {
    return action == Action::defer_if_permit || action == Action::defer ||
           action == Action::reject || action == Action::code;
  }
};

// malformed unless a setting's value can be the text of Action::code: "452 4.2.2 ...".
base::Result<void> check_reply_text(std::string_view setting, std::string_view text);

// "action=WORD[ TEXT]\n\n". Control bytes of the text become blanks and it is cut at 400 bytes, so
// that no text can add a second line to the answer or overflow an SMTP reply.
std::string answer_line(const Verdict& verdict);

}  // namespace policy
