// directory-lib/reverse.cc -- walking the aliases until no new address leads to the mailbox.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/reverse.hh"

#include <algorithm>
#include <set>

#include "directory-lib/resolve.hh"

namespace directory {

namespace {

// Addresses in the order found.
class Known {
 public:
  bool has(const std::string& address) const { return set_.contains(address); }
  void add(const std::string& address) {
    if (set_.insert(address).second) {
      list_.push_back(address);
    }
  }
  std::vector<std::string>& list() { return list_; }

 private:
  std::vector<std::string> list_{};
  std::set<std::string> set_{};
};

// "@new.example" leads to "@example.org": alice@new.example is alice@example.org, unless it is
// somebody's own.
base::Result<void> add_by_domain(Directory& directory, const std::string& user, const Alias& alias,
                                 base::WallTime now, Known& known) {
  for (const std::string& target : alias.targets) {
    if (!target.starts_with('@')) {
      continue;
    }
    const std::vector<std::string> before = known.list();
    for (const std::string& address : before) {
      const std::size_t at = address.rfind('@');
      const std::string candidate = address.substr(0, at) + alias.address;
      if (address.substr(at) != target || known.has(candidate)) {
        continue;
      }
      const auto reached = resolve(directory, candidate, now);
      if (!reached && reached.error().code != base::Errc::not_found &&
          reached.error().code != base::Errc::over_quota) {
        return reached.error();
      }
      if (reached && std::any_of(reached->begin(), reached->end(), [&user](const Recipient& one) {
            return one.is_mailbox && one.address == user;
          })) {
        known.add(candidate);
      }
    }
  }
  return {};
}

// One walk over all aliases.
base::Result<void> walk(Directory& directory, const std::string& user, base::WallTime now,
                        Known& known) {
  std::string after;
  do {
    const auto page = directory.list_aliases("", after, page_limit);
    if (!page) {
      return page.error();
    }
    for (const Alias& alias : page->items) {
      if (!alias.enabled || is_expired(alias.expires, now)) {
        continue;
      }
      if (alias.address.starts_with('@')) {
        if (auto added = add_by_domain(directory, user, alias, now, known); !added) {
          return added;
        }
      } else if (std::any_of(alias.targets.begin(), alias.targets.end(),
                             [&known](const std::string& one) { return known.has(one); })) {
        known.add(alias.address);
      }
    }
    after = page->next;
  } while (!after.empty());
  return {};
}

}  // namespace

base::Result<std::vector<std::string>> addresses_of(Directory& directory, std::string_view user,
                                                    base::WallTime now) {
  const auto found = directory.find_user(user);
  if (!found) {
    return found.error();
  }
  Known known;
  known.add(found->address);
  std::size_t before = 0;
  for (std::size_t round = 0; round < resolve_depth && known.list().size() > before; ++round) {
    before = known.list().size();
    if (auto walked = walk(directory, found->address, now, known); !walked) {
      return walked.error();
    }
  }
  return std::move(known.list());
}

}  // namespace directory
