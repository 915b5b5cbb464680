// directory-lib/ldap_changes.cc -- domains, users and aliases changed and removed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "directory-lib/ldap_directory.hh"
#include "directory-lib/ldap_names.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using Kind = LdapChange::Kind;

}  // namespace

void LdapDirectory::gather_edits(std::string name, std::vector<LdapEdit> edits, LdapList list,
                                 std::string_view key) {
  if (!edits.empty()) {
    tree_.gather({Kind::modify, std::move(name), {}, std::move(edits)}, list, std::string(key));
  }
}

base::Result<void> LdapDirectory::replace_domain(const Domain& domain) {
  const std::string name = names_.domain(domain.name);
  const auto found = read_entry(name, absent("domain", domain.name));
  if (!found) {
    return found.error();
  }
  if (auto ok = write_note(LdapNotes::domains, domain.name, ldap_domain_note(domain),
                           ldap_text(*found, "createDate"));
      !ok) {
    return ok;
  }
  gather_edits(name, ldap_edits(ldap_domain_attributes(domain, *found), *found), LdapList::domains,
               domain.name);
  return {};
}

base::Result<void> LdapDirectory::erase_domain(std::string_view name) {
  const std::string entry = names_.domain(name);
  if (const auto found = read_entry(entry, absent("domain", name)); !found) {
    return found.error();
  }
  if (auto ok = withdraw_domain(name); !ok) {
    return ok;
  }
  tree_.gather({Kind::remove, entry, {}, {}}, LdapList::domains, std::string(name));
  auto ok = write_note(LdapNotes::domains, name, {}, "");
  return ok ? write_note(LdapNotes::lists, name, {}, "") : ok;
}

base::Result<void> LdapDirectory::replace_user(const User& user) {
  const auto address = mail::parse_account(user.address);
  if (!address) {
    return address.error();
  }
  const auto account = read_account(*address, ldap_account_attributes());
  if (!account) {
    return account.error();
  }
  if (!*account) {
    return absent("user", user.address);
  }
  const LdapAttributes& found = (*account)->entry;
  LdapNote note = ldap_user_note(user);
  if (const auto changed = note_text((*account)->note, "password-changed"); !changed.empty()) {
    set_note(note, "password-changed", std::string(changed));
  }
  if (auto ok = write_note(LdapNotes::users, user.address, std::move(note),
                           ldap_text(found, "createDate"));
      !ok) {
    return ok;
  }
  gather_edits(names_.user(*address), ldap_edits(ldap_user_attributes(user, found), found),
               LdapList::users, user.address);
  const User before = ldap_user(*address, found, (*account)->domain, {});
  allot(user.address, LdapList::users, 0, before.quota, user.quota);
  return {};
}

base::Result<void> LdapDirectory::erase_user(const mail::Address& address) {
  const auto user = read_user(address);
  if (!user) {
    return user.error();
  }
  tree_.gather({Kind::remove, names_.user(address), {}, {}}, LdapList::users, user->address);
  allot(user->address, LdapList::users, -1, user->quota, {});
  return forget(user->address);
}

base::Result<void> LdapDirectory::replace_alias(const Alias& alias) {
  const std::string name = names_.alias(alias.address);
  const auto found = tree_.read_one(name, ldap_account_attributes());
  if (!found) {
    return found.error();
  }
  if (*found) {
    gather_edits(name, ldap_edits(ldap_alias_attributes(alias, **found), **found),
                 LdapList::aliases, alias.address);
    return {};
  }
  const std::size_t at = alias.address.rfind('@');
  const auto known =
      read_alias(alias.address.substr(0, at), std::string_view(alias.address).substr(at + 1));
  if (!known) {
    return known.error();
  }
  // The domain's own attribute has neither a switch nor a date: it becomes an entry.
  if (auto ok = erase_alias("", alias.address.substr(1)); !ok) {
    return ok;
  }
  return insert_alias(alias);
}

base::Result<void> LdapDirectory::erase_alias(std::string_view local, std::string_view domain) {
  const auto alias = read_alias(local, domain);
  if (!alias) {
    return alias.error();
  }
  const std::string name = names_.alias(alias->address);
  const std::string home = names_.domain(domain);
  const std::array<std::string, 2> names{name, home};
  const auto found = tree_.read(names, ldap_account_attributes());
  if (!found) {
    return found.error();
  }
  allot(alias->address, LdapList::aliases, -1, {}, {});
  if ((*found)[0]) {
    tree_.gather({Kind::remove, name, {}, {}}, LdapList::aliases, alias->address);
  }
  const auto& parent = (*found)[1];
  if (local.empty() && parent && parent->contains("catchAllAddress")) {
    tree_.gather({Kind::modify, home, {}, {{LdapEdit::How::replace, "catchAllAddress", {}}}},
                 LdapList::domains, std::string(domain));
  }
  return {};
}

}  // namespace directory
