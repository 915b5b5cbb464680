// webmail-cgi/jmap/store.cc -- the indexes of accounts in use, as many as memory is meant for.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/store.hh"

#include <algorithm>
#include <atomic>

#include "base/clock.hh"

namespace webmail::jmap {

namespace {

constexpr std::size_t max_open = 256;
constexpr std::int64_t max_mails = 5'000'000;  // of all open indexes; some 100 bytes each

struct Slot {
  std::string maildir;
  std::mutex mutex;  // held by the StoreLock
  std::unique_ptr<maildir::Index> index;
  std::atomic<bool> is_unfinished{false};
  std::atomic<bool> is_distrusted{false};
  std::int64_t mails = 0;  // as it was when last unlocked; under the cache's mutex
};
using SlotPtr = std::shared_ptr<Slot>;

class StoreCache {
 public:
  // The account's slot, now the one used last.
  SlotPtr use(const std::string& maildir) {
    const std::lock_guard lock(mutex_);
    auto found = at(maildir);
    if (found == slots_.end()) {
      slots_.push_back(std::make_shared<Slot>());
      slots_.back()->maildir = maildir;
      found = std::prev(slots_.end());
    }
    std::rotate(slots_.begin(), found, std::next(found));
    return slots_.front();
  }

  SlotPtr find(const std::string& maildir) {
    const std::lock_guard lock(mutex_);
    const auto found = at(maildir);
    return found == slots_.end() ? nullptr : *found;
  }

  // Notes the size of a slot and lets go of those not used for longest. What is locked lives on
  // until its user is done.
  void note(Slot& slot) {
    const std::lock_guard lock(mutex_);
    slot.mails = slot.index->size();
    std::int64_t total = 0;
    std::size_t kept = 0;
    while (kept < slots_.size() && kept < max_open) {
      total += slots_[kept]->mails;
      if (kept > 0 && total > max_mails) {
        break;
      }
      ++kept;
    }
    slots_.resize(kept);
  }

  void set_report(IndexReport report) {
    const std::lock_guard lock(mutex_);
    report_ = std::move(report);
  }
  IndexReport report() {
    const std::lock_guard lock(mutex_);
    return report_;
  }

 private:
  std::vector<SlotPtr>::iterator at(const std::string& maildir) {
    return std::find_if(slots_.begin(), slots_.end(),
                        [&maildir](const auto& slot) { return slot->maildir == maildir; });
  }

  std::mutex mutex_;
  std::vector<SlotPtr> slots_;  // the one used last in front
  IndexReport report_;
};

StoreCache& cache() {
  static StoreCache stores;
  return stores;
}

base::Result<void> open_and_refresh(Slot& slot, const Account& account) {
  if (slot.index && !slot.index->is_in_place()) {
    slot.index.reset();  // somebody removed the file
  }
  if (!slot.index) {
    auto index = maildir::Index::open(
        {account.maildir, account.home + "/ids.log", account.index, account.tiers});
    if (!index) {
      return index.error();
    }
    slot.index = std::move(*index);
  }
  return slot.index->refresh(base::system_clock().now());
}

}  // namespace

base::Result<StoreLock> StoreLock::take(const Account& account) {
  const SlotPtr slot = cache().use(account.maildir);
  std::unique_lock lock(slot->mutex);
  auto ready = slot->is_distrusted.exchange(false)
                   ? base::Result<void>(base::make_error(base::Errc::corrupt, account.index))
                   : open_and_refresh(*slot, account);
  if (!ready && ready.error().code == base::Errc::corrupt) {
    if (const auto report = cache().report()) {
      report(account, ready.error());
    }
    slot->index.reset();
    maildir::IndexDb::remove(account.index);
    ready = open_and_refresh(*slot, account);
  }
  if (!ready) {
    return ready.error();
  }
  slot->is_unfinished = !slot->index->is_complete();
  cache().note(*slot);
  maildir::Index* index = slot->index.get();
  return StoreLock(slot, std::move(lock), index);
}

base::Result<void> build_index(const Account& account, std::chrono::milliseconds budget) {
  const auto store = StoreLock::take(account);
  if (!store) {
    return store.error();
  }
  auto built = (*store)->build(base::system_clock().ticks() + budget);
  if (const SlotPtr slot = cache().find(account.maildir)) {
    slot->is_unfinished = !(*store)->is_complete();
  }
  return built;
}

bool is_index_unfinished(const Account& account) {
  const SlotPtr slot = cache().find(account.maildir);
  return slot && slot->is_unfinished;
}

void distrust_index(const Account& account) {
  if (const SlotPtr slot = cache().find(account.maildir)) {
    slot->is_distrusted = true;
  }
}

void report_rebuilt_indexes(IndexReport report) {
  cache().set_report(std::move(report));
}

}  // namespace webmail::jmap
