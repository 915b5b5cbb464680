// policyd/checks/greylist_standing.cc -- the reasons to spare mail the wait, cheap ones first.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist_standing.hh"

#include "base/text.hh"

namespace policy {

namespace {

bool is_below(std::string_view name, std::string_view domain) {
  return name == domain || (name.size() > domain.size() && name.ends_with(domain) &&
                            name[name.size() - domain.size() - 1] == '.');
}

}  // namespace

GreylistStanding::Answer GreylistStanding::of(const GreylistSubject& subject,
                                              const Inquiry& inquiry) {
  Standing standing;
  if (auto asked = ask_correspondents(subject, inquiry, standing); !asked) {
    return asked.error();
  }
  Waits waits;
  if (!standing.bypass && !ask_user(subject, inquiry, standing, waits)) {
    return waits;
  }
  if (!standing.bypass) {
    standing.pool = pool_of(inquiry);
  }
  if (!standing.pool.empty()) {
    inquiry.note([&] { return "the client belongs to the pool " + standing.pool; });
  }
  return standing;
}

base::Result<void> GreylistStanding::ask_correspondents(const GreylistSubject& subject,
                                                        const Inquiry& inquiry,
                                                        Standing& standing) {
  if (subject.sender.empty() || subject.recipient.empty()) {
    return {};
  }
  const auto knows = correspondents_.knows(subject.recipient, subject.sender,
                                           seconds_of(inquiry.now), options_.correspondents);
  if (!knows) {
    return knows.error();
  }
  inquiry.note([&] {
    return *knows ? "our user wrote to this sender before"
                  : "no mail of our user to this sender is known";
  });
  if (*knows) {
    standing.bypass = Bypass::correspondent;
    standing.reason = "a reply: our user wrote to " + subject.sender + " before";
  }
  return {};
}

// The user's switch; false when the directory must be asked first. While it cannot tell, the
// switch is as it is for most: on.
bool GreylistStanding::ask_user(const GreylistSubject& subject, const Inquiry& inquiry,
                                Standing& standing, Waits& waits) const {
  if (!options_.user_switch || subject.recipient.empty()) {
    return true;
  }
  const Account* account = inquiry.facts.account(subject.recipient);
  if (account == nullptr) {
    waits.accounts.push_back(subject.recipient);
    return false;
  }
  const std::string* mailbox = account->only_mailbox();
  if (mailbox != nullptr && !account->wants_greylist) {
    standing.bypass = Bypass::user;
    standing.reason = *mailbox + " wants no greylist";
  }
  return true;
}

std::string GreylistStanding::pool_of(const Inquiry& inquiry) const {
  if (options_.name_pools.empty()) {
    return {};
  }
  const std::string name = base::to_lower(inquiry.request[Attribute::client_name]);
  for (const std::string& domain : options_.name_pools) {
    if (is_below(name, domain)) {
      return "name:" + domain;
    }
  }
  return {};
}

base::Result<bool> GreylistStanding::learn(const Inquiry& inquiry) {
  const Request& request = inquiry.request;
  const std::string_view state = request[Attribute::protocol_state];
  // At its end a message has a recipient when it is the only one.
  if (options_.correspondents.mode == Correspondence::none ||
      (state != "RCPT" && state != "END-OF-MESSAGE") || request[Attribute::sender].empty() ||
      request[Attribute::recipient].empty() || inquiry.is_rehearsal()) {
    return false;
  }
  return correspondents_.learn(base::to_lower(request[Attribute::sender]),
                               base::to_lower(request[Attribute::recipient]),
                               seconds_of(inquiry.now), options_.correspondents);
}

}  // namespace policy
