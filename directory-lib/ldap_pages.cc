// directory-lib/ldap_pages.cc -- long lists in pages: keys sorted here, entries read by name.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A server sorts by no attribute of ExtMan's. So the keys of a list are read once, kept while the
// list is walked, and sorted; a page then costs its own entries. docs/notes/0037.
#include <algorithm>
#include <iterator>
#include <set>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/ldap_directory.hh"
#include "directory-lib/ldap_names.hh"

namespace directory {

namespace {

constexpr auto keys_last = std::chrono::minutes(1);

std::string sort_key(std::string_view address) {
  const std::size_t at = address.rfind('@');
  if (at == std::string_view::npos) {
    return std::string(address);
  }
  std::string key(address.substr(at + 1));
  key += '\0';
  key += address.substr(0, at);
  return key;
}

std::string address_of(std::string_view key) {
  const std::size_t end = key.find('\0');
  if (end == std::string_view::npos) {
    return std::string(key);
  }
  return std::string(key.substr(end + 1)) + "@" + std::string(key.substr(0, end));
}

std::string_view domain_of(std::string_view key) {
  return key.substr(0, key.find('\0'));
}

bool is_of(std::string_view key, std::string_view domain) {
  return domain.empty() || domain_of(key) == domain;
}

std::span<const std::string> page_after(const std::vector<std::string>& keys,
                                        std::string_view after, std::size_t limit) {
  const auto begin =
      after.empty() ? keys.begin() : std::upper_bound(keys.begin(), keys.end(), sort_key(after));
  const auto count = std::min<std::size_t>(limit, static_cast<std::size_t>(keys.end() - begin));
  return {begin, begin + static_cast<std::ptrdiff_t>(count)};
}

struct ListRow {
  LdapList list;
  std::string_view object_class;
  std::string key;
};

const ListRow& row_of(LdapList list) {
  static const std::vector<ListRow> rows{
      {LdapList::domains, "extmailDomain", "virtualDomain"},
      {LdapList::users, "extmailUser", "mail"},
      {LdapList::aliases, "extmailAlias", "mailLocalAddress"},
      {LdapList::managers, "extmailManager", "mail"},
  };
  return *std::find_if(rows.begin(), rows.end(), [&](const ListRow& x) { return x.list == list; });
}

}  // namespace

base::Result<std::vector<std::string>> LdapDirectory::scan(LdapList list, std::string_view domain) {
  const ListRow& row = row_of(list);
  LdapSearch search;
  search.wanted = {row.key};
  search.filter = ldap_all(row.object_class);
  switch (list) {
    case LdapList::users:
      search.base = names_.domain(domain);
      break;
    case LdapList::aliases:
      search.base = names_.aliases();
      if (!domain.empty()) {
        search.filter =
            ldap_all(row.object_class, ldap_equals("virtualDomain", ldap_ascii(domain)));
      }
      break;
    case LdapList::managers:
      search.base = names_.managers();
      break;
    default:
      search.base = names_.accounts();
  }
  const auto found = tree_.search(search);
  if (!found) {
    return found.error();
  }
  std::vector<std::string> keys;
  keys.reserve(found->size());
  for (const LdapAttributes& entry : *found) {
    for (const auto& [name, values] : entry) {
      for (const std::string& value : values) {
        std::string key = base::to_lower(ldap_unascii(value));
        keys.push_back(list == LdapList::managers ? std::move(key) : sort_key(key));
      }
    }
  }
  return keys;
}

base::Result<const std::vector<std::string>*> LdapDirectory::keys_of(LdapList list,
                                                                     std::string_view domain,
                                                                     bool is_first) {
  const auto now = base::system_clock().ticks();
  if (is_first || !keys_ || keys_->list != list || keys_->domain != domain ||
      now - keys_->read > keys_last) {
    auto found = scan(list, domain);
    if (!found) {
      return found.error();
    }
    if (list == LdapList::aliases) {
      if (auto ok = add_catch_alls(domain, *found); !ok) {
        return ok.error();
      }
    }
    std::erase_if(*found, [&](const std::string& key) {
      return list != LdapList::managers && !is_of(key, domain);
    });
    std::sort(found->begin(), found->end());
    found->erase(std::unique(found->begin(), found->end()), found->end());
    keys_.emplace(Keys{list, std::string(domain), std::move(*found), now});
  }
  if (!tree_.is_gathering()) {
    return &keys_->sorted;
  }
  std::set<std::string> added;
  std::set<std::string> removed;
  tree_.replay(list, [&](const std::string& address, LdapChange::Kind kind) {
    const std::string key = list == LdapList::managers ? address : sort_key(address);
    if (kind == LdapChange::Kind::modify || (list != LdapList::managers && !is_of(key, domain))) {
      return;
    }
    const bool is_added = kind == LdapChange::Kind::add;
    (is_added ? added : removed).insert(key);
    (is_added ? removed : added).erase(key);
  });
  merged_.clear();
  std::set_union(keys_->sorted.begin(), keys_->sorted.end(), added.begin(), added.end(),
                 std::back_inserter(merged_));
  std::erase_if(merged_, [&](const std::string& key) { return removed.contains(key); });
  return &merged_;
}

// Those that stand in a domain's own attribute.
base::Result<void> LdapDirectory::add_catch_alls(std::string_view domain,
                                                 std::vector<std::string>& keys) {
  LdapSearch search{
      names_.accounts(), ldap_all("extmailDomain", "(catchAllAddress=*)"), {"virtualDomain"}};
  if (!domain.empty()) {
    const auto one = read_alias("", domain);
    if (one) {
      keys.push_back(sort_key(one->address));
    }
    return one || one.error().code == base::Errc::not_found ? base::Result<void>() : one.error();
  }
  const auto found = tree_.search(search);
  if (!found) {
    return found.error();
  }
  for (const LdapAttributes& entry : *found) {
    keys.push_back(sort_key("@" + base::to_lower(ldap_unascii(ldap_text(entry, "virtualDomain")))));
  }
  return {};
}

base::Result<Page<Domain>> LdapDirectory::page_domains(std::string_view after, std::size_t limit) {
  const auto keys = keys_of(LdapList::domains, "", after.empty());
  if (!keys) {
    return keys.error();
  }
  const auto part = page_after(**keys, after, limit);
  std::vector<std::string> names;
  for (const std::string& key : part) {
    names.push_back(names_.domain(key));
    names.push_back(names_.note(LdapNotes::domains, key));
  }
  auto entries = tree_.read(names, ldap_account_attributes());
  if (!entries) {
    return entries.error();
  }
  Page<Domain> page;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if (const auto& entry = (*entries)[2 * i]) {
      page.items.push_back(
          ldap_domain(part[i], *entry, note_of(ldap_note((*entries)[2 * i + 1]), *entry)));
    }
  }
  page.next = part.size() == limit ? part.back() : "";
  return page;
}

