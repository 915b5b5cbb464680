// lookupd/maps.cc -- the answer of each map, from the directory.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/maps.hh"

#include <array>
#include <string>
#include <vector>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/owners.hh"
#include "directory-lib/resolve.hh"

namespace lookup {

namespace {

using base::Errc;
using directory::Access;
using directory::Directory;
using directory::SocketmapReply;
using directory::SocketmapStatus;
using directory::Step;
using Answer = base::Result<SocketmapReply>;

constexpr std::array<std::string_view, map_count> names{"domains",   "mailboxes",    "aliases",
                                                        "transport", "senderlogins", "canonical"};

SocketmapReply found(std::string text) {
  return {SocketmapStatus::ok, std::move(text)};
}

SocketmapReply missing() {
  return {SocketmapStatus::not_found, {}};
}

SocketmapReply wrong(std::string why) {
  return {SocketmapStatus::perm, std::move(why)};
}

// An error of the directory: certain absence, an alias out of bounds, or trouble.
Answer without(const base::Error& error) {
  switch (error.code) {
    case Errc::not_found:
    case Errc::malformed:  // a name nobody can have
      return missing();
    case Errc::over_quota:
      return wrong(error.detail);
    default:
      return error;
  }
}

// "alice@example.org" has both parts; "alice" and "@example.org", which Postfix asks too, do not.
bool is_whole_address(std::string_view key) {
  const auto at = key.rfind('@');
  return at != std::string_view::npos && at != 0 && at + 1 != key.size();
}

bool is_served(const directory::Domain& domain, base::WallTime now) {
  return domain.enabled && !directory::is_expired(domain.expires, now);
}

bool may_receive(const directory::User& user, base::WallTime now) {
  return directory::access_of(user, directory::Service::receive, now) == Access::granted;
}

Answer domain(Directory& directory, std::string_view key, base::WallTime now) {
  const auto entry = directory.find_domain(key);
  if (!entry) {
    return without(entry.error());
  }
  return is_served(*entry, now) ? found(std::string(key)) : missing();
}

Answer mailbox(Directory& directory, std::string_view key, base::WallTime now) {
  const auto user = directory.find_user(key);
  if (!user) {
    return without(user.error());
  }
  return may_receive(*user, now) ? found(user->maildir + "/") : missing();
}

// Postfix takes whatever has an answer for a valid recipient: what cannot be delivered gets none,
// so that it is refused at once and not returned later.
Answer targets_of(Directory& directory, const directory::Expansion& expansion, base::WallTime now) {
  const Step& alias = expansion.first;
  if (alias.targets.size() > directory::resolve_recipients) {
    return wrong("the alias " + alias.name + " has " + std::to_string(alias.targets.size()) +
                 " targets, more than " + std::to_string(directory::resolve_recipients));
  }
  // What is no address at all is for Postfix to judge.
  if (expansion.recipients.empty() && !expansion.has_odd_target) {
    return expansion.has_circle ? wrong("the aliases behind " + expansion.key + " go in a circle")
                                : missing();
  }
  // What only names itself is its own mailbox.
  if (alias.targets.size() == 1 && base::iequals(alias.targets.front(), expansion.key)) {
    const auto own = directory.find_user(alias.name);
    if (!own) {
      return without(own.error());
    }
    if (!may_receive(*own, now)) {
      return missing();
    }
  }
  return found(base::join(alias.targets, ", "));
}

Answer alias(Directory& directory, std::string_view key, base::WallTime now) {
  const auto expansion = directory::expand(directory, key, now);
  if (!expansion) {
    return without(expansion.error());
  }
  const Step& step = expansion->first;
  if (!step.domain || !is_served(*step.domain, now)) {
    return missing();
  }
  switch (step.kind) {
    case Step::Kind::mailbox:
      // As asked for: the extension is for the mailbox's own filters.
      return may_receive(*step.user, now) ? found(expansion->key) : missing();
    case Step::Kind::alias:
      return targets_of(directory, *expansion, now);
    case Step::Kind::nobody:
    case Step::Kind::foreign:
      break;
  }
  return missing();
}

// Whatever the state of the account: mail that was accepted goes where its mailbox is.
Answer transport(Directory& directory, const MapRules& rules, std::string_view key) {
  const auto user = directory::find_mailbox(directory, key);
  if (!user) {
    return without(user.error());
  }
  if (user->mail_host.empty() || directory::extman::is_among(user->mail_host, rules.own_hosts)) {
    return missing();
  }
  auto nexthop = directory::extman::nexthop_of(user->mail_host);
  if (!nexthop) {
    return wrong("the mail host of " + user->address + ": " + nexthop.error().detail);
  }
  return nexthop->empty() ? missing() : found(std::move(*nexthop));
}

Answer sender_logins(Directory& directory, const MapRules& rules, std::string_view key,
                     base::WallTime now) {
  const auto owners = directory::owners_of(directory, key, now);
  if (!owners) {
    return without(owners.error());
  }
  if (owners->mailboxes.empty() || (owners->is_catch_all && !rules.catch_all_senders)) {
    return missing();
  }
  return found(base::join(owners->mailboxes, ", "));
}

Answer canonical(Directory& directory, std::string_view key, base::WallTime now) {
  const auto address = directory::canonical_of(directory, key, now);
  if (!address) {
    return without(address.error());
  }
  // Postfix takes this answer too for a valid recipient.
  const auto user = directory::find_mailbox(directory, *address);
  if (!user) {
    return without(user.error());
  }
  return may_receive(*user, now) ? found(*address) : missing();
}

}  // namespace

std::string_view map_name(Map map) {
  return names.at(static_cast<std::size_t>(map));
}

std::optional<Map> parse_map(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names.at(i) == name) {
      return static_cast<Map>(i);
    }
  }
  return std::nullopt;
}

Answer answer(Directory& directory, const MapRules& rules, Map map, std::string_view key,
              base::WallTime now) {
  if (map != Map::domains && !is_whole_address(key)) {
    return missing();
  }
  switch (map) {
    case Map::domains:
      return domain(directory, key, now);
    case Map::mailboxes:
      return mailbox(directory, key, now);
    case Map::aliases:
      return alias(directory, key, now);
    case Map::transport:
      return transport(directory, rules, key);
    case Map::senderlogins:
      return sender_logins(directory, rules, key, now);
    case Map::canonical:
      return canonical(directory, key, now);
  }
  return missing();
}

}  // namespace lookup
