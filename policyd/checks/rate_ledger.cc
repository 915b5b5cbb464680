// policyd/checks/rate_ledger.cc -- reserving and giving back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/rate_ledger.hh"

#include "base/metrics.hh"

namespace policy {

namespace {

base::Gauge holds_gauge("policyd_rate_reserving_messages",
                        "Messages under way that hold a part of a rate now.");

}  // namespace

RateHold::RateHold(std::shared_ptr<RateLedger> ledger, std::vector<Key> keys)
    : ledger_(std::move(ledger)),
      keys_(std::move(keys)),
      place_(ledger_->holds_.insert(ledger_->holds_.end(), this)) {
  holds_gauge.add(1);
}

RateHold::~RateHold() {
  give_back_all();
  ledger_->holds_.erase(place_);
  holds_gauge.add(-1);
}

void RateHold::reserve(const RateHeld& more, base::WallTime now) {
  change({held_.messages + more.messages, held_.recipients + more.recipients});
  since_ = now;
  ledger_->holds_.splice(ledger_->holds_.end(), ledger_->holds_, place_);
}

void RateHold::give_back_recipient() {
  if (held_.recipients > 0) {
    change({held_.recipients == 1 ? 0 : held_.messages, held_.recipients - 1});
  }
}

void RateHold::give_back_all() {
  change({});
}

void RateHold::change(const RateHeld& to) {
  for (const Key& key : keys_) {
    RateHeld& all = ledger_->held_[key];
    all.messages += to.messages - held_.messages;
    all.recipients += to.recipients - held_.recipients;
    if (all.messages == 0 && all.recipients == 0) {
      ledger_->held_.erase(key);
    }
  }
  held_ = to;
}

std::shared_ptr<RateHold> RateLedger::begin(std::vector<Key> keys) {
  return std::make_shared<RateHold>(shared_from_this(), std::move(keys));
}

RateHeld RateLedger::held(const Key& key) const {
  const auto found = held_.find(key);
  return found == held_.end() ? RateHeld{} : found->second;
}

// A hold that has nothing any more goes to the end, where it is not looked at again and again.
void RateLedger::expire(base::WallTime now, std::chrono::milliseconds age) {
  while (!holds_.empty()) {
    RateHold& oldest = *holds_.front();
    if (now - oldest.since_ < age) {
      break;
    }
    oldest.give_back_all();
    oldest.since_ = now;
    holds_.splice(holds_.end(), holds_, oldest.place_);
  }
}

}  // namespace policy
