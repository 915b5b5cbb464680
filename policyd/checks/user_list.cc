// policyd/checks/user_list.cc -- asking the lists of the one mailbox behind a recipient.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/user_list.hh"

#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/checks/list_settings.hh"
#include "policyd/checks/user_list_settings.hh"
#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_white("policyd_user_list_white_requests",
                          "Requests that the whitelist of a user or a domain names.");
base::Counter count_black("policyd_user_list_black_requests",
                          "Requests that the blacklist of a user or a domain names.");
base::Counter count_unknown("policyd_user_list_unknown_requests",
                            "Requests whose recipient's lists the directory could not tell.");

}  // namespace

UserListOptions user_list_options_of(const UserListSettings& settings, const ListSettings& lists) {
  return {.enabled = settings.user_lists,
          .accept_white = lists.list_white_action == "ok",
          .defer_on_error = settings.user_lists_on_error == "defer",
          .black_text = settings.user_lists_text};
}

std::optional<Verdict> UserListCheck::judge(const OwnedLists& owned, const ListQuery& query,
                                            const Inquiry& inquiry) const {
  if (const auto white = owned.lists.find_white(query); white) {
    if (!inquiry.is_rehearsal()) {
      count_white.add();
    }
    return Verdict{.action = options_.accept_white ? Action::ok : Action::dunno,
                   .event = &event::user_list_accept,
                   .reason = owned.reason_of(*white)};
  }
  if (const auto black = owned.lists.find_black(query); black) {
    if (!inquiry.is_rehearsal()) {
      count_black.add();
    }
    return Verdict{.action = Action::reject,
                   .text = options_.black_text,
                   .event = &event::user_list_reject,
                   .reason = owned.reason_of(*black)};
  }
  return std::nullopt;
}

Answer UserListCheck::ask(const Inquiry& inquiry) {
  const Request& request = inquiry.request;
  if (!options_.enabled || request[Attribute::protocol_state] != "RCPT" ||
      request[Attribute::recipient].empty() || !request[Attribute::sasl_username].empty()) {
    inquiry.note([] { return "does not apply to this request"; });
    return NoOpinion{};
  }
  std::string recipient = base::to_lower(request[Attribute::recipient]);
  const Account* account = inquiry.facts.account(recipient);
  if (account == nullptr) {
    Waits waits;
    waits.accounts.push_back(std::move(recipient));
    return waits;
  }
  if (account->state == Account::State::unknown) {
    inquiry.note([] { return "the directory cannot tell now"; });
    if (!inquiry.is_rehearsal()) {
      count_unknown.add();
    }
    if (options_.defer_on_error) {
      return Verdict{.action = Action::defer_if_permit,
                     .text = "4.3.0 Try again later",
                     .event = &event::user_list_unknown,
                     .reason = "the directory cannot tell the lists of " + recipient};
    }
    return NoOpinion{};
  }
  const std::string* mailbox = account->only_mailbox();
  if (mailbox == nullptr) {
    inquiry.note([] { return "not one mailbox of ours: no list of a user counts"; });
    return NoOpinion{};
  }
  inquiry.note([mailbox] { return "the lists of " + *mailbox + " and of its domain"; });
  const ListQuery query = list_query_of(request, inquiry.facts.client);
  for (const auto& owned : {account->lists, account->domain_lists}) {
    if (owned != nullptr) {
      if (auto verdict = judge(*owned, query, inquiry); verdict) {
        return std::move(*verdict);
      }
    }
  }
  return NoOpinion{};
}

}  // namespace policy
