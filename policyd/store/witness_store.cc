// policyd/store/witness_store.cc -- keeping rows before they change, and showing them again.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/store/witness_store.hh"

#include "base/must.hh"

namespace policy {

void WitnessStore::keep(const Key& key) {
  if (before_ == nullptr || before_->contains(key)) {
    return;
  }
  if (auto row = store_.get(key); row) {
    before_->emplace(key, std::move(*row));
  }
}

base::Result<void> WitnessStore::put(const Key& key, Row row) {
  keep(key);
  return store_.put(key, std::move(row));
}

base::Result<void> WitnessStore::erase(const Key& key) {
  keep(key);
  return store_.erase(key);
}

base::Result<std::optional<Row>> BeforeStore::get(const Key& key) {
  if (before_ != nullptr) {
    if (const auto at = before_->find(key); at != before_->end()) {
      return at->second;
    }
  }
  return store_.get(key);
}

// A check that writes in a rehearsal would change the live state.
base::Result<void> BeforeStore::put(const Key& /*key*/, Row /*row*/) {
  base::must(false, "a rehearsal writes nothing");
  return {};
}

base::Result<void> BeforeStore::erase(const Key& /*key*/) {
  base::must(false, "a rehearsal writes nothing");
  return {};
}

}  // namespace policy
