// policyd/checks/greylist.cc -- from a request to its records, and from the decision to a verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist.hh"

#include "base/metrics.hh"
#include "base/text.hh"

#include "policyd/checks/greylist_settings.hh"
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

GreylistOptions greylist_options_of(const GreylistSettings& settings) {
  return {
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

// Who asks for what, as the keys see it.
struct Greylist::Subject {
  std::string address;  // the client as Postfix gave it
  std::string network;
  std::string sender;
  std::string recipient;
};

// What the store knows of a subject.
struct Greylist::Finding {
  Key triplet_key{};
  Key network_key{};
  std::optional<Network> network{};
  GreylistDecision decision{};
};

bool Greylist::applies_to(const Request& request) const {
  if (!options_.enabled || !request[Attribute::sasl_username].empty()) {
    return false;
  }
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

Greylist::Subject Greylist::subject_of(const Inquiry& inquiry) const {
  Subject subject{.address = base::to_lower(inquiry.request[Attribute::client_address]),
                  .network = {},
                  .sender = base::to_lower(inquiry.request[Attribute::sender]),
                  .recipient = base::to_lower(inquiry.request[Attribute::recipient])};
  if (const auto& client = inquiry.facts.client; client) {
    subject.network =
        base::IpNetwork(*client, client->is_v4() ? options_.ipv4_prefix : options_.ipv6_prefix)
            .text();
  } else {
    subject.network = subject.address;
  }
  return subject;
}

base::Result<Greylist::Finding> Greylist::find(const Subject& subject, Seconds now) {
  const auto hash_key = store_.hash_key();
  if (!hash_key) {
    return hash_key.error();
  }
  Finding finding{
      .triplet_key = triplet_key(*hash_key, subject.network, subject.sender, subject.recipient),
      .network_key = network_key(*hash_key, subject.network)};
  auto row = store_.get(finding.network_key);
  if (!row) {
    return row.error();
  }
  if (*row) {
    // A record that cannot be read is as good as none: it is written anew.
    auto network = decode_network((*row)->value);
    finding.network = network ? std::optional(std::move(*network)) : std::nullopt;
  }
  if (finding.network && is_trusted(*finding.network, now, options_.rules)) {
    return finding;
  }
  row = store_.get(finding.triplet_key);
  if (!row) {
    return row.error();
  }
  std::optional<Triplet> known;
  if (*row) {
    auto triplet = decode_triplet((*row)->value);
    known = triplet ? std::optional(std::move(*triplet)) : std::nullopt;
  }
  Triplet fresh;
  fresh.sender = subject.sender.substr(0, 255);
  fresh.recipient = subject.recipient.substr(0, 255);
  fresh.client = subject.address.substr(0, 255);
  finding.decision = decide(known, std::move(fresh), now, options_.rules);
  return finding;
}

base::Result<void> Greylist::remember(const Subject& subject, const Finding& finding, Seconds now) {
  const GreylistDecision& decision = finding.decision;
  if (!decision.changed) {
    return {};
  }
  auto kept = store_.put(finding.triplet_key, {encode(decision.triplet), decision.expires});
  if (!kept || decision.outcome != GreylistOutcome::passed) {
    return kept;
  }
  const Network network = after_success(finding.network, subject.network, now, options_.rules);
  return store_.put(finding.network_key,
                    {encode(network), now + options_.rules.auto_whitelist_lifetime});
}

Verdict Greylist::trusted(const Subject& subject, const Finding& finding, const Inquiry& inquiry) {
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

Verdict Greylist::verdict_of(const GreylistDecision& decision) const {
  if (decision.outcome == GreylistOutcome::first || decision.outcome == GreylistOutcome::early) {
    return {.action = Action::defer_if_permit,
            .text = reply_text(options_.text, decision.wait),
            .event = &event::greylist_defer,
            .reason = reason_of(decision)};
  }
  return {.action = Action::dunno,
          .event = decision.outcome == GreylistOutcome::passed ? &event::greylist_pass
                                                               : &event::greylist_known,
          .reason = reason_of(decision)};
}

Answer Greylist::ask(const Inquiry& inquiry) {
  if (!applies_to(inquiry.request)) {
    inquiry.note([] { return "does not apply to this request"; });
    return NoOpinion{};
  }
  const Seconds now = seconds_of(inquiry.now);
  const Subject subject = subject_of(inquiry);
  const auto finding = find(subject, now);
  if (!finding) {
    return unsure(finding.error(), inquiry);
  }
  if (finding->network && is_trusted(*finding->network, now, options_.rules)) {
    return trusted(subject, *finding, inquiry);
  }
  const GreylistDecision& decision = finding->decision;
  if (inquiry.is_rehearsal()) {
    return verdict_of(decision);
  }
  const auto kept = remember(subject, *finding, now);
  // Who is known is answered all the same; a first attempt that is not kept would wait for ever.
  if (!kept && decision.outcome == GreylistOutcome::first) {
    return unsure(kept.error(), inquiry);
  }
  count(decision.outcome);
  return verdict_of(decision);
}

}  // namespace policy
