// policyd/verdict.cc -- the answer line of a verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/verdict.hh"

#include <array>

namespace policy {

namespace {

// An SMTP reply line holds 512 bytes (RFC 5321 s4.5.3.1.5); Postfix adds its own words.
constexpr std::size_t text_limit = 400;

constexpr std::array<std::string_view, action_count> action_words{
    "dunno", "ok",      "defer_if_permit", "defer", "reject",
    "code",  "prepend", "filter",          "hold",  "discard",
};

}  // namespace

std::string_view action_word(Action action) {
  return action_words[static_cast<std::size_t>(action)];
}

std::optional<Action> action_of(std::string_view word) {
  for (std::size_t i = 0; i < action_count; ++i) {
    if (action_words[i] == word) {
      return static_cast<Action>(i);
    }
  }
  return std::nullopt;
}

base::Result<void> check_reply_text(std::string_view setting, std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() < 5 || (text[0] != '4' && text[0] != '5') || !is_digit(text[1]) ||
      !is_digit(text[2]) || text[3] != ' ') {
    return base::make_error(base::Errc::malformed,
                            std::string(setting) + ": does not begin with a reply code",
                            "write a code that begins with 4 or 5, an enhanced status code and a "
                            "text, such as 452 4.2.2 Mailbox is full");
  }
  return {};
}

std::string answer_line(const Verdict& verdict) {
  std::string line = "action=";
  if (verdict.action != Action::code) {
    line += action_word(verdict.action);
  }
  if (!verdict.text.empty()) {
    if (verdict.action != Action::code) {
      line += ' ';
    }
    for (const char c : std::string_view(verdict.text).substr(0, text_limit)) {
      const auto byte = static_cast<unsigned char>(c);
      line += byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
  }
  line += "\n\n";
  return line;
}

}  // namespace policy
