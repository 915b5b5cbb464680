// directory-lib/resolve.cc -- alias expansion with bounds; a catch-all is always asked last.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/resolve.hh"

#include <deque>
#include <map>
#include <set>

#include "base/text.hh"

#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

base::Result<Step> alias_step(Directory& directory, const std::string& address,
                              base::WallTime now) {
  auto alias = directory.find_alias(address);
  if (!alias) {
    return alias.error().code == Errc::not_found ? base::Result<Step>(Step()) : alias.error();
  }
  if (!alias->enabled || is_expired(alias->expires, now)) {
    return Step();
  }
  return Step{
      .kind = Step::Kind::alias, .name = std::move(alias->address), .targets = alias->targets};
}

// The alias or the mailbox of exactly this address.
base::Result<Step> exact_step(Directory& directory, const std::string& address,
                              base::WallTime now) {
  auto step = alias_step(directory, address, now);
  if (!step || step->kind != Step::Kind::nobody) {
    return step;
  }
  auto user = directory.find_user(address);
  if (!user) {
    return user.error().code == Errc::not_found ? base::Result<Step>(Step()) : user.error();
  }
  step->kind = Step::Kind::mailbox;
  step->name = user->address;
  step->user = std::move(*user);
  return step;
}

// A domain alias keeps the local part: "@other" becomes "local@other".
base::Result<Step> catch_all_step(Directory& directory, const mail::Address& address,
                                  base::WallTime now) {
  auto step = alias_step(directory, "@" + address.domain, now);
  if (!step || step->kind == Step::Kind::nobody) {
    return step;
  }
  step->is_catch_all = true;
  for (std::string& target : step->targets) {
    if (target.starts_with('@')) {
      target = mail::Address{address.local, target.substr(1)}.key();
    }
  }
  return step;
}

// The extension is for the mailboxes behind the alias. What it would mean to another's server is
// not for us to say, so foreign targets stay as they are.
class Extension {
 public:
  // `text` with its delimiter: "+news".
  Extension(Directory& directory, std::string_view text, std::string own_domain)
      : directory_(directory), text_(text) {
    ours_.emplace(std::move(own_domain), true);
  }

  base::Result<void> add_to(std::vector<std::string>& targets) {
    for (std::string& target : targets) {
      auto address = mail::parse_account(target);
      if (!address || has_extension(*address)) {
        continue;
      }
      const auto ours = is_ours(address->domain);
      if (!ours) {
        return ours.error();
      }
      if (*ours) {
        address->local += text_;
        target = address->key();
      }
    }
    return {};
  }

 private:
  bool has_extension(const mail::Address& address) const {
    const auto& delimiters = directory_.settings().recipient_delimiter;
    return mail::split_extension(address.local, delimiters).first.size() != address.local.size();
  }

  base::Result<bool> is_ours(const std::string& name) {
    const auto known = ours_.find(name);
    if (known != ours_.end()) {
      return known->second;
    }
    const auto domain = directory_.find_domain(name);
    if (!domain && domain.error().code != Errc::not_found) {
      return domain.error();
    }
    ours_.emplace(name, domain.has_value());
    return domain.has_value();
  }

  Directory& directory_;
  std::string_view text_;
  std::map<std::string, bool, std::less<>> ours_{};
};

// What the address is without looking at its domain's catch-all.
base::Result<Step> own_step(Directory& directory, const mail::Address& address,
                            base::WallTime now) {
  auto step = exact_step(directory, address.key(), now);
  if (!step || step->kind != Step::Kind::nobody) {
    return step;
  }
  const auto [local, extension] =
      mail::split_extension(address.local, directory.settings().recipient_delimiter);
  if (local.size() == address.local.size()) {
    return step;
  }
  step = exact_step(directory, mail::Address{std::string(local), address.domain}.key(), now);
  if (step && step->kind == Step::Kind::alias) {
    Extension text(directory, std::string_view(address.local).substr(local.size()), address.domain);
    if (auto ok = text.add_to(step->targets); !ok) {
      return ok.error();
    }
  }
  return step;
}

base::Result<Step> step_of(Directory& directory, const mail::Address& address, base::WallTime now) {
  auto domain = directory.find_domain(address.domain);
  if (!domain) {
    if (domain.error().code == Errc::not_found) {
      return Step{.kind = Step::Kind::foreign, .name = address.text()};
    }
    return domain.error();
  }
  auto step = own_step(directory, address, now);
  if (step && step->kind == Step::Kind::nobody) {
    step = catch_all_step(directory, address, now);
  }
  if (step) {
    step->domain = std::move(*domain);
  }
  return step;
}

base::Error too_much(std::string_view address, std::string_view what) {
  return base::make_error(Errc::over_quota, "the aliases behind " + base::printable(address, 80) +
                                                " exceed " + std::string(what));
}

class Walk {
 public:
  Walk(Directory& directory, std::string_view address, base::WallTime now)
      : directory_(directory), start_(address), now_(now) {}

  base::Result<Expansion> run() {
    const auto start = mail::parse_address(start_);
    if (!start) {
      return start.error();
    }
    expansion_.key = start->key();
    pending_.push_back({std::string(start_), 0});
    while (!pending_.empty()) {
      const Node node = std::move(pending_.front());
      pending_.pop_front();
      if (auto ok = visit(node); !ok) {
        return ok.error();
      }
    }
    return std::move(expansion_);
  }

 private:
  struct Node {
    std::string address;
    std::size_t depth;
  };

