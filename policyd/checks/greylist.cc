// policyd/checks/greylist.cc -- from a request to its records, and from the decision to a verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist.hh"

#include <array>

#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_first("policyd_greylist_first_requests",
                          "Requests of a triplet never seen before; told to wait.");
base::Counter count_early("policyd_greylist_early_requests",
                          "Requests that came back before the delay was over.");
base::Counter count_passed("policyd_greylist_passed_requests",
                           "Requests that came back in time; let through.");
base::Counter count_known("policyd_greylist_known_requests",
                          "Requests of a triplet that has passed before.");
base::Counter count_trusted("policyd_greylist_trusted_requests",
                            "Requests of a client network that is trusted by its successes.");
constexpr std::string_view bypass_name = "policyd_greylist_bypassed_requests";
constexpr std::string_view bypass_help = "Requests that did not have to wait, by reason.";
std::array<base::Counter, bypass_count> count_bypassed{{
    base::Counter{bypass_name, bypass_help, "reason=\"correspondent\""},
    base::Counter{bypass_name, bypass_help, "reason=\"user\""},
    base::Counter{bypass_name, bypass_help, "reason=\"dnswl\""},
    base::Counter{bypass_name, bypass_help, "reason=\"spf\""},
}};
base::Counter count_pooled("policyd_greylist_pooled_requests",
                           "Requests whose client was taken for its whole pool of servers.");
base::Counter count_throttled(
    "policyd_greylist_throttled_requests",
    "Requests told to wait longer, because their network never came back.");
base::Counter count_unkept("policyd_greylist_unkept_requests",
                           "First attempts not remembered: their network has too many.");
base::Counter count_learned("policyd_greylist_learned_correspondents",
                            "Addresses written down because a user of ours wrote to them.");
base::Counter count_unsure("policyd_greylist_unsure_requests",
                           "Requests decided by greylist_on_error: the store was unusable.");

// A trusted network's record is written again only when it is older: a busy sender would
// otherwise cost a write a second.
constexpr Seconds trusted_refresh = 60;

void count(GreylistOutcome outcome) {
  switch (outcome) {
    case GreylistOutcome::first:
      return count_first.add();
    case GreylistOutcome::early:
      return count_early.add();
    case GreylistOutcome::passed:
      return count_passed.add();
    case GreylistOutcome::known:
      return count_known.add();
  }
}

std::string reason_of(const GreylistDecision& decision) {
  switch (decision.outcome) {
    case GreylistOutcome::first:
      return "first attempt, wait " + std::to_string(decision.wait) + " s";
    case GreylistOutcome::early:
      return "came back after " + std::to_string(decision.age) + " s, wait " +
             std::to_string(decision.wait) + " s more";
    case GreylistOutcome::passed:
      return decision.triplet.released ? "released by hand"
                                       : "came back after " + std::to_string(decision.age) + " s";
    case GreylistOutcome::known:
      return "known, passed " + std::to_string(decision.triplet.passes) + " times";
  }
  return {};
}

// `text` with "{wait}" replaced by the seconds.
std::string reply_text(std::string text, Seconds wait) {
  constexpr std::string_view place = "{wait}";
  if (const std::size_t at = text.find(place); at != std::string::npos) {
    text.replace(at, place.size(), std::to_string(wait));
  }
  return text;
}

}  // namespace

// What the store knows of a subject, and what follows.
struct Greylist::Finding {
  HashKey hash_key{};
  Key triplet_key{};
  Key network_key{};
  std::optional<Network> network{};
  std::optional<Triplet> known{};
  GreylistRules rules{};
  SourceState source = SourceState::usual;
  GreylistDecision decision{};
  bool is_pooled = false;

  bool must_wait() const {
    return decision.outcome == GreylistOutcome::first || decision.outcome == GreylistOutcome::early;
  }
  bool is_unkept() const {
    return source == SourceState::full && decision.outcome == GreylistOutcome::first;
  }
};

bool Greylist::applies_to(const Request& request) const {
  const std::string_view state = request[Attribute::protocol_state];
  if (!request[Attribute::sender].empty()) {
    return state == "RCPT";
  }
  switch (options_.null_sender) {
    case NullSender::end_of_message:
      return state == "END-OF-MESSAGE";
    case NullSender::rcpt:
      return state == "RCPT";
    case NullSender::never:
      return false;
  }
  return false;
}

GreylistSubject Greylist::subject_of(const Inquiry& inquiry) const {
  GreylistSubject subject{.address = base::to_lower(inquiry.request[Attribute::client_address]),
                          .network = {},
                          .sender = base::to_lower(inquiry.request[Attribute::sender]),
                          .recipient = base::to_lower(inquiry.request[Attribute::recipient]),
                          .mailbox = waiting_address(inquiry.request[Attribute::recipient],
                                                     options_.recipient_delimiter),
                          .is_suspect = inquiry.facts.is_suspect};
  if (const auto& client = inquiry.facts.client; client) {
    subject.network =
        base::IpNetwork(*client, client->is_v4() ? options_.ipv4_prefix : options_.ipv6_prefix)
            .text();
  } else {
    subject.network = subject.address;
  }
  return subject;
}

