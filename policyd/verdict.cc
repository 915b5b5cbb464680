// policyd/verdict.cc -- the answer line of a verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/verdict.hh"

namespace policy {

namespace {

// An SMTP reply line holds 512 bytes (RFC 5321 s4.5.3.1.5); Postfix adds its own words.
constexpr std::size_t text_limit = 400;

}  // namespace

std::string_view action_word(Action action) {
  switch (action) {
    case Action::dunno:
      return "dunno";
    case Action::ok:
      return "ok";
    case Action::defer_if_permit:
      return "defer_if_permit";
    case Action::reject:
      return "reject";
  }
  return "dunno";
}

std::string answer_line(const Verdict& verdict) {
  std::string line = "action=";
  line += action_word(verdict.action);
  if (!verdict.text.empty()) {
    line += ' ';
    for (const char c : std::string_view(verdict.text).substr(0, text_limit)) {
      const auto byte = static_cast<unsigned char>(c);
      line += byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
  }
  line += "\n\n";
  return line;
}

}  // namespace policy
