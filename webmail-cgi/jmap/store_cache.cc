// webmail-cgi/jmap/store_cache.cc -- the Stores of accounts in use, as many as memory is meant for.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "base/clock.hh"

#include "webmail-cgi/jmap/store.hh"

namespace webmail::jmap {

namespace {

constexpr std::size_t max_stores = 256;
constexpr std::size_t max_mails = 2'000'000;  // of all Stores together; some 300 bytes each

struct Slot {
  std::string maildir;
  std::mutex mutex;              // held by the StoreLock
  std::unique_ptr<Store> store;  // none until it could be opened
  std::size_t mails = 0;         // as it was when last unlocked; under the cache's mutex
};

class StoreCache {
 public:
  // The account's slot, now the one used last.
  std::shared_ptr<Slot> find(const std::string& maildir) {
    const std::lock_guard lock(mutex_);
    auto found = std::find_if(slots_.begin(), slots_.end(),
                              [&maildir](const auto& slot) { return slot->maildir == maildir; });
    if (found == slots_.end()) {
      slots_.push_back(std::make_shared<Slot>());
      slots_.back()->maildir = maildir;
      found = std::prev(slots_.end());
    }
    std::rotate(slots_.begin(), found, std::next(found));
    return slots_.front();
  }

  // Notes the size of a slot and lets go of those not used for longest. What is locked lives on
  // until its user is done.
  void note(Slot& slot, std::size_t mails) {
    const std::lock_guard lock(mutex_);
    slot.mails = mails;
    std::size_t total = 0;
    std::size_t kept = 0;
    while (kept < slots_.size() && kept < max_stores) {
      total += slots_[kept]->mails;
      if (kept > 0 && total > max_mails) {
        break;
      }
      ++kept;
    }
    slots_.resize(kept);
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_ptr<Slot>> slots_;  // the one used last in front
};

StoreCache& cache() {
  static StoreCache stores;
  return stores;
}

}  // namespace

base::Result<StoreLock> StoreLock::take(const Account& account) {
  const std::shared_ptr<Slot> slot = cache().find(account.maildir);
  std::unique_lock lock(slot->mutex);
  if (!slot->store) {
    auto store = Store::open(account.maildir);
    if (!store) {
      return store.error();
    }
    slot->store = std::move(*store);
  }
  const auto refreshed = slot->store->refresh(base::system_clock().now());
  if (!refreshed) {
    slot->store.reset();  // the Maildir may have been moved: open it anew next time
    return refreshed.error();
  }
  cache().note(*slot, slot->store->size());
  Store* store = slot->store.get();
  return StoreLock(slot, std::move(lock), store);
}

}  // namespace webmail::jmap
