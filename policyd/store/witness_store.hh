// policyd/store/witness_store.hh -- the rows as they were before a request changed them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Settings in shadow are tried on a request after the live ones have decided, and have written
// what follows from it. To see what the live checks saw, the live engine writes through a
// WitnessStore, which keeps the rows from before, and the shadow reads through a BeforeStore.
#pragma once

#include <map>
#include <optional>

#include "policyd/store/store.hh"

namespace policy {

// The rows that one request changed, as they were; nothing where there was none.
using Before = std::map<Key, std::optional<Row>>;

// Everything goes to the store behind it. One thread.
class WitnessStore final : public Store {
 public:
  explicit WitnessStore(Store& store) : store_(store) {}

  // Keeps rows in `before` from now on; null: keeps none.
  void record(Before* before) { before_ = before; }

  base::Result<HashKey> hash_key() override { return store_.hash_key(); }
  base::Result<std::optional<Row>> get(const Key& key) override { return store_.get(key); }
  base::Result<void> put(const Key& key, Row row) override;
  base::Result<void> erase(const Key& key) override;
  base::Result<void> scan(Table table, std::string_view prefix, const Visitor& visit) override {
    return store_.scan(table, prefix, visit);
  }

 private:
  void keep(const Key& key);

  Store& store_;
  Before* before_ = nullptr;
};

// Reads the store behind it as it was before; nothing can be written. One thread.
class BeforeStore final : public Store {
 public:
  explicit BeforeStore(Store& store) : store_(store) {}

  void show(const Before* before) { before_ = before; }

  base::Result<HashKey> hash_key() override { return store_.hash_key(); }
  base::Result<std::optional<Row>> get(const Key& key) override;
  base::Result<void> put(const Key& key, Row row) override;
  base::Result<void> erase(const Key& key) override;
  // As it is now.
  base::Result<void> scan(Table table, std::string_view prefix, const Visitor& visit) override {
    return store_.scan(table, prefix, visit);
  }

 private:
  Store& store_;
  const Before* before_ = nullptr;
};

}  // namespace policy
