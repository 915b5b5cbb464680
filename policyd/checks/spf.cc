// policyd/checks/spf.cc -- from a request to SPF's questions, and from its result to a verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/spf.hh"

#include <algorithm>

#include <unistd.h>

#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/checks/spf_settings.hh"
#include "policyd/events.hh"
#include "policyd/template.hh"

namespace policy {

namespace {

using auth::SpfOutcome;
using auth::SpfResult;

constexpr std::string_view results_name = "policyd_spf_results";
constexpr std::string_view results_help = "Messages checked by SPF, by result for the sender.";
// In the order of auth::SpfResult.
std::array<base::Counter, spf_result_count> count_results{{
    base::Counter{results_name, results_help, "result=\"none\""},
    base::Counter{results_name, results_help, "result=\"neutral\""},
    base::Counter{results_name, results_help, "result=\"pass\""},
    base::Counter{results_name, results_help, "result=\"fail\""},
    base::Counter{results_name, results_help, "result=\"softfail\""},
    base::Counter{results_name, results_help, "result=\"temperror\""},
    base::Counter{results_name, results_help, "result=\"permerror\""},
}};
base::Counter count_helo_fails("policyd_spf_helo_fails",
                               "Messages whose client may not use its HELO name by SPF.");

constexpr std::array<std::string_view, 8> places{
    "result", "identity", "domain", "client", "sender", "helo", "recipient", "explanation",
};

// What a domain's owner wants to tell the client: hostile, and the reply has few bytes.
constexpr std::size_t explanation_limit = 160;
constexpr std::size_t header_value_limit = 100;

std::size_t index_of(SpfResult result) {
  return static_cast<std::size_t>(result);
}

bool is_error(SpfResult result) {
  return result == SpfResult::permerror || result == SpfResult::temperror;
}

Action action_named(std::string_view word) {
  if (word == "reject") {
    return Action::reject;
  }
  return word == "defer" ? Action::defer_if_permit : Action::dunno;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

std::string sender_domain(const Request& request) {
  const std::string_view sender = request[Attribute::sender];
  const std::size_t at = sender.rfind('@');
  return base::to_lower(sender.empty()                 ? request[Attribute::helo_name]
                        : at == std::string_view::npos ? sender
                                                       : sender.substr(at + 1));
}

auth::SpfInput input_of(const Inquiry& inquiry, const SpfOptions& options) {
  auth::SpfInput input{.client = *inquiry.facts.client,
                       .helo = std::string(inquiry.request[Attribute::helo_name]),
                       .receiver = options.host_name,
                       .now = *inquiry.facts.spf_began};
  // "[192.0.2.1]" and the like name no domain, and must not get into macros as one.
  if (input.helo.starts_with('[')) {
    input.helo.clear();
  }
  return input;
}

void count(const SpfFinding& finding) {
  count_results[index_of(finding.sender.result)].add();
  if (finding.helo.result == SpfResult::fail) {
    count_helo_fails.add();
  }
}

void note_trail(const Inquiry& inquiry, std::string_view identity, const SpfOutcome& outcome) {
  inquiry.note([&] {
    return std::string(identity) + ": " + std::string(auth::spf_result_name(outcome.result)) +
           (outcome.problem.empty() ? "" : ", " + outcome.problem);
  });
  for (const auth::SpfStep& step : outcome.trail) {
    inquiry.note([&] { return step.domain + "  " + step.term + "  " + step.found; });
  }
}

// The value of a Received-SPF pair: a dot-atom, or in quotes.
std::string pair(std::string_view key, std::string_view value) {
  std::string out(key);
  out += '=';
  value = value.substr(0, header_value_limit);
  const bool is_plain = !value.empty() && value.front() != '.' && value.back() != '.' &&
                        std::all_of(value.begin(), value.end(), [](char c) {
                          return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                 (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
                        });
  if (is_plain) {
    return out.append(value);
  }
  out += '"';
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += byte >= 0x20 && byte < 0x7f ? c : '?';
  }
  return out + '"';
}

}  // namespace

bool SpfOptions::can_decide() const {
  const auto acts = [](Action action) { return action != Action::dunno; };
  return header || (checks_helo && acts(helo_fail_action)) ||
         std::any_of(actions.begin(), actions.end(), acts);
}

base::Result<void> check_spf_settings(const SpfSettings& settings) {
  if (const auto networks = parse_networks("spf_skip_networks", settings.spf_skip_networks);
      !networks) {
    return networks.error();
  }
  if (const auto place = unknown_place(settings.spf_text, places); place) {
    return base::make_error(base::Errc::malformed,
                            "spf_text: unknown place " + base::printable(*place, 40),
                            "the places are listed with the setting");
  }
  return {};
}

SpfOptions spf_options_of(const SpfSettings& settings) {
  SpfOptions options;
  options.enabled = settings.spf;
  const std::pair<SpfResult, const std::string&> actions[] = {
      {SpfResult::none, settings.spf_none_action},
      {SpfResult::neutral, settings.spf_neutral_action},
      {SpfResult::pass, settings.spf_pass_action},
      {SpfResult::fail, settings.spf_fail_action},
      {SpfResult::softfail, settings.spf_softfail_action},
      {SpfResult::temperror, settings.spf_temperror_action},
      {SpfResult::permerror, settings.spf_permerror_action},
  };
  for (const auto& [result, word] : actions) {
    options.actions[index_of(result)] = action_named(word);
  }
  options.checks_helo = settings.spf_helo_fail_action != "off";
  options.helo_fail_action = action_named(settings.spf_helo_fail_action);
  options.skip_networks =
      parse_networks("spf_skip_networks", settings.spf_skip_networks).value_or(Networks{});
  options.deadline = settings.spf_deadline;
  options.text = settings.spf_text;
  options.header = settings.spf_header;
  options.host_name = settings.spf_host_name.empty() ? host_name() : settings.spf_host_name;
  return options;
}

SpfAnswer spf_of(const Inquiry& inquiry, const SpfOptions& options) {
  Facts& facts = inquiry.facts;
  if (!options.enabled || !facts.client || !inquiry.request[Attribute::sasl_username].empty() ||
      is_within(options.skip_networks, *facts.client)) {
    return nullptr;
  }
  if (facts.spf) {
    return &*facts.spf;
  }
  if (!facts.spf_began) {
    facts.spf_began = inquiry.now;  // the macro t must not change from one round to the next
  }
  auth::SpfInput input = input_of(inquiry, options);
  const bool is_null = inquiry.request[Attribute::sender].empty();
  auth::SpfChecked helo;
  if (is_null || options.checks_helo) {
    helo = auth::check_spf(input, facts.dns);
  }
  auth::SpfChecked sender;
  if (!is_null) {
    input.sender = std::string(inquiry.request[Attribute::sender]);
    sender = auth::check_spf(input, facts.dns);
  }
  Waits waits{.dns = std::move(helo.questions), .within = options.deadline};
  for (auth::DnsQuestion& question : sender.questions) {
    if (std::find(waits.dns.begin(), waits.dns.end(), question) == waits.dns.end()) {
      waits.dns.push_back(std::move(question));
    }
  }
  if (!waits.dns.empty()) {
    return waits;
  }
  facts.spf = {.sender = is_null ? helo.outcome : std::move(sender.outcome),
               .helo = std::move(helo.outcome),
               .domain = sender_domain(inquiry.request)};
  facts.dns = {};  // what strangers put there has served, and may be large
  if (!inquiry.is_rehearsal()) {
    count(*facts.spf);
  }
  return &*facts.spf;
}

Answer SpfCheck::ask(const Inquiry& inquiry) {
  const std::string_view state = inquiry.request[Attribute::protocol_state];
  if (!options_.can_decide() || (state != "RCPT" && state != "MAIL")) {
    inquiry.note([] { return "does not apply to this request"; });
    return NoOpinion{};
  }
  SpfAnswer answer = spf_of(inquiry, options_);
  if (auto* waits = std::get_if<Waits>(&answer); waits != nullptr) {
    return std::move(*waits);
  }
  const SpfFinding* finding = std::get<const SpfFinding*>(answer);
  if (finding == nullptr) {
    inquiry.note([] { return "says nothing of this client"; });
    return NoOpinion{};
  }
  return judge(inquiry, *finding);
}

Answer SpfCheck::judge(const Inquiry& inquiry, const SpfFinding& finding) const {
  const bool is_null = inquiry.request[Attribute::sender].empty();
  if (!is_null && options_.checks_helo) {
    note_trail(inquiry, "HELO", finding.helo);
    if (finding.helo.result == SpfResult::fail && options_.helo_fail_action != Action::dunno) {
      return verdict(inquiry, finding.helo, true, inquiry.request[Attribute::helo_name],
                     options_.helo_fail_action);
    }
  }
  note_trail(inquiry, is_null ? "HELO" : "MAIL FROM", finding.sender);
  const Action action = options_.actions[index_of(finding.sender.result)];
  if (action != Action::dunno) {
    return verdict(inquiry, finding.sender, is_null, finding.domain, action);
  }
  Facts& facts = inquiry.facts;
  if (options_.header && !facts.has_spf_header && facts.header.empty()) {
    facts.header = received_spf(inquiry.request, finding, options_.host_name);
    facts.has_spf_header = true;
  }
  return NoOpinion{};
}

Answer SpfCheck::verdict(const Inquiry& inquiry, const SpfOutcome& outcome, bool is_helo,
                         std::string_view domain, Action action) const {
  const Request& request = inquiry.request;
  const std::string_view result = auth::spf_result_name(outcome.result);
  std::string explanation;
  if (!outcome.explanation.empty()) {
    explanation = std::string(domain.substr(0, explanation_limit)) +
                  " explains: " + outcome.explanation.substr(0, explanation_limit);
  }
  const std::array<TemplateValue, places.size()> values{{
      {"result", result},
      {"identity", is_helo ? "HELO" : "MAIL FROM"},
      {"domain", domain},
      {"client", request[Attribute::client_address]},
      {"sender", request[Attribute::sender]},
      {"helo", request[Attribute::helo_name]},
      {"recipient", request[Attribute::recipient]},
      {"explanation", explanation},
  }};
  // RFC 7372 s3.2.
  const std::string code = std::string(action == Action::reject ? "5" : "4") +
                           (is_error(outcome.result) ? ".7.24 " : ".7.23 ");
  std::string reason = std::string(result) + " of " + (is_helo ? "HELO " : "MAIL FROM ") +
                       std::string(domain.substr(0, explanation_limit));
  if (!outcome.problem.empty()) {
    reason += ": " + outcome.problem;
  } else if (!outcome.trail.empty()) {
    reason += " by " + outcome.trail.back().term + " at " + outcome.trail.back().domain;
  }
  return Verdict{.action = action,
                 .text = code + fill_template(options_.text, values),
                 .event = action == Action::reject ? &event::spf_reject : &event::spf_defer,
                 .reason = std::move(reason)};
}

std::string received_spf(const Request& request, const SpfFinding& finding,
                         std::string_view host_name) {
  const bool is_null = request[Attribute::sender].empty();
  return "Received-SPF: " + std::string(auth::spf_result_name(finding.sender.result)) + " " +
         pair("client-ip", request[Attribute::client_address]) + "; " +
         pair("envelope-from", request[Attribute::sender]) + "; " +
         pair("helo", request[Attribute::helo_name]) + "; " +
         pair("identity", is_null ? "helo" : "mailfrom") + "; " + pair("receiver", host_name);
}

}  // namespace policy