// Decides with what is known under the finding's key.
base::Result<void> Greylist::decide_by_store(const GreylistSubject& subject, Seconds now,
                                             Finding& finding) {
  const auto row = store_.get(finding.triplet_key);
  if (!row) {
    return row.error();
  }
  finding.known.reset();
  if (*row) {
    // A record that cannot be read is as good as none: it is written anew.
    auto triplet = decode_triplet((*row)->value);
    finding.known = triplet ? std::optional(std::move(*triplet)) : std::nullopt;
  }
  Triplet fresh;
  fresh.sender = subject.sender.substr(0, 255);
  fresh.recipient = subject.recipient.substr(0, 255);
  fresh.client = subject.address.substr(0, 255);
  finding.decision = decide(finding.known, std::move(fresh), now, finding.rules);
  return {};
}

base::Result<Greylist::Finding> Greylist::find(const GreylistSubject& subject, Seconds now) {
  const auto hash_key = store_.hash_key();
  if (!hash_key) {
    return hash_key.error();
  }
  Finding finding{
      .hash_key = *hash_key,
      .triplet_key = triplet_key(*hash_key, subject.network, subject.sender, subject.mailbox),
      .network_key = network_key(*hash_key, subject.network),
      .rules = options_.rules};
  const auto row = store_.get(finding.network_key);
  if (!row) {
    return row.error();
  }
  if (*row) {
    auto network = decode_network((*row)->value);
    finding.network = network ? std::optional(std::move(*network)) : std::nullopt;
  }
  if (!subject.is_suspect && finding.network && is_trusted(*finding.network, now, options_.rules)) {
    return finding;
  }
  if (!finding.network) {
    finding.source = sources_.state_of(finding.network_key, now, options_.sources);
    if (finding.source != SourceState::usual) {
      finding.rules.delay = std::max(finding.rules.delay, options_.throttle_delay);
    }
  }
  if (auto decided = decide_by_store(subject, now, finding); !decided) {
    return decided.error();
  }
  return finding;
}

// The same mail may have come by another server of the pool. What is known by the network counts
// on: it is from a time when the pool was not seen.
base::Result<void> Greylist::look_in_pool(const std::string& pool, const GreylistSubject& subject,
                                          Seconds now, Finding& finding) {
  Finding pooled = finding;
  pooled.triplet_key = triplet_key(finding.hash_key, pool, subject.sender, subject.mailbox);
  pooled.is_pooled = true;
  if (auto decided = decide_by_store(subject, now, pooled); !decided) {
    return decided;
  }
  if (pooled.known || !finding.known) {
    finding = std::move(pooled);
  }
  return {};
}

base::Result<void> Greylist::remember(const GreylistSubject& subject, const Finding& finding,
                                      Seconds now) {
  const GreylistDecision& decision = finding.decision;
  if (decision.outcome == GreylistOutcome::first) {
    sources_.count_first(finding.network_key, now, options_.sources);
  }
  if (!decision.changed || finding.is_unkept()) {
    return {};
  }
  auto kept = store_.put(finding.triplet_key, {encode(decision.triplet), decision.expires});
  if (!kept || decision.outcome != GreylistOutcome::passed) {
    return kept;
  }
  sources_.came_back(finding.network_key);
  const Network network = after_success(finding.network, subject.network, now, options_.rules);
  return store_.put(finding.network_key,
                    {encode(network), now + options_.rules.auto_whitelist_lifetime});
}

Verdict Greylist::trusted(const GreylistSubject& subject, const Finding& finding,
                          const Inquiry& inquiry) {
  Network network = *finding.network;
  Verdict verdict{.action = Action::dunno,
                  .event = &event::greylist_known,
                  .reason = "network " + subject.network + " is trusted after " +
                            std::to_string(network.successes) + " successes"};
  if (inquiry.is_rehearsal()) {
    return verdict;
  }
  count_trusted.add();
  const Seconds now = seconds_of(inquiry.now);
  if (now >= network.last_seen + trusted_refresh) {
    network.last_seen = now;
    // When it cannot be kept now, the next request tries again.
    (void)store_.put(finding.network_key,
                     {encode(network), now + options_.rules.auto_whitelist_lifetime});
  }
  return verdict;
}

