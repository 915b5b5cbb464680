// directory-lib/aliases.cc -- the rules of an alias: no clash, no reference to itself, no loop.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <deque>
#include <set>

#include "base/text.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/resolve.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::size_t alias_target_limit = resolve_recipients;

base::Error stands_for_itself(const std::string& address) {
  return base::make_error(Errc::malformed, address + " would stand for itself",
                          "leave it out of the targets");
}

base::Error loops(const std::string& address, const std::string& via) {
  const bool mailbox_missing = address.front() == '@' && via.ends_with(address);
  return base::make_error(
      Errc::malformed, "mail for " + address + " would come back to it by way of " + via,
      mailbox_missing ? "nobody has " + via + " yet: posthouse user add " + via : "");
}

}  // namespace

// Foreign targets keep the case of their local part; ours are stored as looked up.
base::Result<std::string> Directory::normal_target(const Alias& alias, std::string_view target) {
  if (target.starts_with('@')) {
    auto domain = mail::parse_domain(target.substr(1));
    if (!domain) {
      return domain.error();
    }
    if (alias.address.front() != '@') {
      return base::make_error(Errc::malformed,
                              "'@" + *domain + "' may stand only behind a catch-all",
                              "write a whole address");
    }
    return "@" + *domain;
  }
  const auto address = mail::parse_address(target);
  if (!address) {
    return address.error();
  }
  const auto domain = read_domain(address->domain);
  if (!domain && domain.error().code != Errc::not_found) {
    return domain.error();
  }
  return domain ? address->key() : address->text();
}

// Where mail for `node` goes next, whatever is switched off now: it may be switched on later.
base::Result<std::vector<std::string>> Directory::next_nodes(const std::string& node) {
  const std::size_t at = node.rfind('@');
  const std::string_view local = std::string_view(node).substr(0, at);
  const std::string_view domain = std::string_view(node).substr(at + 1);
  auto alias = read_alias(local, domain);
  if (alias) {
    return std::move(alias->targets);
  }
  if (alias.error().code != Errc::not_found) {
    return alias.error();
  }
  if (local.empty()) {
    return std::vector<std::string>();
  }
  const auto user = read_user(mail::Address{std::string(local), std::string(domain)});
  if (user || user.error().code != Errc::not_found) {
    return user ? base::Result<std::vector<std::string>>(std::vector<std::string>()) : user.error();
  }
  return std::vector<std::string>{"@" + std::string(domain)};
}

base::Result<void> Directory::check_no_loop(const Alias& alias) {
  std::set<std::string, std::less<>> seen;
  std::deque<std::string> pending(alias.targets.begin(), alias.targets.end());
  std::string via;
  while (!pending.empty() && seen.size() < resolve_lookups) {
    const std::string node = base::to_lower(pending.front());
    pending.pop_front();
    if (node == alias.address) {
      return loops(alias.address, via);
    }
    if (!seen.insert(node).second) {
      continue;
    }
    auto next = next_nodes(node);
    if (!next) {
      return next.error();
    }
    via = next->empty() ? via : node;
    // Depth first, so that `via` names the step before.
    pending.insert(pending.begin(), next->begin(), next->end());
  }
  return {};
}

// Brings the targets to their normal form, each once, and looks for loops.
base::Result<void> Directory::check_targets(Alias& alias) {
  if (alias.targets.empty() || alias.targets.size() > alias_target_limit) {
    return base::make_error(Errc::malformed, alias.address + ": an alias has 1 to " +
                                                 std::to_string(alias_target_limit) + " targets");
  }
  std::vector<std::string> targets;
  std::set<std::string, std::less<>> seen;
  for (const std::string& written : alias.targets) {
    auto target = normal_target(alias, written);
    if (!target) {
      return target.error();
    }
    if (base::to_lower(*target) == alias.address) {
      return stands_for_itself(alias.address);
    }
    if (seen.insert(*target).second) {
      targets.push_back(std::move(*target));
    }
  }
  alias.targets = std::move(targets);
  return check_no_loop(alias);
}

base::Result<void> Directory::check_new_alias(const Alias& alias) {
  const std::size_t at = alias.address.rfind('@');
  const std::string local = alias.address.substr(0, at);
  const std::string name = alias.address.substr(at + 1);
  const auto domain = domain_for_writing(name);
  if (!domain) {
    return domain.error();
  }
  if (!local.empty()) {
    const auto user = read_user({local, name});
    if (user) {
      return taken(alias.address, "a user already", "an alias would take that mailbox's mail");
    }
    if (user.error().code != Errc::not_found) {
      return user.error();
    }
  }
  if (domain->max_aliases == 0) {
    return {};
  }
  const auto used = read_allotment(name);
  if (!used) {
    return used.error();
  }
  if (used->aliases >= domain->max_aliases) {
    return base::make_error(Errc::over_quota, name + " has all its " +
                                                  std::to_string(domain->max_aliases) + " aliases");
  }
  return {};
}

base::Result<Alias> Directory::add_alias(Alias alias) {
  auto address = parse_alias_address(alias.address, true);
  if (!address) {
    return address.error();
  }
  alias.address = std::move(*address);
  alias.created = born(alias.created);
  const std::string domain = domain_of(alias.address);
  auto done = transact({"alias add", alias.address, domain, particulars(alias)},
                       [&](Deed& /*deed*/) -> base::Result<void> {
                         if (auto ok = check_owner(domain); !ok) {
                           return ok.error();
                         }
                         if (auto ok = check_new_alias(alias); !ok) {
                           return ok.error();
                         }
                         if (auto ok = check_targets(alias); !ok) {
                           return ok.error();
                         }
                         auto ok = insert_alias(alias);
                         return !ok && ok.error().code == Errc::exists
                                    ? taken(alias.address, "an alias already")
                                    : ok;
                       });
  return done ? base::Result<Alias>(std::move(alias)) : done.error();
}

base::Result<Alias> Directory::update_alias(std::string_view address, const Change<Alias>& change) {
  const auto key = parse_alias_address(address, false);
  if (!key) {
    return absent("alias", address);
  }
  Alias alias;
  auto done = transact({"alias set", *key, domain_of(*key)}, [&](Deed& deed) -> base::Result<void> {
    const auto before = find_alias(address);
    if (!before) {
      return before.error();
    }
    alias = *before;
    if (auto ok = change(alias); !ok) {
      return ok.error();
    }
    alias.address = before->address;
    alias.created = before->created;
    if (alias.targets != before->targets) {
      if (auto ok = check_targets(alias); !ok) {
        return ok.error();
      }
    }
    deed.detail = differences(*before, alias);
    return replace_alias(alias);
  });
  return done ? base::Result<Alias>(std::move(alias)) : done.error();
}

base::Result<Alias> Directory::remove_alias(std::string_view address) {
  const auto key = parse_alias_address(address, false);
  if (!key) {
    return absent("alias", address);
  }
  Alias alias;
  auto done = transact({"alias del", *key, domain_of(*key)}, [&](Deed& deed) -> base::Result<void> {
    auto found = find_alias(address);
    if (!found) {
      return found.error();
    }
    alias = std::move(*found);
    deed.detail = particulars(alias);
    const auto account = mail::parse_account(address);
    return erase_alias(account ? account->local : "", domain_of(*key));
  });
  return done ? base::Result<Alias>(std::move(alias)) : done.error();
}

}  // namespace directory
