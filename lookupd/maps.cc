// lookupd/maps.cc -- the answer of each map, from the directory.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/maps.hh"

#include <array>
#include <string>
#include <vector>

#include "base/text.hh"

#include "directory-lib/resolve.hh"

namespace lookup {

namespace {

using base::Errc;
using directory::Access;
using directory::Directory;
using directory::SocketmapReply;
using directory::SocketmapStatus;
using Answer = base::Result<SocketmapReply>;

constexpr std::array<std::string_view, map_count> names{"domains", "mailboxes", "aliases",
                                                        "senderlogins"};

SocketmapReply found(std::string text) {
  return {SocketmapStatus::ok, std::move(text)};
}

SocketmapReply missing() {
  return {SocketmapStatus::not_found, {}};
}

// An error of the directory: certain absence, an alias out of bounds, or trouble.
Answer without(const base::Error& error) {
  switch (error.code) {
    case Errc::not_found:
    case Errc::malformed:  // a name nobody can have
      return missing();
    case Errc::over_quota:
      return SocketmapReply{SocketmapStatus::perm, error.detail};
    default:
      return error;
  }
}

// "alice@example.org" has both parts; "alice" and "@example.org", which Postfix asks too, do not.
bool is_whole_address(std::string_view key) {
  const auto at = key.rfind('@');
  return at != std::string_view::npos && at != 0 && at + 1 != key.size();
}

base::Result<bool> is_served(Directory& directory, std::string_view domain, base::WallTime now) {
  const auto entry = directory.find_domain(domain);
  if (!entry) {
    return entry.error();
  }
  return entry->enabled && !directory::is_expired(entry->expires, now);
}

Answer domain(Directory& directory, std::string_view key, base::WallTime now) {
  const auto served = is_served(directory, key, now);
  if (!served) {
    return without(served.error());
  }
  return *served ? found(std::string(key)) : missing();
}

Answer mailbox(Directory& directory, std::string_view key, base::WallTime now) {
  const auto user = directory.find_user(key);
  if (!user) {
    return without(user.error());
  }
  if (directory::access_of(*user, directory::Service::receive, now) != Access::granted) {
    return missing();
  }
  return found(user->maildir + "/");
}

// Whether the mailbox behind an address, which may carry an extension, may receive.
base::Result<bool> may_receive(Directory& directory, std::string_view address, base::WallTime now) {
  const auto recipients = directory::resolve(directory, address, now);
  if (!recipients) {
    return recipients.error();
  }
  for (const directory::Recipient& recipient : *recipients) {
    if (recipient.is_mailbox) {
      const auto user = directory.find_user(recipient.address);
      if (!user) {
        return user.error();
      }
      return directory::access_of(*user, directory::Service::receive, now) == Access::granted;
    }
  }
  return false;
}

Answer alias(Directory& directory, std::string_view key, base::WallTime now) {
  const auto served = is_served(directory, key.substr(key.rfind('@') + 1), now);
  if (!served) {
    return without(served.error());
  }
  if (!*served) {
    return missing();
  }
  const auto targets = directory::expand_once(directory, key, now);
  if (!targets) {
    return without(targets.error());
  }
  if (targets->size() == 1 && base::iequals(targets->front(), key)) {
    // Postfix takes any alias for a valid recipient: a mailbox that may not receive has none.
    const auto receives = may_receive(directory, key, now);
    if (!receives) {
      return without(receives.error());
    }
    if (!*receives) {
      return missing();
    }
  }
  return targets->empty() ? missing() : found(base::join(*targets, ", "));
}

Answer sender_logins(Directory& directory, std::string_view key, base::WallTime now) {
  const auto recipients = directory::resolve(directory, key, now);
  if (!recipients) {
    return without(recipients.error());
  }
  std::vector<std::string> owners;
  for (const directory::Recipient& recipient : *recipients) {
    if (recipient.is_mailbox) {
      owners.push_back(recipient.address);
    }
  }
  return owners.empty() ? missing() : found(base::join(owners, ", "));
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

Answer answer(Directory& directory, Map map, std::string_view key, base::WallTime now) {
  if (map == Map::domains) {
    return domain(directory, key, now);
  }
  if (!is_whole_address(key)) {
    return missing();
  }
  switch (map) {
    case Map::mailboxes:
      return mailbox(directory, key, now);
    case Map::aliases:
      return alias(directory, key, now);
    case Map::senderlogins:
      return sender_logins(directory, key, now);
    case Map::domains:
      break;
  }
  return missing();
}

}  // namespace lookup
