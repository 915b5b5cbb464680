// directory-lib/lists.cc -- what users and domains want let in or kept out.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

base::Result<std::string> normal_pattern(std::string_view written) {
  const std::string_view pattern = base::trim(written);
  if (pattern.empty() || pattern.find(' ') != std::string_view::npos) {
    return base::make_error(Errc::malformed,
                            "'" + base::printable(written, 80) + "' is no list entry",
                            "one address, domain, host name or network without blanks");
  }
  auto ok = check_text("list entry", pattern);
  return ok ? base::Result<std::string>(base::to_lower(pattern)) : ok.error();
}

// A user, a domain, or empty.
base::Result<std::string> normal_owner(std::string_view owner) {
  if (owner.empty()) {
    return std::string();
  }
  if (owner.find('@') == std::string_view::npos) {
    return mail::parse_domain(owner);
  }
  const auto address = mail::parse_account(owner);
  return address ? base::Result<std::string>(address->key()) : address.error();
}

std::string text_of(const ListEntry& entry) {
  return std::string(list_kind_name(entry.kind)) + " " + entry.pattern;
}

}  // namespace

base::Result<void> Directory::check_owner_exists(const std::string& owner) {
  if (owner.empty()) {
    return {};
  }
  if (owner.find('@') == std::string::npos) {
    const auto domain = domain_for_writing(owner);
    return domain ? base::Result<void>() : domain.error();
  }
  const auto user = read_user(*mail::parse_account(owner));
  return user ? base::Result<void>() : user.error();
}

base::Result<ListEntry> Directory::add_list_entry(ListEntry entry) {
  auto owner = normal_owner(entry.owner);
  if (!owner) {
    return owner.error();
  }
  auto pattern = normal_pattern(entry.pattern);
  if (!pattern) {
    return pattern.error();
  }
  entry.owner = std::move(*owner);
  entry.pattern = std::move(*pattern);
  entry.created = born(entry.created);
  auto done =
      transact({"lists add", entry.owner, domain_of(entry.owner), text_of(entry)},
               [&](Deed& /*deed*/) -> base::Result<void> {
                 for (auto ok : {check_owner(entry.owner), check_owner_exists(entry.owner)}) {
                   if (!ok) {
                     return ok.error();
                   }
                 }
                 const auto held = read_list(entry.owner);
                 if (!held) {
                   return held.error();
                 }
                 if (held->size() >= list_entry_limit) {
                   return base::make_error(
                       Errc::over_quota,
                       "a list has at most " + std::to_string(list_entry_limit) + " entries",
                       entry.owner.empty() ? "policyd's list files take any number" : "");
                 }
                 auto ok = insert_list_entry(entry);
                 return !ok && ok.error().code == Errc::exists
                            ? taken(entry.pattern, std::string("on the ") +
                                                       std::string(list_kind_name(entry.kind)) +
                                                       " list already")
                            : ok;
               });
  return done ? base::Result<ListEntry>(std::move(entry)) : done.error();
}

base::Result<void> Directory::remove_list_entry(const ListEntry& entry) {
  const auto owner = normal_owner(entry.owner);
  const auto pattern = normal_pattern(entry.pattern);
  if (!owner || !pattern) {
    return absent("list entry", entry.pattern);
  }
  const ListEntry key{*owner, entry.kind, *pattern, {}};
  return transact({"lists del", key.owner, domain_of(key.owner), text_of(key)},
                  [&](Deed& /*deed*/) -> base::Result<void> {
                    auto ok = check_owner(key.owner);
                    return ok ? erase_list_entry(key) : ok;
                  });
}

base::Result<std::vector<ListEntry>> Directory::list_entries(std::string_view owner) {
  const auto key = normal_owner(owner);
  if (!key) {
    return absent("owner", owner);
  }
  auto ok = check_owner(*key);
  return ok ? read_list(*key) : ok.error();
}

base::Result<std::vector<ListEntry>> Directory::list_entries_for(std::string_view address) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return absent("user", address);
  }
  if (auto ok = check_owner(key->domain); !ok) {
    return ok.error();
  }
  std::vector<ListEntry> all;
  for (const std::string& owner : {key->key(), key->domain, std::string()}) {
    auto some = read_list(owner);
    if (!some) {
      return some.error();
    }
    all.insert(all.end(), std::make_move_iterator(some->begin()),
               std::make_move_iterator(some->end()));
  }
  return all;
}

}  // namespace directory
