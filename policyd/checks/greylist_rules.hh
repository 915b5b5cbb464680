// policyd/checks/greylist_rules.hh -- the decision of the greylist: a record, the time, an answer.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pure: no store, no clock, no text. Times are whole seconds. The life of a triplet:
//   unknown -> waiting       the first attempt is refused
//   waiting -> waiting       refused while younger than `delay`
//   waiting -> passed        accepted when `delay` <= age < `retry_window`, or released by hand
//   waiting -> unknown       nobody came back within `retry_window`
//   passed  -> passed        accepted at once, each time for another `lifetime`
//   passed  -> unknown       not seen for `lifetime`
#pragma once

#include <optional>

#include "policyd/checks/greylist_record.hh"

namespace policy {

struct GreylistRules {
  Seconds delay = 240;
  Seconds retry_window = 172'800;
  Seconds lifetime = 3'024'000;
  std::uint32_t auto_whitelist_after = 5;  // 0: never
  Seconds auto_whitelist_lifetime = 3'024'000;
};

enum class GreylistOutcome {
  first,   // never seen, or forgotten: refused
  early,   // came back before the delay was over: refused
  passed,  // came back in time: accepted, a success of its network
  known,   // has passed before: accepted
};

struct GreylistDecision {
  GreylistOutcome outcome = GreylistOutcome::first;
  Seconds wait = 0;  // refused: seconds until an attempt will pass
  Seconds age = 0;   // since the first attempt
  Triplet triplet{};
  bool changed = true;  // the record must be written
  Seconds expires = 0;
};

// `known` is the record found; `fresh` holds the three texts of this attempt.
GreylistDecision decide(const std::optional<Triplet>& known, Triplet fresh, Seconds now,
                        const GreylistRules& rules);

// True when the network's clients need not wait any more.
bool is_trusted(const Network& network, Seconds now, const GreylistRules& rules);

// The network's record after one more triplet of it has passed.
Network after_success(const std::optional<Network>& known, std::string_view text, Seconds now,
                      const GreylistRules& rules);

}  // namespace policy
