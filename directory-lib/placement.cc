// directory-lib/placement.cc -- new users placed on stores, and users moved between them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstring>
#include <optional>

#include "base/random.hh"
#include "base/text.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

// How long stores and what they hold are believed: others write too, ExtMan among them.
constexpr auto book_lasts = std::chrono::seconds(5);

base::Error no_room(const Store& store, const StoreUse& use) {
  return base::make_error(Errc::over_quota, "the quotas on store " + store.name + " may sum to " +
                                                std::to_string(store.room.count) + " bytes, " +
                                                std::to_string(use.quota.count) + " are given out");
}

std::uint64_t roll_dice() {
  std::uint64_t dice = 0;
  std::memcpy(&dice, base::random_bytes(sizeof dice).data(), sizeof dice);
  return dice;
}

// The stores that may be chosen for a user; nothing when its mail host is none of a store's and so
// stands for itself, as on a site without stores.
std::optional<std::vector<const Store*>> open_stores(const std::vector<Store>& stores,
                                                     const std::string& mail_host) {
  std::vector<const Store*> found;
  bool is_known_host = false;
  for (const Store& store : stores) {
    if (mail_host.empty() || store.mail_host == mail_host) {
      is_known_host = true;
      if (store.open && store.weight != 0) {
        found.push_back(&store);
      }
    }
  }
  return is_known_host ? std::optional(std::move(found)) : std::nullopt;
}

StoreUse& use_of(std::vector<StoreUse>& uses, const std::vector<Store>& stores,
                 const Store* store) {
  return uses.at(static_cast<std::size_t>(store - stores.data()));
}

MovedUser moved_to(const User& before, const Store* from, const Store& to) {
  MovedUser moved{before, before, from == nullptr ? "" : from->name, to.name};
  moved.after.mail_host = to.mail_host;
  moved.after.home = path_on(from, to, before.home);
  moved.after.maildir = path_on(from, to, before.maildir);
  return moved;
}

}  // namespace

void Directory::forget_old_book() {
  if (book_ && base::system_clock().ticks() - book_->read >= book_lasts) {
    book_.reset();
  }
}

// Within together() it is kept whatever its age: a backend may not see what is only gathered. Nor
// is it read anew between the question for stores and that for what they hold.
base::Result<const Directory::StoreBook*> Directory::store_book(bool with_uses) {
  if (!is_together_ && !with_uses) {
    forget_old_book();
  }
  if (!book_) {
    auto stores = read_stores();
    if (!stores) {
      return stores.error();
    }
    book_ = StoreBook{std::move(*stores), {}, base::system_clock().ticks()};
  }
  if (with_uses && !book_->uses) {
    auto uses = read_use(book_->stores);
    if (!uses) {
      return uses.error();
    }
    book_->uses = std::move(*uses);
  }
  return &*book_;
}

void Directory::tally(const User* before, const User* after) {
  if (!book_ || !book_->uses) {
    return;
  }
  if (is_rehearsal_ && !is_together_) {
    book_.reset();
    return;
  }
  if (before != nullptr) {
    if (const Store* store = store_of(book_->stores, before->mail_host, before->home)) {
      StoreUse& use = use_of(*book_->uses, book_->stores, store);
      use.users -= std::min<std::uint64_t>(use.users, 1);
      use.quota.count -= std::min(use.quota.count, before->quota.count);
    }
  }
  if (after != nullptr) {
    if (const Store* store = store_of(book_->stores, after->mail_host, after->home)) {
      StoreUse& use = use_of(*book_->uses, book_->stores, store);
      ++use.users;
      use.quota.count += after->quota.count;
    }
  }
}

base::Result<const Store*> Directory::named_store(const StoreBook& book, std::string_view name) {
  const std::string key = base::to_lower(name);
  for (const Store& store : book.stores) {
    if (store.name == key) {
      return &store;
    }
  }
  return unknown_store(name);
}

