// policyd/engine.cc -- settings to options, requests to verdicts, verdicts to log and counters.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/engine.hh"

#include <array>
#include <utility>

#include "base/metrics.hh"

#include "policyd/events.hh"

namespace policy {

namespace {

constexpr std::string_view answers_name = "policyd_answers";
constexpr std::string_view answers_help = "Requests answered, by action.";
std::array<base::Counter, action_count> count_answers{{
    base::Counter{answers_name, answers_help, "action=\"dunno\""},
    base::Counter{answers_name, answers_help, "action=\"ok\""},
    base::Counter{answers_name, answers_help, "action=\"defer_if_permit\""},
    base::Counter{answers_name, answers_help, "action=\"defer\""},
    base::Counter{answers_name, answers_help, "action=\"reject\""},
    base::Counter{answers_name, answers_help, "action=\"code\""},
    base::Counter{answers_name, answers_help, "action=\"prepend\""},
    base::Counter{answers_name, answers_help, "action=\"filter\""},
    base::Counter{answers_name, answers_help, "action=\"hold\""},
    base::Counter{answers_name, answers_help, "action=\"discard\""},
}};
base::Counter count_dry("policyd_dry_run_refusals",
                        "Refusals of checks in dry_run: logged, not obeyed.");

}  // namespace

Engine::Engine(const Settings& settings, Store& store, const base::Clock& clock, base::Log& log,
               EngineRole role)
    : store_(store),
      clock_(clock),
      log_(log),
      dnsbl_zones_(log, role == EngineRole::live),
      trap_book_(store_) {
  chain_.append(std::make_unique<ListCheck>(list_options_, lists_));
  chain_.append(std::make_unique<UserListCheck>(user_list_options_));
  chain_.append(std::make_unique<SenderLogin>(sender_login_));
  chain_.append(std::make_unique<RateCheck>(rates_, rate_ledger_, store_, log));
  chain_.append(std::make_unique<QuotaCheck>(quota_));
  chain_.append(std::make_unique<TrapCheck>(traps_, trap_book_));
  chain_.append(std::make_unique<SpfCheck>(spf_options_));
  chain_.append(std::make_unique<DnsblCheck>(dnsbl_options_, dnsbl_zones_));
  chain_.append(std::make_unique<Greylist>(greylist_, spf_options_, store_, log));
  apply(settings);
}

void Engine::apply(const Settings& settings) {
  lookup_deadline_ = settings.lookup_deadline;
  list_options_ = list_options_of(settings);
  user_list_options_ = user_list_options_of(settings, settings);
  sender_login_ = sender_login_options_of(settings);
  rates_ = rate_options_of(settings);
  quota_ = quota_options_of(settings);
  traps_ = trap_options_of(settings);
  actions_ = action_options_of(settings);
  spf_options_ = spf_options_of(settings);
  dnsbl_options_ = dnsbl_options_of(settings, dnsbl_zones_);
  greylist_ = greylist_options_of(settings);
  chain_.run_dry(settings.dry_run);
}

std::optional<Verdict> Engine::proceed(Chain::Run& run, const Request& request, Facts& facts) {
  const Inquiry inquiry{request, facts, clock_.now()};
  store_.record(witness_ ? &run.before : nullptr);
  auto verdict = chain_.proceed(run, inquiry);
  for (const Verdict& dry : run.dry) {
    count_dry.add();
    report_dry(request, dry);
  }
  run.dry.clear();
  if (verdict) {
    give_header(facts, *verdict);
    apply_action_type(actions_, facts, *verdict);
    chain_.tell(run, inquiry, *verdict);
  }
  store_.record(nullptr);
  if (verdict) {
    count_answers[static_cast<std::size_t>(verdict->action)].add();
    report(verdict->event, request, *verdict);
    if (witness_) {
      witness_(request, facts, run.before, *verdict);
    }
  }
  return verdict;
}

std::optional<Verdict> Engine::rehearse(Chain::Run& run, const Request& request, Facts& facts,
                                        Notes& notes) {
  auto verdict = chain_.proceed(run, {request, facts, clock_.now(), &notes});
  if (verdict) {
    give_header(facts, *verdict);
    apply_action_type(actions_, facts, *verdict);
  }
  return verdict;
}

// The policy protocol has one action an answer: a header goes with the first that says nothing
// else, and once for the message.
void Engine::give_header(Facts& facts, Verdict& verdict) {
  if (verdict.action == Action::dunno && !facts.header.empty()) {
    verdict.action = Action::prepend;
    verdict.text = std::exchange(facts.header, {});
  }
}

void Engine::report(const base::Event* event, const Request& request, const Verdict& verdict) {
  if (event == nullptr || !log_.wants(event->level)) {
    return;
  }
  log_.write(*event,
             {{"action", action_word(verdict.action)},
              {"client", request[Attribute::client_address]},
              {"name", request[Attribute::client_name]},
              {"sender", request[Attribute::sender]},
              {"recipient", request[Attribute::recipient]},
              {"reason", verdict.reason}},
             request[Attribute::queue_id]);
}

void Engine::report_dry(const Request& request, const Verdict& verdict) {
  log_.write(event::dry_run,
             {{"check", verdict.check},
              {"action", action_word(verdict.action)},
              {"client", request[Attribute::client_address]},
              {"sender", request[Attribute::sender]},
              {"recipient", request[Attribute::recipient]},
              {"reason", verdict.reason}},
             request[Attribute::queue_id]);
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
      if (!is_same_message(facts_, *request_)) {
        facts_ = facts_of(*request_);
      }
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
