// policyd/store/memory_store.cc -- rows in a map.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/store/memory_store.hh"

namespace policy {

base::Result<void> MemoryStore::ask() const {
  if (broken_) {
    return base::make_error(base::Errc::unavailable, "the store is broken down");
  }
  return {};
}

base::Result<HashKey> MemoryStore::hash_key() {
  if (auto asked = ask(); !asked) {
    return asked.error();
  }
  return HashKey{1, 2, 3, 4};
}

base::Result<std::optional<Row>> MemoryStore::get(const Key& key) {
  if (auto asked = ask(); !asked) {
    return asked.error();
  }
  const auto found = rows_.find(key);
  return found == rows_.end() ? std::optional<Row>() : std::optional<Row>(found->second);
}

base::Result<void> MemoryStore::put(const Key& key, Row row) {
  if (auto asked = ask(); !asked) {
    return asked;
  }
  ++writes_;
  rows_[key] = std::move(row);
  return {};
}

base::Result<void> MemoryStore::erase(const Key& key) {
  if (auto asked = ask(); !asked) {
    return asked;
  }
  ++writes_;
  rows_.erase(key);
  return {};
}

base::Result<void> MemoryStore::scan(Table table, std::string_view prefix, const Visitor& visit) {
  for (auto row = rows_.lower_bound(Key(table, prefix)); row != rows_.end(); ++row) {
    if (row->first.table() != table || !row->first.bytes().starts_with(prefix) ||
        !visit(row->first, row->second)) {
      break;
    }
  }
  return ask();
}

}  // namespace policy
