// directory-lib/aliases.cc -- the rules of a new alias: no clash, no reference to itself, no loop.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
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

// "@domain" or an address of ours, in its normal form.
base::Result<std::string> parse_alias_address(std::string_view text) {
  if (text.starts_with('@')) {
    auto domain = mail::parse_domain(text.substr(1));
    if (!domain) {
      return domain.error();
    }
    return "@" + *domain;
  }
  const auto address = parse_new(text);
  if (!address) {
    return address.error();
  }
  return address->key();
}

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

base::Result<void> Directory::check_new_alias(Alias& alias) {
  const std::size_t at = alias.address.rfind('@');
  const std::string local = alias.address.substr(0, at);
  const std::string name = alias.address.substr(at + 1);
  const auto domain = read_domain(name);
  if (!domain) {
    return domain.error().code == Errc::not_found ? unknown_domain(name) : domain.error();
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
  std::vector<std::string> targets;
  for (const std::string& written : alias.targets) {
    auto target = normal_target(alias, written);
    if (!target) {
      return target.error();
    }
    if (base::to_lower(*target) == alias.address) {
      return stands_for_itself(alias.address);
    }
    if (std::find(targets.begin(), targets.end(), *target) == targets.end()) {
      targets.push_back(std::move(*target));
    }
  }
  alias.targets = std::move(targets);
  if (domain->max_aliases != 0) {
    const auto used = read_allotment(name);
    if (!used) {
      return used.error();
    }
    if (used->aliases >= domain->max_aliases) {
      return base::make_error(
          Errc::over_quota,
          name + " has all its " + std::to_string(domain->max_aliases) + " aliases");
    }
  }
  return check_no_loop(alias);
}

base::Result<Alias> Directory::add_alias(Alias alias) {
  auto address = parse_alias_address(alias.address);
  if (!address) {
    return address.error();
  }
  alias.address = std::move(*address);
  if (alias.targets.empty() || alias.targets.size() > alias_target_limit) {
    return base::make_error(Errc::malformed, alias.address + ": an alias has 1 to " +
                                                 std::to_string(alias_target_limit) + " targets");
  }
  if (alias.created == base::WallTime()) {
    alias.created = base::system_clock().now();
  }
  auto done = transact([&]() -> base::Result<void> {
    if (auto ok = check_new_alias(alias); !ok) {
      return ok.error();
    }
    auto ok = insert_alias(alias);
    return !ok && ok.error().code == Errc::exists ? taken(alias.address, "an alias already") : ok;
  });
  if (!done) {
    return done.error();
  }
  return alias;
}

}  // namespace directory
