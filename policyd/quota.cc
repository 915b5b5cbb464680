// policyd/quota.cc -- the words of quota-status.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/quota.hh"

#include "base/text.hh"

namespace policy {

namespace {

constexpr std::size_t answer_limit = 4096;
constexpr std::string_view answer_end = "\n\n";
constexpr std::string_view answer_head = "action=";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_refusal_code(std::string_view word) {
  return word.size() == 3 && (word[0] == '4' || word[0] == '5') && is_digit(word[1]) &&
         is_digit(word[2]);
}

bool is_mailbox_full(std::string_view word) {
  return word == "4.2.2" || word == "5.2.2";
}

Quota quota_of(std::string_view action) {
  const auto words = base::split_words(action);
  if (words.empty()) {
    return Quota::unknown;
  }
  if (base::iequals(words[0], "DUNNO") || base::iequals(words[0], "OK")) {
    return Quota::room;
  }
  const bool has_code = is_refusal_code(words[0]);
  const bool has_status = words.size() > 1 && words[1].size() == 5 && words[1][1] == '.';
  if (words.size() > 1 && is_mailbox_full(words[1])) {
    return Quota::full;
  }
  // A code with some other status, say "550 5.1.1", speaks of something else.
  return has_code && !has_status ? Quota::full : Quota::unknown;
}

}  // namespace

std::string quota_request(const QuotaQuestion& question) {
  return "request=smtpd_access_policy\nprotocol_state=RCPT\nprotocol_name=ESMTP\nrecipient=" +
         question.mailbox + "\nsize=" + std::to_string(question.size) + "\n\n";
}

base::Result<std::optional<QuotaAnswer>> read_quota_answer(std::string_view bytes) {
  const std::size_t end = bytes.find(answer_end);
  if (end == std::string_view::npos) {
    if (bytes.size() > answer_limit) {
      return base::make_error(base::Errc::malformed, "quota-status answers without an end");
    }
    return std::optional<QuotaAnswer>();
  }
  const std::string_view action = bytes.substr(0, end);
  if (!action.starts_with(answer_head) || action.find('\n') != std::string_view::npos) {
    return base::make_error(
        base::Errc::malformed,
        "quota-status answers " + base::printable(action, 80) + " instead of an action");
  }
  const std::string_view text = base::trim(action.substr(answer_head.size()));
  return std::optional(QuotaAnswer{quota_of(text), text, end + answer_end.size()});
}

}  // namespace policy
