// directory-lib/stores.hh -- where homes may lie, and which place a new user gets.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A store is a folder below the mail root of a host: a disk mounted there, or all of the root. A
// user is on the store whose host is the user's mail host and whose folder the home begins with;
// the user's own fields are the truth, and what a store holds is counted from them.
// docs/notes/0054-stores.md.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "base/settings.hh"

#include "directory-lib/entries.hh"

namespace directory {

struct Store {
  std::string name;          // "store1", in lower case
  std::string mail_host;     // as User::mail_host; empty: this host
  std::string folder;        // one folder below the mail root; empty: the mail root itself
  std::uint64_t weight = 1;  // its share of new users; 0: only who is put there by name
  base::Bytes room;          // what the quotas of its users may sum to; 0: no limit
  bool open = true;          // false: takes no new users
  base::WallTime created;
  bool operator==(const Store&) const = default;
};
inline constexpr std::size_t store_limit = 1000;
inline constexpr std::uint64_t store_weight_limit = 1'000'000;

// What a store holds.
struct StoreUse {
  std::uint64_t users = 0;
  base::Bytes quota;  // the sum of its users' quotas; of those without one nothing
  bool operator==(const StoreUse&) const = default;
};

struct UsedStore {
  Store store;
  StoreUse use;
};

// The new home of a user, relative to the mail root and below the store's folder.
using HomeOn = std::function<base::Result<std::string>(const Store& store, const Domain& domain)>;

// How a new user is placed.
struct Placing {
  std::string store;  // this one; empty: by weight and room
  HomeOn home;
};

// Where a user was, and is now.
struct MovedUser {
  User before;
  User after;
  std::string from;  // the store's name; empty when it was on none
  std::string to;
};

// The store that a home on a host lies on; nullptr when none does.
const Store* store_of(std::span<const Store> stores, std::string_view mail_host,
                      std::string_view home);

// Sums up who is on which store.
class StoreTally {
 public:
  // The stores must outlive it.
  explicit StoreTally(std::span<const Store> stores);
  // Users of one host whose homes begin with one folder.
  void add(std::string_view mail_host, std::string_view home, std::uint64_t users,
           base::Bytes quota);
  // In the order of the stores.
  std::vector<StoreUse> take() { return std::move(uses_); }

 private:
  std::span<const Store> stores_;
  std::vector<StoreUse> uses_;
};

// Whether a quota fits into what is left. Without a quota a user fits while anything is left.
bool has_room(const Store& store, const StoreUse& use, base::Bytes quota);

// One of the stores, each with a chance of its weight times its free share; nullptr when none is
// open, has a weight, and has room. `uses` in the order of the stores; `dice` is any number.
const Store* choose_store(std::span<const Store* const> stores, std::span<const StoreUse> uses,
                          base::Bytes quota, std::uint64_t dice);

// The same path on another store: its first folder changed, the rest kept as it was chosen.
std::string path_on(const Store* from, const Store& to, std::string_view path);

}  // namespace directory