base::Result<const Store*> Directory::choose(const StoreBook& book, const User& user) {
  const auto candidates = open_stores(book.stores, user.mail_host);
  const Store* chosen = nullptr;
  if (!candidates) {
    return chosen;
  }
  if (candidates->size() == 1) {
    return candidates->front();
  }
  if (!candidates->empty()) {
    if (const auto counted = store_book(true); !counted) {
      return counted.error();
    }
    std::vector<StoreUse> uses;
    uses.reserve(candidates->size());
    for (const Store* store : *candidates) {
      uses.push_back(use_of(*book_->uses, book_->stores, store));
    }
    chosen = choose_store(*candidates, uses, user.quota, roll_dice());
  }
  if (chosen == nullptr) {
    return base::make_error(Errc::over_quota, "no store takes a user of this quota",
                            "posthouse store list shows weight, room and state");
  }
  return chosen;
}

base::Result<void> Directory::place(const Domain& domain, const Placing& placing, User& user) {
  const auto book = store_book(false);
  if (!book) {
    return book.error();
  }
  if (!placing.store.empty()) {
    if (auto ok = check_admin("choose the store"); !ok) {
      return ok.error();
    }
  }
  const auto chosen =
      placing.store.empty() ? choose(**book, user) : named_store(**book, placing.store);
  if (!chosen) {
    return chosen.error();
  }
  Store here;
  here.mail_host = user.mail_host;
  const Store& store = *chosen != nullptr ? **chosen : here;
  auto home = placing.home(store, domain);
  if (!home) {
    return home.error();
  }
  user.mail_host = store.mail_host;
  user.home = std::move(*home);
  return check_places(nullptr, user);
}

// A user on a store may stay there whatever became of it; coming to it, or a larger quota, is what
// state and room forbid.
base::Result<void> Directory::check_places(const User* before, const User& after) {
  const auto read = store_book(false);
  if (!read) {
    return read.error();
  }
  const auto& stores = (*read)->stores;
  const Store* store = store_of(stores, after.mail_host, after.home);
  const bool stays =
      before != nullptr && store_of(stores, before->mail_host, before->home) == store;
  const std::uint64_t held = stays ? before->quota.count : 0;
  if (store == nullptr || (stays && after.quota.count <= held)) {
    return {};
  }
  if (!stays && !store->open) {
    return base::make_error(Errc::denied, "store " + store->name + " is closed",
                            "posthouse store set " + store->name + " --state open");
  }
  if (store->room.count == 0) {
    return {};
  }
  const auto counted = store_book(true);
  if (!counted) {
    return counted.error();
  }
  StoreUse use = use_of(*book_->uses, stores, store);
  use.quota.count -= std::min(use.quota.count, held);
  return has_room(*store, use, after.quota) ? base::Result<void>() : no_room(*store, use);
}

base::Result<MovedUser> Directory::move_user(std::string_view address, std::string_view store) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("user", address);
  }
  MovedUser moved;
  auto done =
      transact({"user move", key->key(), key->domain}, [&](Deed& deed) -> base::Result<void> {
        for (auto ok : {check_owner(key->domain), check_admin("move a home")}) {
          if (!ok) {
            return ok.error();
          }
        }
        auto before = read_user(*key);
        const auto book = store_book(false);
        if (!before || !book) {
          return before ? book.error() : before.error();
        }
        const auto to = named_store(**book, store);
        if (!to) {
          return to.error();
        }
        const Store* from = store_of((*book)->stores, before->mail_host, before->home);
        if (from == *to) {
          return taken(before->address, "on store " + from->name + " already");
        }
        moved = moved_to(*before, from, **to);
        deed.detail = "from " + (from == nullptr ? "no store" : from->name) + " to " + moved.to +
                      ": " + differences(*before, moved.after);
        for (auto ok : {check_path(moved.after.home), check_path(moved.after.maildir),
                        check_places(&*before, moved.after)}) {
          if (!ok) {
            return ok.error();
          }
        }
        return replace_user(moved.after);
      });
  if (!done) {
    return done.error();
  }
  tally(&moved.before, &moved.after);
  return moved;
}

}  // namespace directory
