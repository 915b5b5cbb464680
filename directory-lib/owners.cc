// directory-lib/owners.cc -- the mailboxes behind an address, and whether the address is theirs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/owners.hh"

#include "base/text.hh"

#include "directory-lib/resolve.hh"
#include "mail-lib/address.hh"

namespace directory {

namespace {

using base::Errc;
using State = Owners::State;

// What no mailbox of ours can be called may still stand in a domain of ours.
base::Result<Owners> without_expansion(Directory& directory, const mail::Address& address) {
  const auto domain = directory.find_domain(address.domain);
  if (!domain && domain.error().code != Errc::not_found) {
    return domain.error();
  }
  return Owners{.state = domain ? State::nobody : State::foreign};
}

// "@twin.example" that stands for "@example.org" alone: alice@twin.example is whose
// alice@example.org is.
bool is_domain_alias(const Step& step, const mail::Address& address) {
  if (!step.is_catch_all || step.targets.size() != 1) {
    return false;
  }
  const auto target = mail::parse_account(step.targets.front());
  return target && target->local == base::to_lower(address.local);
}

}  // namespace

base::Result<Owners> owners_of(Directory& directory, std::string_view address, base::WallTime now) {
  const auto parsed = mail::parse_address(address, mail::Local::wire);
  if (!parsed) {
    return Owners{};
  }
  const auto expansion = expand(directory, address, now);
  if (!expansion) {
    switch (expansion.error().code) {
      case Errc::malformed:
        return without_expansion(directory, *parsed);
      case Errc::over_quota:
        return Owners{.state = State::found, .leaves = true};
      default:
        return expansion.error();
    }
  }
  if (expansion->first.kind == Step::Kind::foreign) {
    return Owners{};
  }
  if (expansion->recipients.empty()) {
    return Owners{.state = State::nobody};
  }
  if (is_domain_alias(expansion->first, *parsed)) {
    // It ends: a chain that is too long or goes in a circle had no recipients.
    return owners_of(directory, expansion->first.targets.front(), now);
  }
  Owners owners{.state = State::found, .is_catch_all = expansion->first.is_catch_all};
  for (const Recipient& recipient : expansion->recipients) {
    if (recipient.is_mailbox) {
      owners.mailboxes.push_back(recipient.address);
    } else {
      owners.leaves = true;
    }
  }
  return owners;
}

}  // namespace directory
