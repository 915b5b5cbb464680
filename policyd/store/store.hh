// policyd/store/store.hh -- the one interface to state that outlives a request.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A store keeps rows in tables: a short key, a value, and the second from which the row may be
// forgotten. What a value means is the business of the check that owns the table; its layout is
// written down in docs/formats/. lmdb_store.hh keeps rows on disk, memory_store.hh is for tests; a
// store shared by several hosts would be a third.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hh"
#include "base/result.hh"

#include "policyd/siphash.hh"

namespace policy {

// Seconds since 1970, as they stand on disk: enough until 2106.
using Seconds = std::uint32_t;

inline Seconds seconds_of(base::WallTime time) {
  return static_cast<Seconds>(std::chrono::floor<std::chrono::seconds>(time).time_since_epoch() /
                              std::chrono::seconds(1));
}

// The numbers stand in the expiry index on disk: DO NOT CHANGE, only add.
enum class Table : std::uint8_t {
  triplets = 1,         // greylist: sender, recipient, client network
  networks = 2,         // greylist: client networks with their successes
  rates = 3,            // counted mail of logins, clients and domains
  traps = 4,            // clients and networks that wrote to a trap
  domains = 10,         // greylist: domains whose SPF names the client, with their successes
  correspondents = 11,  // greylist: whom users of ours have written to
};

// At most 20 bytes; ordered by table, then bytes.
class Key {
 public:
  static constexpr std::size_t capacity = 20;

  Key() = default;
  // `bytes` beyond the capacity are cut.
  Key(Table table, std::string_view bytes) : table_(table) {
    size_ = static_cast<std::uint8_t>(bytes.size() < capacity ? bytes.size() : capacity);
    std::copy_n(bytes.begin(), size_, bytes_.begin());
  }

  Table table() const { return table_; }
  std::string_view bytes() const { return {bytes_.data(), size_}; }
  bool operator==(const Key& other) const {
    return table_ == other.table_ && bytes() == other.bytes();
  }
  bool operator<(const Key& other) const {
    return table_ != other.table_ ? table_ < other.table_ : bytes() < other.bytes();
  }

 private:
  Table table_ = Table::triplets;
  std::uint8_t size_ = 0;
  std::array<char, capacity> bytes_{};
};

// Keys are results of a keyed hash already: any eight of their bytes will do.
struct KeyHasher {
  std::size_t operator()(const Key& key) const {
    std::size_t word = 0;
    const std::string_view bytes = key.bytes();
    const std::size_t count = bytes.size() < sizeof word ? bytes.size() : sizeof word;
    std::memcpy(&word, bytes.data() + bytes.size() - count, count);
    return word ^ static_cast<std::size_t>(key.table());
  }
};

struct Row {
  std::string value{};
  Seconds expires = 0;
};

class Store {
 public:
  Store() = default;
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  virtual ~Store() = default;

  // The key of the hash that makes keys, made with the store and kept in it. unavailable while the
  // store is not open.
  virtual base::Result<HashKey> hash_key() = 0;

  // The row as of the last put, whether on disk yet or not; expired rows may still be given.
  // unavailable when the store cannot be read now.
  virtual base::Result<std::optional<Row>> get(const Key& key) = 0;

  // Takes the row; a later get() sees it at once. unavailable when it cannot be kept.
  virtual base::Result<void> put(const Key& key, Row row) = 0;
  virtual base::Result<void> erase(const Key& key) = 0;

  // Calls `visit` for each row of `table` whose key starts with `prefix`, in order of keys, until
  // it returns false. Not on a loop thread unless `visit` ends soon.
  using Visitor = std::function<bool(const Key& key, const Row& row)>;
  virtual base::Result<void> scan(Table table, std::string_view prefix, const Visitor& visit) = 0;
};

}  // namespace policy
