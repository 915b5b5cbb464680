// policyd/checks/trap.cc -- hits of traps, and the standing of clients.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/trap.hh"

#include "base/files.hh"
#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/checks/trap_settings.hh"
#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_hits("policyd_trap_hits", "Recipients that were a spamtrap.");
base::Counter count_refused("policyd_trap_refused_requests",
                            "Requests of clients refused because of their hits.");
base::Counter count_suspects("policyd_trap_suspect_requests",
                             "Requests of clients that no exception is made for.");
base::Counter count_unsure("policyd_trap_unsure_requests",
                           "Requests asked without the state file: nobody is known.");

// Setting and file in one text of a list.
base::Result<std::string> list_text(const TrapSettings& settings) {
  std::string text = base::join(settings.trap_addresses, "\n") + "\n";
  if (!settings.trap_file.empty()) {
    const auto file = base::read_file(settings.trap_file);
    if (!file) {
      return file.error();
    }
    text += *file;
  }
  return text;
}

}  // namespace

TrapOptions trap_options_of(const TrapSettings& settings) {
  const auto text = list_text(settings);
  return {.enabled = settings.trap,
          .addresses = mail::AccessList::parse(mail::ListKind::addresses, text.value_or("")).list,
          .with_null_sender = settings.trap_null_sender,
          .answer = settings.trap_answer == "accept"    ? TrapAnswer::accept
                    : settings.trap_answer == "discard" ? TrapAnswer::discard
                                                        : TrapAnswer::reject,
          .answer_text = settings.trap_answer_text,
          .lifetime = static_cast<Seconds>(
              std::chrono::ceil<std::chrono::seconds>(settings.trap_lifetime).count()),
          .client_score = static_cast<std::uint32_t>(settings.trap_client_score),
          .network_score = static_cast<std::uint32_t>(settings.trap_network_score),
          .refuse_at = static_cast<std::uint32_t>(settings.trap_refuse_at),
          .suspect_at = static_cast<std::uint32_t>(settings.trap_suspect_at),
          .text = settings.trap_text};
}

base::Result<void> check_trap_settings(const TrapSettings& settings) {
  const auto text = list_text(settings);
  if (!text) {
    return base::make_error(text.error().code, "trap_file: " + text.error().detail,
                            text.error().hint);
  }
  const auto parsed = mail::AccessList::parse(mail::ListKind::addresses, *text);
  if (parsed.problems.empty()) {
    return {};
  }
  const base::SettingProblem& first = parsed.problems.front();
  const std::size_t inline_lines = settings.trap_addresses.size();
  const std::string where =
      first.line <= inline_lines
          ? "trap_addresses"
          : settings.trap_file + ":" +
                std::to_string(first.line - std::max<std::size_t>(inline_lines, 1));
  return base::make_error(base::Errc::malformed, where + ": " + first.text, first.hint);
}

Verdict TrapCheck::answer_of_trap(const std::string& recipient) const {
  Verdict verdict{.event = &event::trap_hit, .reason = recipient + " is a spamtrap"};
  switch (options_.answer) {
    case TrapAnswer::reject:
      verdict.action = Action::reject;
      verdict.text = options_.answer_text;
      break;
    case TrapAnswer::discard:
      verdict.action = Action::discard;
      break;
    case TrapAnswer::accept:
      break;
  }
  verdict.is_spam = true;
  return verdict;
}

Answer TrapCheck::ask_trap(const Inquiry& inquiry, const base::IpAddress& client) {
  const std::string recipient = base::to_lower(inquiry.request[Attribute::recipient]);
  if (inquiry.request[Attribute::sender].empty() && !options_.with_null_sender) {
    inquiry.note([&] { return recipient + " is a spamtrap, but the null sender is not counted"; });
    return NoOpinion{};
  }
  if (!inquiry.is_rehearsal()) {
    count_hits.add();
    if (!book_.hit(client, seconds_of(inquiry.now), options_.lifetime)) {
      count_unsure.add();
    }
  }
  return answer_of_trap(recipient);
}

Answer TrapCheck::ask_standing(const Inquiry& inquiry, const base::IpAddress& client) {
  const auto standing = book_.standing(client, seconds_of(inquiry.now));
  if (!standing) {
    inquiry.note([&] { return standing.error().text(); });
    if (!inquiry.is_rehearsal()) {
      count_unsure.add();
    }
    return NoOpinion{};
  }
  const std::uint64_t score = std::uint64_t{standing->client_hits} * options_.client_score +
                              std::uint64_t{standing->network_hits} * options_.network_score;
  const auto told = [&] {
    return std::to_string(standing->client_hits) + " hits of " + client.text() + " and " +
           std::to_string(standing->network_hits) + " of " + trap_network(client) + " score " +
           std::to_string(score);
  };
  inquiry.note(told);
  if (options_.refuse_at > 0 && score >= options_.refuse_at) {
    if (!inquiry.is_rehearsal()) {
      count_refused.add();
    }
    return Verdict{.action = Action::reject,
                   .text = options_.text,
                   .event = &event::trap_refuse,
                   .reason = told()};
  }
  if (options_.suspect_at > 0 && score >= options_.suspect_at) {
    inquiry.facts.is_suspect = true;
    if (!inquiry.is_rehearsal()) {
      count_suspects.add();
    }
  }
  return NoOpinion{};
}

Answer TrapCheck::ask(const Inquiry& inquiry) {
  const Request& request = inquiry.request;
  if (!options_.enabled || request[Attribute::protocol_state] != "RCPT" ||
      !request[Attribute::sasl_username].empty() || !inquiry.facts.client) {
    inquiry.note([] { return "does not apply to this request"; });
    return NoOpinion{};
  }
  const bool is_trap =
      options_.addresses.size() > 0 &&
      options_.addresses.find_address(base::to_lower(request[Attribute::recipient])).has_value();
  return is_trap ? ask_trap(inquiry, *inquiry.facts.client)
                 : ask_standing(inquiry, *inquiry.facts.client);
}

}  // namespace policy