  base::Result<void> visit(const Node& node) {
    const auto address = mail::parse_address(node.address);
    if (!address) {
      expansion_.has_odd_target = true;
      return {};
    }
    const std::string key = address->key();
    if (!seen_.insert(key).second) {
      expansion_.has_circle = true;
      return {};
    }
    if (node.depth > resolve_depth) {
      return too_much(start_, "a chain of " + std::to_string(resolve_depth));
    }
    if (seen_.size() > resolve_lookups) {
      return too_much(start_, std::to_string(resolve_lookups) + " lookups");
    }
    auto step = step_of(directory_, *address, now_);
    if (!step) {
      return step.error();
    }
    auto taken = take(*step, key, node.depth);
    if (node.depth == 0) {
      expansion_.first = std::move(*step);
    }
    return taken;
  }

  base::Result<void> take(const Step& step, const std::string& key, std::size_t depth) {
    switch (step.kind) {
      case Step::Kind::nobody:
        return {};
      case Step::Kind::foreign:
        return add({step.name, false});
      case Step::Kind::mailbox:
        return add({step.name, true});
      case Step::Kind::alias:
        return follow(step, key, depth);
    }
    return {};
  }

  // `key` is what was asked for: the alias's own address, or that with an extension.
  base::Result<void> follow(const Step& alias, const std::string& key, std::size_t depth) {
    for (const std::string& target : alias.targets) {
      const std::string next = base::to_lower(target);
      if (next != alias.name && next != key) {
        pending_.push_back({target, depth + 1});
        continue;
      }
      const auto own = directory_.find_user(alias.name);
      if (!own && own.error().code != Errc::not_found) {
        return own.error();
      }
      if (own) {
        if (auto ok = add({own->address, true}); !ok) {
          return ok.error();
        }
      }
    }
    return {};
  }

  base::Result<void> add(Recipient recipient) {
    if (!added_.insert(recipient.address).second) {
      return {};
    }
    if (expansion_.recipients.size() >= resolve_recipients) {
      return too_much(start_, std::to_string(resolve_recipients) + " recipients");
    }
    expansion_.recipients.push_back(std::move(recipient));
    return {};
  }

  Directory& directory_;
  std::string_view start_;
  base::WallTime now_;
  Expansion expansion_{};
  std::deque<Node> pending_{};
  std::set<std::string, std::less<>> seen_{};
  std::set<std::string, std::less<>> added_{};
};

// The one address to which an alias of exactly one target, or a domain alias, leads.
std::optional<mail::Address> only_target(const Step& step, const mail::Address& from) {
  if (step.kind != Step::Kind::alias || step.targets.size() != 1) {
    return {};
  }
  auto target = mail::parse_account(step.targets.front());
  // Another catch-all than a domain alias is no other name of its target.
  if (!target || (step.is_catch_all && target->local != from.local)) {
    return {};
  }
  return std::move(*target);
}

}  // namespace

base::Result<Expansion> expand(Directory& directory, std::string_view address, base::WallTime now) {
  return Walk(directory, address, now).run();
}

base::Result<User> find_mailbox(Directory& directory, std::string_view address) {
  auto user = directory.find_user(address);
  if (user || user.error().code != Errc::not_found) {
    return user;
  }
  const auto whole = mail::parse_account(address);
  if (!whole) {
    return user;
  }
  const std::string_view local =
      mail::split_extension(whole->local, directory.settings().recipient_delimiter).first;
  if (local.size() == whole->local.size()) {
    return user;
  }
  return directory.find_user(mail::Address{std::string(local), whole->domain}.key());
}

base::Result<std::vector<Recipient>> resolve(Directory& directory, std::string_view address,
                                             base::WallTime now) {
  auto expansion = expand(directory, address, now);
  if (!expansion && expansion.error().code != Errc::malformed) {
    return expansion.error();
  }
  if (!expansion || expansion->recipients.empty()) {
    return absent("recipient", address);
  }
  return std::move(expansion->recipients);
}

base::Result<std::vector<std::string>> expand_once(Directory& directory, std::string_view address,
                                                   base::WallTime now) {
  const auto parsed = mail::parse_account(address);
  if (!parsed) {
    return absent("recipient", address);
  }
  auto step = step_of(directory, *parsed, now);
  if (!step) {
    return step.error();
  }
  if (step->kind == Step::Kind::alias) {
    return std::move(step->targets);
  }
  if (step->kind == Step::Kind::mailbox) {
    // As asked for: the extension is for the mailbox's own filters.
    return std::vector<std::string>{parsed->key()};
  }
  return absent("recipient", address);
}

base::Result<std::string> canonical_of(Directory& directory, std::string_view address,
                                       base::WallTime now) {
  const auto asked = mail::parse_account(address);
  const auto& delimiters = directory.settings().recipient_delimiter;
  if (!asked ||
      mail::split_extension(asked->local, delimiters).first.size() == asked->local.size()) {
    return absent("extension in", address);
  }
  mail::Address current = *asked;
  for (std::size_t depth = 0; depth <= resolve_depth; ++depth) {
    const auto step = step_of(directory, current, now);
    if (!step) {
      return step.error();
    }
    const std::string key = current.key();
    if (step->kind == Step::Kind::mailbox && depth > 0) {
      return key;
    }
    auto next = step->name == key ? std::nullopt : only_target(*step, current);
    if (!next || next->key() == key) {
      break;
    }
    current = std::move(*next);
  }
  return absent("other name of", address);
}

}  // namespace directory
