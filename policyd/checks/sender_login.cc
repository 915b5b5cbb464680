// policyd/checks/sender_login.cc -- comparing the sender's owners with the login.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/sender_login.hh"

#include <algorithm>

#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/checks/sender_login_settings.hh"
#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_logins("policyd_sender_login_refused_requests",
                           "Requests whose sender is not the login's.", "who=\"login\"");
base::Counter count_strangers("policyd_sender_login_refused_requests",
                              "Requests whose sender is not the login's.", "who=\"stranger\"");
base::Counter count_unsure("policyd_sender_login_unsure_requests",
                           "Requests decided by sender_login_on_error.");

std::string_view domain_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

}  // namespace

SenderLoginOptions sender_login_options_of(const SenderLoginSettings& settings) {
  using Options = SenderLoginOptions;
  return {.enabled = settings.sender_login,
          .more = settings.sender_login_catch_all == "none"     ? Options::More::none
                  : settings.sender_login_catch_all == "domain" ? Options::More::domain
                                                                : Options::More::catch_all,
          .allow_foreign = settings.sender_login_foreign == "allow",
          .strangers = settings.sender_login_strangers == "users"     ? Options::Strangers::users
                       : settings.sender_login_strangers == "domains" ? Options::Strangers::domains
                                                                      : Options::Strangers::allow,
          .text = settings.sender_login_text,
          .defer_on_error = settings.sender_login_on_error == "defer"};
}

base::Result<void> check_sender_login_settings(const SenderLoginSettings& settings) {
  return check_reply_text("sender_login_text", settings.sender_login_text);
}

bool SenderLogin::applies_to(const Request& request) const {
  const std::string_view state = request[Attribute::protocol_state];
  const bool has_login = !request[Attribute::sasl_username].empty();
  const bool is_wanted =
      has_login ? options_.enabled : options_.strangers != SenderLoginOptions::Strangers::allow;
  return is_wanted && !request[Attribute::sender].empty() &&
         (state == "MAIL" || state == "RCPT" || state == "DATA" || state == "END-OF-MESSAGE");
}

std::string SenderLogin::objection_to_login(std::string_view login, const Account& account,
                                            std::string_view sender) const {
  using More = SenderLoginOptions::More;
  const bool is_same_domain = !domain_of(login).empty() && domain_of(login) == domain_of(sender);
  if (login == sender || (options_.more == More::domain && is_same_domain)) {
    return {};
  }
  if (!account.is_ours()) {
    return options_.allow_foreign ? "" : "no address of ours";
  }
  if (std::find(account.mailboxes.begin(), account.mailboxes.end(), login) ==
      account.mailboxes.end()) {
    return account.state == Account::State::nobody ? "nobody has it" : "it belongs to others";
  }
  return account.is_catch_all && options_.more == More::none ? "it is the catch-all's" : "";
}

std::string SenderLogin::objection(const Request& request, const Account& account,
                                   std::string_view sender) const {
  const std::string login = base::to_lower(request[Attribute::sasl_username]);
  if (!login.empty()) {
    return objection_to_login(login, account, sender);
  }
  const bool is_somebody = account.state == Account::State::found && !account.is_catch_all;
  const bool is_refused = options_.strangers == SenderLoginOptions::Strangers::domains
                              ? account.is_ours()
                              : is_somebody;
  return is_refused ? "it is ours, and the client has not logged in" : "";
}

Answer SenderLogin::ask(const Inquiry& inquiry) {
  const Request& request = inquiry.request;
  if (!applies_to(request)) {
    inquiry.note([] { return "does not apply to this request"; });
    return NoOpinion{};
  }
  const std::string sender = base::to_lower(request[Attribute::sender]);
  const Account* account = inquiry.facts.account(sender);
  if (account == nullptr) {
    return Waits{.accounts = {sender}};
  }
  if (account->state == Account::State::unknown) {
    inquiry.note([] { return "the directory cannot tell whose the sender is"; });
    if (!inquiry.is_rehearsal()) {
      count_unsure.add();
    }
    return options_.defer_on_error
               ? Answer(Verdict{.action = Action::defer_if_permit,
                                .text = "4.3.0 Try again later",
                                .event = &event::sender_login_refuse,
                                .reason = "the directory cannot tell whose the sender is"})
               : Answer(NoOpinion{});
  }
  const std::string why = objection(request, *account, sender);
  if (why.empty()) {
    inquiry.note([] { return "the sender may be used"; });
    return NoOpinion{};
  }
  const std::string_view login = request[Attribute::sasl_username];
  if (!inquiry.is_rehearsal()) {
    (login.empty() ? count_strangers : count_logins).add();
  }
  return Verdict{
      .action = Action::code,
      .text = options_.text,
      .event = &event::sender_login_refuse,
      .reason = (login.empty() ? std::string() : "login " + std::string(login) + ": ") + why};
}

}  // namespace policy
