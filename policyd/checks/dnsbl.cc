// policyd/checks/dnsbl.cc -- from a request to the questions, from the score to a verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/dnsbl.hh"

#include <algorithm>
#include <array>

#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/checks/dnsbl_settings.hh"
#include "policyd/events.hh"
#include "policyd/template.hh"

namespace policy {

namespace {

base::Counter count_refused("policyd_dnsbl_refusals", "Mail whose score reached dnsbl_threshold.");
base::Counter count_welcome("policyd_dnsbl_welcome",
                            "Messages whose score is below 0: lists of the good know the client.");
base::Counter count_unsure("policyd_dnsbl_unsure",
                           "Mail decided by dnsbl_on_error: zones that failed could have made the "
                           "difference.");

constexpr std::array<std::string_view, 11> places{
    "what",   "zone",   "zones", "answer",    "reason", "score",
    "client", "sender", "helo",  "recipient", "name",
};

base::Error wrong(std::string_view name, const base::Error& error) {
  return base::make_error(base::Errc::malformed, std::string(name) + ": " + error.detail,
                          error.hint);
}

Action action_named(std::string_view word) {
  if (word == "reject") {
    return Action::reject;
  }
  return word == "defer" ? Action::defer_if_permit : Action::dunno;
}

std::string_view domain_of(std::string_view address) {
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

// The names that a rule of names is asked about, each once.
std::vector<std::string> names_for(const DnsblRule& rule, const Request& request) {
  const std::pair<DnsblKind, std::string_view> given[] = {
      {DnsblKind::sender, domain_of(request[Attribute::sender])},
      {DnsblKind::helo, request[Attribute::helo_name]},
      {DnsblKind::name, request[Attribute::client_name]},
  };
  std::vector<std::string> names;
  for (const auto& [kind, text] : given) {
    auto name = rule.looks_up(kind) ? listable_domain(text) : std::nullopt;
    if (name && std::find(names.begin(), names.end(), *name) == names.end()) {
      names.push_back(std::move(*name));
    }
  }
  return names;
}

// The hit that weighs most.
const DnsblHit& heaviest(const DnsblFinding& finding) {
  return *std::max_element(
      finding.hits.begin(), finding.hits.end(),
      [](const DnsblHit& a, const DnsblHit& b) { return a.weight < b.weight; });
}

auth::DnsQuestion reason_question(const DnsblHit& hit) {
  return {hit.question, auth::DnsType::txt};
}

std::string text_of(const DnsblReply& reply, const DnsblRule& rule) {
  constexpr std::array<std::string_view, 4> words{"listed", "not listed", "no answer",
                                                  "refuses us"};
  std::string text(words[static_cast<std::size_t>(reply.outcome)]);
  if (reply.outcome == DnsblOutcome::hit) {
    text += " as " + reply.address.text() + ", weight " + std::to_string(rule.weight);
  }
  return text;
}

bool is_asked(const DnsblEntry& entry, const base::IpAddress& client) {
  return entry.zone->is_good() &&
         (!entry.rule.is_of_addresses() || client.is_v4() || entry.zone->takes_ipv6());
}

bool has_place(std::string_view text, std::string_view name) {
  const std::string place = "{" + std::string(name);
  return text.find(place + "}") != std::string_view::npos ||
         text.find(place + ":url}") != std::string_view::npos;
}

}  // namespace

base::Result<void> check_dnsbl_settings(const DnsblSettings& settings) {
  std::int64_t most = 0;
  std::int64_t bad = 0;
  for (const std::string& word : settings.dnsbl_zones) {
    const auto rule = parse_dnsbl_rule(word);
    if (!rule) {
      return wrong("dnsbl_zones", rule.error());
    }
    most += std::max(rule->weight, 0);
    bad += rule->weight > 0 ? 1 : 0;
  }
  if (bad > 0 && most < settings.dnsbl_threshold) {
    return base::make_error(base::Errc::malformed,
                            "dnsbl_threshold: more than all weights of dnsbl_zones together",
                            "write at most " + std::to_string(most));
  }
  if (const auto networks = parse_networks("dnsbl_skip_networks", settings.dnsbl_skip_networks);
      !networks) {
    return networks.error();
  }
  if (const auto place = unknown_place(settings.dnsbl_text, places); place) {
    return base::make_error(base::Errc::malformed,
                            "dnsbl_text: unknown place " + base::printable(*place, 40),
                            "the places are listed with the setting");
  }
  return {};
}

DnsblOptions dnsbl_options_of(const DnsblSettings& settings, DnsblZones& zones) {
  DnsblOptions options;
  zones.begin({.break_after = static_cast<int>(settings.dnsbl_break_after),
               .test_interval = settings.dnsbl_test_interval,
               .pause = settings.dnsbl_pause});
  const base::Words& untested = settings.dnsbl_untested;
  for (const std::string& word : settings.dnsbl_zones) {
    if (auto rule = parse_dnsbl_rule(word); rule) {
      const bool is_exempt =
          std::find(untested.begin(), untested.end(), rule->domain) != untested.end();
      DnsblZone& zone = zones.use(*rule, is_exempt);
      options.entries.push_back({std::move(*rule), &zone});
    }
  }
  options.threshold = static_cast<int>(settings.dnsbl_threshold);
  options.action = action_named(settings.dnsbl_action);
  options.defer_on_error = settings.dnsbl_on_error == "defer";
  options.text = settings.dnsbl_text;
  options.skip_networks =
      parse_networks("dnsbl_skip_networks", settings.dnsbl_skip_networks).value_or(Networks{});
  return options;
}

bool DnsblCheck::applies_to(const Inquiry& inquiry) const {
  const Request& request = inquiry.request;
  const std::string_view state = request[Attribute::protocol_state];
  return !options_.entries.empty() && (state == "RCPT" || state == "MAIL") &&
         request[Attribute::sasl_username].empty() && inquiry.facts.client &&
         !is_within(options_.skip_networks, *inquiry.facts.client);
}

// What the rules want to know, of zones that are fit to be asked.
std::vector<DnsblCheck::Lookup> DnsblCheck::lookups(const Inquiry& inquiry) const {
  const base::IpAddress& client = *inquiry.facts.client;
  std::vector<Lookup> lookups;
  for (const DnsblEntry& entry : options_.entries) {
    const DnsblRule& rule = entry.rule;
    if (!is_asked(entry, client)) {
      continue;
    }
    if (rule.is_of_addresses()) {
      lookups.push_back(
          {&entry, client.text(), {dnsbl_label(client) + "." + rule.domain, auth::DnsType::a}});
      continue;
    }
    for (std::string& name : names_for(rule, inquiry.request)) {
      auth::DnsQuestion question{name + "." + rule.domain, auth::DnsType::a};
      lookups.push_back({&entry, std::move(name), std::move(question)});
    }
  }
  return lookups;
}

// Counts and notes the zones that are not asked.
void DnsblCheck::skip(const Inquiry& inquiry, DnsblFinding& finding) const {
  for (const DnsblEntry& entry : options_.entries) {
    DnsblZone& zone = *entry.zone;
    if (is_asked(entry, *inquiry.facts.client)) {
      continue;
    }
    if (inquiry.is_rehearsal()) {
      finding.notes.push_back(zone.domain() + ": not asked, " +
                              (zone.is_good() ? "it has no IPv6 test entry" : zone.state_text()));
    } else {
      zone.count_skipped();
    }
  }
}

DnsblFinding DnsblCheck::find(const Inquiry& inquiry, const std::vector<Lookup>& lookups) {
  DnsblFinding finding;
  skip(inquiry, finding);
  const DnsblEntry* last_hit = nullptr;
  for (const Lookup& lookup : lookups) {
    const DnsblRule& rule = lookup.entry->rule;
    const DnsblReply reply =
        read_dnsbl_answer(*inquiry.facts.dns.find(lookup.question), rule.pattern);
    if (inquiry.is_rehearsal()) {
      finding.notes.push_back(lookup.question.name + ": " + text_of(reply, rule));
    } else {
      zones_.answered(*lookup.entry->zone, reply.outcome, inquiry.now);
    }
    if (reply.outcome == DnsblOutcome::hit && last_hit != lookup.entry) {
      last_hit = lookup.entry;  // several names in one zone count once
      finding.score += rule.weight;
      finding.hits.push_back(
          {rule.domain, lookup.what, lookup.question.name, reply.address, rule.weight});
    } else if (reply.outcome == DnsblOutcome::failed || reply.outcome == DnsblOutcome::refused) {
      finding.missing += std::max(rule.weight, 0);
    }
  }
  return finding;
}

Answer DnsblCheck::ask(const Inquiry& inquiry) {
  if (!applies_to(inquiry)) {
    inquiry.note([] { return "does not apply to this request"; });
    return NoOpinion{};
  }
  Facts& facts = inquiry.facts;
  if (!facts.dnsbl) {
    const std::vector<Lookup> wanted = lookups(inquiry);
    Waits waits;
    for (const Lookup& lookup : wanted) {
      if (facts.dns.find(lookup.question) == nullptr &&
          std::find(waits.dns.begin(), waits.dns.end(), lookup.question) == waits.dns.end()) {
        waits.dns.push_back(lookup.question);
      }
    }
    if (!waits.dns.empty()) {
      return waits;
    }
    facts.dnsbl = find(inquiry, wanted);
    if (facts.dnsbl->is_welcome() && !inquiry.is_rehearsal()) {
      count_welcome.add();
    }
  }
  return judge(inquiry, *facts.dnsbl);
}

Answer DnsblCheck::judge(const Inquiry& inquiry, const DnsblFinding& finding) const {
  for (const std::string& note : finding.notes) {
    inquiry.note([&note] { return note; });
  }
  inquiry.note([&] { return "score " + std::to_string(finding.score); });
  if (finding.score >= options_.threshold && options_.action != Action::dunno) {
    return refuse(inquiry, finding);
  }
  if (finding.score < options_.threshold && options_.defer_on_error &&
      finding.score + finding.missing >= options_.threshold) {
    if (!inquiry.is_rehearsal()) {
      count_unsure.add();
    }
    return Verdict{.action = Action::defer_if_permit,
                   .text = "4.7.1 DNS lists do not answer, please try again later",
                   .event = &event::dnsbl_defer,
                   .reason = "score " + std::to_string(finding.score) +
                             ", but zones that did not answer could add " +
                             std::to_string(finding.missing)};
  }
  return NoOpinion{};
}

Answer DnsblCheck::refuse(const Inquiry& inquiry, const DnsblFinding& finding) const {
  const Request& request = inquiry.request;
  const DnsblHit& most = heaviest(finding);
  std::string reason;
  if (has_place(options_.text, "reason")) {
    const auth::DnsAnswer* answer = inquiry.facts.dns.find(reason_question(most));
    if (answer == nullptr) {
      return Waits{.dns = {reason_question(most)}};
    }
    reason = answer->texts.empty() ? "" : answer->texts.front();
  }
  std::string zones;
  std::string why = "score " + std::to_string(finding.score) + ":";
  for (const DnsblHit& hit : finding.hits) {
    why += " " + hit.zone + "=" + hit.answer.text() + "*" + std::to_string(hit.weight);
    if (hit.weight > 0 && zones.find(hit.zone) == std::string::npos) {
      zones.append(zones.empty() ? "" : ", ").append(hit.zone);
    }
  }
  const std::string answer = most.answer.text();
  const std::string score = std::to_string(finding.score);
  const std::array<TemplateValue, places.size()> values{{
      {"what", most.what},
      {"zone", most.zone},
      {"zones", zones},
      {"answer", answer},
      {"reason", reason},
      {"score", score},
      {"client", request[Attribute::client_address]},
      {"sender", request[Attribute::sender]},
      {"helo", request[Attribute::helo_name]},
      {"recipient", request[Attribute::recipient]},
      {"name", request[Attribute::client_name]},
  }};
  if (!inquiry.is_rehearsal()) {
    count_refused.add();
  }
  const bool is_final = options_.action == Action::reject;
  return Verdict{.action = options_.action,
                 .text = (is_final ? "5.7.1 " : "4.7.1 ") + fill_template(options_.text, values),
                 .event = is_final ? &event::dnsbl_reject : &event::dnsbl_defer,
                 .reason = std::move(why)};
}

}  // namespace policy
