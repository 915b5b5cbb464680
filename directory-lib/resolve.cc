// directory-lib/resolve.cc -- alias expansion with bounds; a catch-all is always asked last.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/resolve.hh"

#include <deque>
#include <set>

#include "base/text.hh"

#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

// What one address stands for.
struct Step {
  enum class Kind { nobody, foreign, mailbox, alias };
  Kind kind = Kind::nobody;
  std::string name;                  // the mailbox's or the alias's own address
  std::vector<std::string> targets;  // of the alias
};

base::Result<Step> alias_step(Directory& directory, const std::string& address,
                              base::WallTime now) {
  auto alias = directory.find_alias(address);
  if (!alias) {
    return alias.error().code == Errc::not_found ? base::Result<Step>(Step()) : alias.error();
  }
  if (!alias->enabled || is_expired(alias->expires, now)) {
    return Step();
  }
  return Step{Step::Kind::alias, std::move(alias->address), std::move(alias->targets)};
}

// The alias or the mailbox of exactly this address.
base::Result<Step> exact_step(Directory& directory, const std::string& address,
                              base::WallTime now) {
  auto step = alias_step(directory, address, now);
  if (!step || step->kind != Step::Kind::nobody) {
    return step;
  }
  auto user = directory.find_user(address);
  if (user) {
    return Step{Step::Kind::mailbox, std::move(user->address), {}};
  }
  return user.error().code == Errc::not_found ? base::Result<Step>(Step()) : user.error();
}

// A domain alias keeps the local part: "@other" becomes "local@other".
base::Result<Step> catch_all_step(Directory& directory, const mail::Address& address,
                                  base::WallTime now) {
  auto step = alias_step(directory, "@" + address.domain, now);
  if (!step) {
    return step;
  }
  for (std::string& target : step->targets) {
    if (target.starts_with('@')) {
      target = mail::Address{address.local, target.substr(1)}.key();
    }
  }
  return step;
}

base::Result<Step> step_of(Directory& directory, const mail::Address& address, base::WallTime now) {
  const auto domain = directory.find_domain(address.domain);
  if (!domain) {
    if (domain.error().code == Errc::not_found) {
      return Step{Step::Kind::foreign, address.text(), {}};
    }
    return domain.error();
  }
  auto step = exact_step(directory, address.key(), now);
  if (!step || step->kind != Step::Kind::nobody) {
    return step;
  }
  const auto [local, extension] =
      mail::split_extension(address.local, directory.settings().recipient_delimiter);
  if (local.size() != address.local.size()) {
    step = exact_step(directory, mail::Address{std::string(local), address.domain}.key(), now);
    if (!step || step->kind != Step::Kind::nobody) {
      return step;
    }
  }
  return catch_all_step(directory, address, now);
}

base::Error too_much(std::string_view address, std::string_view what) {
  return base::make_error(Errc::over_quota, "the aliases behind " + base::printable(address, 80) +
                                                " exceed " + std::string(what));
}

class Expansion {
 public:
  Expansion(Directory& directory, std::string_view address, base::WallTime now)
      : directory_(directory), start_(address), now_(now) {}

  base::Result<std::vector<Recipient>> run() {
    pending_.push_back({std::string(start_), 0});
    while (!pending_.empty()) {
      const Node node = std::move(pending_.front());
      pending_.pop_front();
      if (auto ok = visit(node); !ok) {
        return ok.error();
      }
    }
    if (recipients_.empty()) {
      return absent("recipient", start_);
    }
    return std::move(recipients_);
  }

 private:
  struct Node {
    std::string address;
    std::size_t depth;
  };

  base::Result<void> visit(const Node& node) {
    const auto address = mail::parse_address(node.address);
    if (!address || !seen_.insert(address->key()).second) {
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
    switch (step->kind) {
      case Step::Kind::nobody:
        return {};
      case Step::Kind::foreign:
        return add({std::move(step->name), false});
      case Step::Kind::mailbox:
        return add({std::move(step->name), true});
      case Step::Kind::alias:
        return follow(*step, node.depth);
    }
    return {};
  }

  base::Result<void> follow(const Step& alias, std::size_t depth) {
    for (const std::string& target : alias.targets) {
      if (base::to_lower(target) != alias.name) {
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
    if (recipients_.size() >= resolve_recipients) {
      return too_much(start_, std::to_string(resolve_recipients) + " recipients");
    }
    recipients_.push_back(std::move(recipient));
    return {};
  }

  Directory& directory_;
  std::string_view start_;
  base::WallTime now_;
  std::deque<Node> pending_{};
  std::set<std::string, std::less<>> seen_{};
  std::set<std::string, std::less<>> added_{};
  std::vector<Recipient> recipients_{};
};

}  // namespace

base::Result<std::vector<Recipient>> resolve(Directory& directory, std::string_view address,
                                             base::WallTime now) {
  return Expansion(directory, address, now).run();
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

}  // namespace directory
