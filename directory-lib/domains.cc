// directory-lib/domains.cc -- domains made, changed and removed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

base::Result<void> check_fields(const Domain& domain) {
  const auto term = expiry_after(domain.default_term, base::WallTime());
  for (auto ok :
       {check_text("description", domain.description), check_text("mail host", domain.mail_host),
        domain.hash_path.empty() ? base::Result<void>() : check_path(domain.hash_path),
        term ? base::Result<void>() : term.error()}) {
    if (!ok) {
      return ok.error();
    }
  }
  return {};
}

}  // namespace

base::Result<Domain> Directory::domain_for_writing(std::string_view name) {
  auto domain = read_domain(name);
  return domain || domain.error().code != Errc::not_found ? std::move(domain)
                                                          : unknown_domain(name);
}

base::Result<Domain> Directory::add_domain(Domain domain) {
  auto name = mail::parse_domain(domain.name);
  if (!name) {
    return name.error();
  }
  domain.name = std::move(*name);
  domain.created = born(domain.created);
  if (auto ok = check_fields(domain); !ok) {
    return ok.error();
  }
  auto done = transact(
      {"domain add", domain.name, domain.name, particulars(domain)},
      [&](Deed& /*deed*/) -> base::Result<void> {
        if (auto ok = check_admin("make domains"); !ok) {
          return ok.error();
        }
        auto ok = insert_domain(domain);
        return !ok && ok.error().code == Errc::exists ? taken(domain.name, "a domain already") : ok;
      });
  return done ? base::Result<Domain>(std::move(domain)) : done.error();
}

base::Result<Domain> Directory::update_domain(std::string_view name, const Change<Domain>& change) {
  const auto key = mail::parse_domain(name);
  if (!key) {
    return absent("domain", name);
  }
  Domain domain;
  auto done = transact({"domain set", *key, *key}, [&](Deed& deed) -> base::Result<void> {
    if (auto ok = check_owner(*key); !ok) {
      return ok.error();
    }
    auto before = read_domain(*key);
    if (!before) {
      return before.error();
    }
    domain = *before;
    if (auto ok = change(domain); !ok) {
      return ok.error();
    }
    domain.name = before->name;
    domain.created = before->created;
    for (auto ok : {check_fields(domain), check_ceiling(*before, domain)}) {
      if (!ok) {
        return ok.error();
      }
    }
    deed.detail = differences(*before, domain);
    return replace_domain(domain);
  });
  return done ? base::Result<Domain>(std::move(domain)) : done.error();
}

// Page by page, so that the memory does not grow with the domain.
base::Result<void> Directory::erase_members(std::string_view domain, RemovedDomain& removed) {
  std::string after;
  do {
    const auto page = page_aliases(domain, after, page_limit);
    if (!page) {
      return page.error();
    }
    for (const Alias& alias : page->items) {
      const auto key = mail::parse_account(alias.address);
      if (auto ok = erase_alias(key ? key->local : "", domain); !ok) {
        return ok.error();
      }
    }
    removed.aliases += page->items.size();
    after = page->next;
  } while (!after.empty());
  do {
    const auto page = page_users(domain, after, page_limit);
    if (!page) {
      return page.error();
    }
    for (const User& user : page->items) {
      const auto key = mail::parse_account(user.address);
      if (auto ok = key ? erase_user(*key) : key.error(); !ok) {
        return ok.error();
      }
    }
    removed.users += page->items.size();
    after = page->next;
  } while (!after.empty());
  return {};
}

base::Result<RemovedDomain> Directory::remove_domain(std::string_view name, bool recursive) {
  const auto key = mail::parse_domain(name);
  if (!key) {
    return absent("domain", name);
  }
  RemovedDomain removed;
  auto done = transact({"domain del", *key, *key}, [&](Deed& deed) -> base::Result<void> {
    if (auto ok = check_admin("remove domains"); !ok) {
      return ok.error();
    }
    auto domain = read_domain(*key);
    if (!domain) {
      return domain.error();
    }
    removed.domain = std::move(*domain);
    const auto used = read_allotment(*key);
    if (!used) {
      return used.error();
    }
    if (!recursive && (used->users != 0 || used->aliases != 0)) {
      return base::make_error(
          Errc::denied,
          *key + " has " + std::to_string(used->users) + " users and " +
              std::to_string(used->aliases) + " aliases",
          "remove them first, or all at once: posthouse domain del " + *key + " --recursive");
    }
    book_.reset();
    if (auto ok = erase_members(*key, removed); !ok) {
      return ok.error();
    }
    deed.detail =
        "users " + std::to_string(removed.users) + ", aliases " + std::to_string(removed.aliases);
    return erase_domain(*key);
  });
  return done ? base::Result<RemovedDomain>(std::move(removed)) : done.error();
}

}  // namespace directory
