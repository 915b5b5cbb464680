// policyd/checks/quota.cc -- from a recipient to its mailboxes, and from their room to a verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/quota.hh"

#include "base/loop/listener.hh"
#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/checks/quota_settings.hh"
#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_full("policyd_quota_full_requests",
                         "Requests refused because every mailbox was full.");
base::Counter count_unknown("policyd_quota_unknown_requests",
                            "Requests let in because the quota could not be found out in time.");

// A list with more mailboxes than this hardly has them all full.
constexpr std::size_t mailboxes_at_most = 10;

bool applies_to(const Request& request) {
  const std::string_view state = request[Attribute::protocol_state];
  return (state == "RCPT" || state == "END-OF-MESSAGE") && !request[Attribute::recipient].empty();
}

Answer unknown(const Inquiry& inquiry, std::string_view why) {
  inquiry.note([why] { return std::string(why); });
  if (!inquiry.is_rehearsal()) {
    count_unknown.add();
  }
  return NoOpinion{};
}

}  // namespace

QuotaOptions quota_options_of(const QuotaSettings& settings) {
  return {.enabled = !settings.quota_status.empty(), .text = settings.quota_text};
}

base::Result<void> check_quota_settings(const QuotaSettings& settings) {
  if (!settings.quota_status.empty()) {
    if (const auto address = loop::Address::parse(settings.quota_status); !address) {
      return base::make_error(base::Errc::malformed, "quota_status: " + address.error().detail,
                              address.error().hint);
    }
  }
  return check_reply_text("quota_text", settings.quota_text);
}

Answer QuotaCheck::ask(const Inquiry& inquiry) {
  if (!options_.enabled || !applies_to(inquiry.request)) {
    inquiry.note([] { return "does not apply to this request"; });
    return NoOpinion{};
  }
  const std::string recipient = base::to_lower(inquiry.request[Attribute::recipient]);
  const Account* account = inquiry.facts.account(recipient);
  if (account == nullptr) {
    return Waits{.accounts = {recipient}};
  }
  if (account->state == Account::State::unknown) {
    return unknown(inquiry, "the directory cannot tell whose the recipient is");
  }
  if (account->mailboxes.empty() || account->leaves ||
      account->mailboxes.size() > mailboxes_at_most) {
    inquiry.note([] { return "not for mailboxes of ours alone, or for many"; });
    return NoOpinion{};
  }
  const auto size = base::parse_number<std::uint64_t>(inquiry.request[Attribute::size]).value_or(0);
  Waits waits;
  std::size_t full = 0;
  for (const std::string& mailbox : account->mailboxes) {
    const QuotaQuestion question{mailbox, size};
    const auto known = inquiry.facts.quotas.find(question);
    if (known == inquiry.facts.quotas.end()) {
      waits.quotas.push_back(question);
    } else if (known->second == Quota::room) {
      inquiry.note([&mailbox] { return mailbox + " has room"; });
      return NoOpinion{};
    } else {
      full += known->second == Quota::full ? 1 : 0;
    }
  }
  if (!waits.empty()) {
    return waits;
  }
  if (full < account->mailboxes.size()) {
    return unknown(inquiry, "quota-status cannot tell");
  }
  if (!inquiry.is_rehearsal()) {
    count_full.add();
  }
  return Verdict{.action = Action::code,
                 .text = options_.text,
                 .event = &event::quota_refuse,
                 .reason = full == 1 ? account->mailboxes[0] + " is full"
                                     : "all " + std::to_string(full) + " mailboxes are full"};
}

}  // namespace policy
