// policyd/checks/greylist_rules.cc -- the transitions of a triplet and of a network.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/greylist_rules.hh"

#include <limits>

namespace policy {

namespace {

// A clock that was set back must not make anybody wait longer than a fresh start would.
Seconds age_of(Seconds since, Seconds now) {
  return now > since ? now - since : 0;
}

bool is_forgotten(const Triplet& triplet, Seconds now, const GreylistRules& rules) {
  if (triplet.first_seen > now) {
    return triplet.is_waiting();
  }
  return triplet.is_waiting() ? age_of(triplet.first_seen, now) >= rules.retry_window
                              : age_of(triplet.last_seen, now) >= rules.lifetime;
}

GreylistDecision refuse_first(Triplet fresh, Seconds now, const GreylistRules& rules) {
  fresh.first_seen = fresh.last_seen = now;
  return {.outcome = GreylistOutcome::first,
          .wait = rules.delay,
          .triplet = std::move(fresh),
          .expires = now + rules.retry_window};
}

}  // namespace

GreylistDecision decide(const std::optional<Triplet>& known, Triplet fresh, Seconds now,
                        const GreylistRules& rules) {
  if (!known || is_forgotten(*known, now, rules)) {
    return refuse_first(std::move(fresh), now, rules);
  }
  GreylistDecision decision{.age = age_of(known->first_seen, now), .triplet = *known};
  Triplet& triplet = decision.triplet;
  // Within one second attempts are not counted apart: a client in a loop costs no writes.
  decision.changed = triplet.last_seen != now;
  triplet.last_seen = now;
  if (triplet.is_waiting() && !triplet.released && decision.age < rules.delay) {
    decision.outcome = GreylistOutcome::early;
    decision.wait = rules.delay - decision.age;
    if (decision.changed && triplet.too_early < std::numeric_limits<std::uint16_t>::max()) {
      ++triplet.too_early;
    }
    decision.expires = triplet.first_seen + rules.retry_window;
    return decision;
  }
  decision.outcome = triplet.is_waiting() ? GreylistOutcome::passed : GreylistOutcome::known;
  if (triplet.is_waiting()) {
    triplet.passed_at = now;
    decision.changed = true;
  }
  if (decision.changed) {
    ++triplet.passes;
  }
  decision.expires = now + rules.lifetime;
  return decision;
}

bool is_trusted(const Network& network, Seconds now, const GreylistRules& rules) {
  return rules.auto_whitelist_after > 0 && network.successes >= rules.auto_whitelist_after &&
         age_of(network.last_seen, now) < rules.auto_whitelist_lifetime;
}

Network after_success(const std::optional<Network>& known, std::string_view text, Seconds now,
                      const GreylistRules& rules) {
  Network network{.first_seen = now, .network = std::string(text)};
  if (known && age_of(known->last_seen, now) < rules.auto_whitelist_lifetime) {
    network = *known;
  }
  network.last_seen = now;
  ++network.successes;
  return network;
}

}  // namespace policy