base::Result<void> LdapDirectory::append_users(std::string_view domain,
                                               std::span<const std::string> keys,
                                               std::vector<User>& users) {
  std::vector<mail::Address> addresses;
  std::vector<std::string> names{names_.domain(domain)};
  for (const std::string& key : keys) {
    auto address = mail::parse_account(address_of(key));
    if (!address) {
      continue;  // nobody can ask for it by name either
    }
    names.push_back(names_.user(*address));
    names.push_back(names_.note(LdapNotes::users, address->key()));
    addresses.push_back(std::move(*address));
  }
  const auto entries = tree_.read(names, ldap_account_attributes());
  if (!entries) {
    return entries.error();
  }
  const auto& found = *entries;
  for (std::size_t i = 0; i < addresses.size() && found[0]; ++i) {
    if (const auto& user = found[1 + 2 * i]) {
      users.push_back(
          ldap_user(addresses[i], *user, *found[0], note_of(ldap_note(found[2 + 2 * i]), *user)));
    }
  }
  return {};
}

base::Result<Page<User>> LdapDirectory::page_users(std::string_view domain, std::string_view after,
                                                   std::size_t limit) {
  std::vector<std::string> domains{std::string(domain)};
  const std::string at(domain_of(sort_key(after)));
  if (domain.empty()) {
    // Those are not the keys that the walk keeps.
    auto all = scan(LdapList::domains, "");
    if (!all) {
      return all.error();
    }
    tree_.replay(LdapList::domains,
                 [&](const std::string& name, LdapChange::Kind) { all->push_back(name); });
    std::sort(all->begin(), all->end());
    all->erase(std::unique(all->begin(), all->end()), all->end());
    domains.assign(std::lower_bound(all->begin(), all->end(), at), all->end());
  }
  Page<User> page;
  std::size_t room = limit;
  for (const std::string& name : domains) {
    const std::string_view from = name == at ? after : std::string_view();
    const auto keys = keys_of(LdapList::users, name, from.empty());
    if (!keys) {
      return keys.error();
    }
    const auto part = page_after(**keys, from, room);
    if (part.empty()) {
      continue;
    }
    const std::string last = address_of(part.back());
    room -= part.size();
    if (auto ok = append_users(name, part, page.items); !ok) {
      return ok.error();
    }
    if (room == 0) {
      page.next = last;
      break;
    }
  }
  return page;
}

base::Result<void> LdapDirectory::append_aliases(std::span<const std::string> keys,
                                                 std::vector<Alias>& aliases) {
  std::vector<std::string> names;
  for (const std::string& key : keys) {
    names.push_back(names_.alias(address_of(key)));
  }
  const auto entries = tree_.read(names, ldap_account_attributes());
  if (!entries) {
    return entries.error();
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::string address = address_of(keys[i]);
    if ((*entries)[i]) {
      aliases.push_back(ldap_alias(address, *(*entries)[i]));
    } else if (address.starts_with('@')) {
      auto catch_all = read_alias("", address.substr(1));
      if (catch_all) {
        aliases.push_back(std::move(*catch_all));
      } else if (catch_all.error().code != base::Errc::not_found) {
        return catch_all.error();
      }
    }
  }
  return {};
}

base::Result<Page<Alias>> LdapDirectory::page_aliases(std::string_view domain,
                                                      std::string_view after, std::size_t limit) {
  const auto keys = keys_of(LdapList::aliases, domain, after.empty());
  if (!keys) {
    return keys.error();
  }
  const auto part = page_after(**keys, after, limit);
  Page<Alias> page;
  if (auto ok = append_aliases(part, page.items); !ok) {
    return ok.error();
  }
  page.next = part.size() == limit ? address_of(part.back()) : "";
  return page;
}

}  // namespace directory
