// policyd/engine.cc -- settings to options, requests to verdicts, verdicts to log and counters.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/engine.hh"

#include <array>

#include "base/metrics.hh"

namespace policy {

namespace {

constexpr std::string_view answers_name = "policyd_answers";
constexpr std::string_view answers_help = "Requests answered, by action.";
std::array<base::Counter, 4> count_answers{{
    base::Counter{answers_name, answers_help, "action=\"dunno\""},
    base::Counter{answers_name, answers_help, "action=\"ok\""},
    base::Counter{answers_name, answers_help, "action=\"defer_if_permit\""},
    base::Counter{answers_name, answers_help, "action=\"reject\""},
}};

// Up to a whole second: a shorter time must not become none.
Seconds whole_seconds(base::Duration duration) {
  return static_cast<Seconds>(std::chrono::ceil<std::chrono::seconds>(duration).count());
}

NullSender null_sender_of(std::string_view word) {
  if (word == "rcpt") {
    return NullSender::rcpt;
  }
  return word == "never" ? NullSender::never : NullSender::end_of_message;
}

}  // namespace

Engine::Engine(const Settings& settings, Store& store, const base::Clock& clock, base::Log& log)
    : clock_(clock), log_(log) {
  apply(settings);
  chain_.append(std::make_unique<ListCheck>(list_options_, lists_));
  chain_.append(std::make_unique<Greylist>(greylist_, store, log));
}

void Engine::apply(const Settings& settings) {
  list_options_ = {.accept_white = settings.list_white_action == "ok",
                   .black_text = settings.list_black_text};
  greylist_ = {
      .enabled = settings.greylist,
      .rules = {.delay = whole_seconds(settings.greylist_delay),
                .retry_window = whole_seconds(settings.greylist_retry_window),
                .lifetime = whole_seconds(settings.greylist_lifetime),
                .auto_whitelist_after =
                    static_cast<std::uint32_t>(settings.greylist_auto_whitelist),
                .auto_whitelist_lifetime =
                    whole_seconds(settings.greylist_auto_whitelist_lifetime)},
      .ipv4_prefix = static_cast<unsigned>(settings.greylist_ipv4_prefix),
      .ipv6_prefix = static_cast<unsigned>(settings.greylist_ipv6_prefix),
      .null_sender = null_sender_of(settings.greylist_null_sender),
      .defer_on_error = settings.greylist_on_error == "defer",
      .text = settings.greylist_text,
  };
}

std::optional<Verdict> Engine::proceed(Chain::Run& run, const Request& request, Facts& facts) {
  auto verdict = chain_.proceed(run, {request, facts, clock_.now()});
  if (verdict) {
    count_answers[static_cast<std::size_t>(verdict->action)].add();
    report(request, *verdict);
  }
  return verdict;
}

void Engine::report(const Request& request, const Verdict& verdict) {
  if (verdict.event == nullptr || !log_.wants(verdict.event->level)) {
    return;
  }
  log_.write(*verdict.event,
             {{"action", action_word(verdict.action)},
              {"client", request[Attribute::client_address]},
              {"name", request[Attribute::client_name]},
              {"sender", request[Attribute::sender]},
              {"recipient", request[Attribute::recipient]},
              {"reason", verdict.reason}},
             request[Attribute::queue_id]);
}

std::string Engine::explain(const Request& request) {
  Facts facts = facts_of(request);
  return chain_.explain({request, facts, clock_.now()});
}

Conversation::Progress Conversation::take(std::string_view bytes, std::string& out) {
  reader_.append(bytes);
  return answer_all(out);
}

Conversation::Progress Conversation::resume(std::string& out) {
  return answer_all(out);
}

Conversation::Progress Conversation::answer_all(std::string& out) {
  while (true) {
    if (!request_) {
      const auto next = reader_.next();
      if (!next) {
        error_ = next.error();
        return Progress::broken;
      }
      if (!*next) {
        return Progress::ready;
      }
      request_ = *next;
      facts_ = facts_of(*request_);
      run_ = {};
    }
    const auto verdict = engine_.proceed(run_, *request_, facts_);
    if (!verdict) {
      return Progress::waiting;
    }
    out += answer_line(*verdict);
    request_.reset();
  }
}

}  // namespace policy
