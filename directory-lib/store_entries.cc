// directory-lib/store_entries.cc -- stores made, changed and removed, by admins.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>

#include "base/text.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/extman.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::size_t name_limit = 64;
constexpr std::size_t hash_length_limit = 4;  // of maildir-lib/layout.hh
constexpr std::string_view stores_right = "see or change stores";

bool is_word(std::string_view text, std::string_view marks) {
  return !text.empty() && text.size() <= name_limit && text.front() != '-' && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [marks](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  marks.find(c) != std::string_view::npos;
         });
}

bool is_hash_folder(std::string_view text) {
  return text.size() <= hash_length_limit &&
         text.find_first_not_of("0123456789ABCDEF") == std::string_view::npos;
}

base::Result<void> check_new_fields(const Store& store) {
  if (!is_word(store.name, "-_.")) {
    return base::make_error(Errc::malformed,
                            "'" + base::printable(store.name, 80) + "' is no name of a store",
                            "letters, digits, '-', '_' and '.'; at most 64");
  }
  if (!store.folder.empty() && (!is_word(store.folder, "-_") || is_hash_folder(store.folder))) {
    return base::make_error(
        Errc::malformed, "'" + base::printable(store.folder, 80) + "' is no folder of a store",
        "one folder below the mail root: letters, digits, '-' and '_'; not a hash as 7C");
  }
  if (store.weight > store_weight_limit) {
    return base::make_error(Errc::malformed,
                            "a weight is at most " + std::to_string(store_weight_limit));
  }
  if (auto ok = check_text("mail host", store.mail_host); !ok) {
    return ok.error();
  }
  const auto nexthop = extman::nexthop_of(store.mail_host);
  return nexthop ? base::Result<void>() : nexthop.error();
}

}  // namespace

base::Result<std::vector<UsedStore>> Directory::list_stores() {
  if (auto ok = check_admin(stores_right); !ok) {
    return ok.error();
  }
  auto stores = read_stores();
  if (!stores) {
    return stores.error();
  }
  const auto uses = read_use(*stores);
  if (!uses) {
    return uses.error();
  }
  std::vector<UsedStore> all;
  all.reserve(stores->size());
  for (std::size_t i = 0; i < stores->size(); ++i) {
    all.push_back({std::move((*stores)[i]), (*uses)[i]});
  }
  return all;
}

base::Result<UsedStore> Directory::find_store(std::string_view name) {
  auto all = list_stores();
  if (!all) {
    return all.error();
  }
  const std::string key = base::to_lower(name);
  for (UsedStore& one : *all) {
    if (one.store.name == key) {
      return std::move(one);
    }
  }
  return unknown_store(name);
}

// No two stores are one place.
base::Result<void> Directory::check_new_place(const Store& store) {
  const auto stores = read_stores();
  if (!stores) {
    return stores.error();
  }
  for (const Store& other : *stores) {
    if (other.name != store.name && other.mail_host == store.mail_host &&
        other.folder == store.folder) {
      return base::make_error(Errc::exists,
                              "store " + other.name + " has that mail host and folder already");
    }
  }
  return {};
}

base::Result<void> Directory::check_unused(const Store& store, std::string_view what) {
  const auto found = find_store(store.name);
  if (!found) {
    return found.error();
  }
  if (found->use.users == 0) {
    return {};
  }
  return base::make_error(Errc::denied,
                          std::to_string(found->use.users) + " users are on store " + store.name +
                              ": it " + std::string(what),
                          "posthouse store set " + store.name +
                              " --state closed keeps new ones away; posthouse user move "
                              "USER --to STORE");
}

base::Result<Store> Directory::add_store(Store store) {
  store.name = base::to_lower(store.name);
  store.created = born(store.created);
  auto done = transact(
      {"store add", base::printable(store.name, name_limit), "", particulars(store)},
      [&](Deed& /*deed*/) -> base::Result<void> {
        for (auto ok : {check_admin(stores_right), check_new_fields(store)}) {
          if (!ok) {
            return ok.error();
          }
        }
        const auto stores = read_stores();
        if (!stores) {
          return stores.error();
        }
        if (std::any_of(stores->begin(), stores->end(),
                        [&](const Store& x) { return x.name == store.name; })) {
          return taken(store.name, "a store already");
        }
        if (stores->size() >= store_limit) {
          return base::make_error(Errc::over_quota,
                                  "there are at most " + std::to_string(store_limit) + " stores");
        }
        auto ok = check_new_place(store);
        return ok ? insert_store(store) : ok;
      });
  book_.reset();
  return done ? base::Result<Store>(std::move(store)) : done.error();
}

base::Result<Store> Directory::update_store(std::string_view name, const Change<Store>& change) {
  const std::string key = base::to_lower(name);
  Store store;
  auto done = transact(
      {"store set", base::printable(key, name_limit), ""}, [&](Deed& deed) -> base::Result<void> {
        const auto found = find_store(key);
        if (!found) {
          return found.error();
        }
        const Store& before = found->store;
        store = before;
        if (auto ok = change(store); !ok) {
          return ok.error();
        }
        store.name = before.name;
        store.created = before.created;
        if (auto ok = check_new_fields(store); !ok) {
          return ok.error();
        }
        if (store.mail_host != before.mail_host || store.folder != before.folder) {
          for (auto ok :
               {check_unused(before, "keeps its mail host and folder"), check_new_place(store)}) {
            if (!ok) {
              return ok.error();
            }
          }
        }
        deed.detail = differences(before, store);
        return replace_store(store);
      });
  book_.reset();
  return done ? base::Result<Store>(std::move(store)) : done.error();
}

base::Result<Store> Directory::remove_store(std::string_view name) {
  const std::string key = base::to_lower(name);
  Store store;
  auto done = transact({"store del", base::printable(key, name_limit), ""},
                       [&](Deed& deed) -> base::Result<void> {
                         auto found = find_store(key);
                         if (!found) {
                           return found.error();
                         }
                         store = std::move(found->store);
                         deed.detail = particulars(store);
                         return erase_store(store.name);
                       });
  book_.reset();
  return done ? base::Result<Store>(std::move(store)) : done.error();
}

}  // namespace directory