Verdict Greylist::unsure(const base::Error& error, const Inquiry& inquiry) {
  const Action action = options_.defer_on_error ? Action::defer_if_permit : Action::dunno;
  if (!inquiry.is_rehearsal()) {
    complain(error, action, inquiry.now);
  }
  return {.action = action,
          .text = options_.defer_on_error ? "4.3.0 Try again later" : "",
          .event = nullptr,
          .reason = error.text()};
}

void Greylist::complain(const base::Error& error, Action action, base::WallTime now) {
  count_unsure.add();
  if (const auto held_back = unsure_.due(now); held_back) {
    log_.write(event::greylist_unsure, {{"action", action_word(action)},
                                        {"error", error.text()},
                                        {"suppressed", std::to_string(*held_back)}});
  }
}

Verdict Greylist::verdict_of(const Finding& finding, const Inquiry& inquiry) const {
  const GreylistDecision& decision = finding.decision;
  Verdict verdict{.action = Action::dunno, .reason = reason_of(decision)};
  if (finding.is_pooled) {
    verdict.reason += ", of a pool";
  }
  if (!finding.must_wait()) {
    verdict.event = decision.outcome == GreylistOutcome::passed ? &event::greylist_pass
                                                                : &event::greylist_known;
    return verdict;
  }
  if (finding.source != SourceState::usual) {
    const auto firsts =
        sources_.firsts_of(finding.network_key, seconds_of(inquiry.now), options_.sources);
    verdict.reason += "; its network made " + std::to_string(firsts) +
                      " first attempts and never came back" +
                      (finding.is_unkept() ? ", so this one is not remembered" : "");
  }
  verdict.action = Action::defer_if_permit;
  verdict.text = reply_text(options_.text, decision.wait);
  verdict.event = &event::greylist_defer;
  return verdict;
}

Verdict Greylist::bypass(const Standing& standing, const Inquiry& inquiry) {
  if (!inquiry.is_rehearsal()) {
    count_bypassed[static_cast<std::size_t>(*standing.bypass)].add();
  }
  return {.action = Action::dunno, .event = &event::greylist_bypass, .reason = standing.reason};
}

Answer Greylist::settle(const GreylistSubject& subject, const Finding& finding,
                        const Inquiry& inquiry) {
  if (inquiry.is_rehearsal()) {
    return verdict_of(finding, inquiry);
  }
  const GreylistDecision& decision = finding.decision;
  const auto kept = remember(subject, finding, seconds_of(inquiry.now));
  if (decision.outcome == GreylistOutcome::passed) {
    // When it cannot be kept, the next success counts.
    (void)standing_.came_back(inquiry);
  }
  // Who is known is answered all the same; a first attempt that is not kept would wait for ever.
  if (!kept && decision.outcome == GreylistOutcome::first) {
    return unsure(kept.error(), inquiry);
  }
  count(decision.outcome);
  if (finding.is_pooled) {
    count_pooled.add();
  }
  if (finding.must_wait() && finding.source != SourceState::usual) {
    (finding.is_unkept() ? count_unkept : count_throttled).add();
  }
  return verdict_of(finding, inquiry);
}

Answer Greylist::ask(const Inquiry& inquiry) {
  if (options_.enabled && !inquiry.request[Attribute::sasl_username].empty()) {
    learn(inquiry);
    return NoOpinion{};
  }
  if (!options_.enabled || !applies_to(inquiry.request)) {
    inquiry.note([] { return "does not apply to this request"; });
    return NoOpinion{};
  }
  const Seconds now = seconds_of(inquiry.now);
  const GreylistSubject subject = subject_of(inquiry);
  auto finding = find(subject, now);
  if (!finding) {
    return unsure(finding.error(), inquiry);
  }
  if (!subject.is_suspect && finding->network &&
      is_trusted(*finding->network, now, options_.rules)) {
    return trusted(subject, *finding, inquiry);
  }
  if (finding->must_wait()) {
    auto answer = standing_.of(subject, inquiry);
    if (auto* waits = std::get_if<Waits>(&answer); waits != nullptr) {
      return std::move(*waits);
    }
    const auto* standing = std::get_if<Standing>(&answer);
    if (standing == nullptr) {
      return unsure(std::get<base::Error>(answer), inquiry);
    }
    if (standing->bypass && !subject.is_suspect) {
      return bypass(*standing, inquiry);
    }
    if (!standing->pool.empty()) {
      if (auto looked = look_in_pool(standing->pool, subject, now, *finding); !looked) {
        return unsure(looked.error(), inquiry);
      }
    }
  }
  return settle(subject, *finding, inquiry);
}

void Greylist::learn(const Inquiry& inquiry) {
  inquiry.note([] { return "an authenticated client does not wait"; });
  const auto learned = standing_.learn(inquiry);
  // What cannot be written down now is learned with the next mail.
  if (learned && *learned) {
    count_learned.add();
  }
}

}  // namespace policy
