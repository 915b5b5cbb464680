// policyd/checks/rate_ledger.hh -- what messages under way have reserved of the rates.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// In memory alone: a message that a restart interrupts is counted at its end, not before. At most
// one hold a connection of Postfix. One thread.
#pragma once

#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/clock.hh"

#include "policyd/store/store.hh"

namespace policy {

class RateLedger;

struct RateHeld {
  std::uint32_t messages = 0;
  std::uint32_t recipients = 0;
};

// What one message holds under each of its keys; given back when this ends.
class RateHold {
 public:
  // See RateLedger::begin().
  RateHold(std::shared_ptr<RateLedger> ledger, std::vector<Key> keys);
  RateHold(const RateHold&) = delete;
  RateHold& operator=(const RateHold&) = delete;
  ~RateHold();

  const RateHeld& held() const { return held_; }
  void reserve(const RateHeld& more, base::WallTime now);
  void give_back_recipient();
  void give_back_all();

 private:
  friend class RateLedger;
  void change(const RateHeld& to);

  std::shared_ptr<RateLedger> ledger_;
  std::vector<Key> keys_;
  RateHeld held_{};
  base::WallTime since_{};
  std::list<RateHold*>::iterator place_;
};

class RateLedger : public std::enable_shared_from_this<RateLedger> {
 public:
  std::shared_ptr<RateHold> begin(std::vector<Key> keys);

  // What all messages together hold of a key.
  RateHeld held(const Key& key) const;
  // Gives back what was reserved longer ago than `age`.
  void expire(base::WallTime now, std::chrono::milliseconds age);

 private:
  friend class RateHold;
  std::unordered_map<Key, RateHeld, KeyHasher> held_{};
  std::list<RateHold*> holds_{};  // the one that reserved last at the end
};

}  // namespace policy
