// directory-lib/stores.cc -- which store a home lies on, and the choice of one by weight and room.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/stores.hh"

#include <algorithm>

#include "base/must.hh"

namespace directory {

namespace {

// A free share is counted in so many parts: fine enough, and no product overflows.
constexpr std::uint64_t parts = 1'000'000;

bool lies_in(std::string_view path, std::string_view folder) {
  return folder.empty() ||
         (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/');
}

std::uint64_t free_parts(const Store& store, const StoreUse& use) {
  if (store.room.count == 0) {
    return parts;
  }
  const std::uint64_t left =
      store.room.count > use.quota.count ? store.room.count - use.quota.count : 0;
  const double share = static_cast<double>(left) / static_cast<double>(store.room.count);
  return std::max<std::uint64_t>(1, static_cast<std::uint64_t>(share * parts));
}

}  // namespace

const Store* store_of(std::span<const Store> stores, std::string_view mail_host,
                      std::string_view home) {
  const Store* best = nullptr;
  for (const Store& store : stores) {
    const bool is_deeper = best == nullptr || store.folder.size() > best->folder.size();
    if (store.mail_host == mail_host && lies_in(home, store.folder) && is_deeper) {
      best = &store;
    }
  }
  return best;
}

StoreTally::StoreTally(std::span<const Store> stores) : stores_(stores), uses_(stores.size()) {}

void StoreTally::add(std::string_view mail_host, std::string_view home, std::uint64_t users,
                     base::Bytes quota) {
  const Store* store = store_of(stores_, mail_host, home);
  if (store == nullptr) {
    return;
  }
  StoreUse& use = uses_[static_cast<std::size_t>(store - stores_.data())];
  use.users += users;
  use.quota.count += quota.count;
}

bool has_room(const Store& store, const StoreUse& use, base::Bytes quota) {
  if (store.room.count == 0) {
    return true;
  }
  return use.quota.count < store.room.count && quota.count <= store.room.count - use.quota.count;
}

const Store* choose_store(std::span<const Store* const> stores, std::span<const StoreUse> uses,
                          base::Bytes quota, std::uint64_t dice) {
  base::must(stores.size() == uses.size() && stores.size() <= store_limit,
             "every store comes with its use");
  std::uint64_t sum = 0;
  std::vector<std::uint64_t> ends;
  ends.reserve(stores.size());
  for (std::size_t i = 0; i < stores.size(); ++i) {
    const Store& store = *stores[i];
    if (store.open && has_room(store, uses[i], quota)) {
      sum += std::min(store.weight, store_weight_limit) * free_parts(store, uses[i]);
    }
    ends.push_back(sum);
  }
  if (sum == 0) {
    return nullptr;
  }
  const auto at = std::upper_bound(ends.begin(), ends.end(), dice % sum);
  return stores[static_cast<std::size_t>(at - ends.begin())];
}

std::string path_on(const Store* from, const Store& to, std::string_view path) {
  if (from != nullptr && !from->folder.empty() && lies_in(path, from->folder)) {
    path.remove_prefix(from->folder.size() + 1);
  }
  return to.folder.empty() ? std::string(path) : to.folder + "/" + std::string(path);
}

}  // namespace directory
