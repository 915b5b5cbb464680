// policyd/store/memory_store.hh -- a store that forgets all: for tests and replays.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>

#include "policyd/store/store.hh"

namespace policy {

class MemoryStore final : public Store {
 public:
  base::Result<HashKey> hash_key() override;
  base::Result<std::optional<Row>> get(const Key& key) override;
  base::Result<void> put(const Key& key, Row row) override;
  base::Result<void> erase(const Key& key) override;
  base::Result<void> scan(Table table, std::string_view prefix, const Visitor& visit) override;

  // From now on every call gives unavailable, or works again.
  void break_down(bool broken) { broken_ = broken; }
  std::size_t writes() const { return writes_; }

 private:
  base::Result<void> ask() const;

  std::map<Key, Row> rows_{};
  bool broken_ = false;
  std::size_t writes_ = 0;
};

}  // namespace policy
