// directory-lib/ldap_managers.cc -- managers: ExtMan's entries below o=extmailManager.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/ldap_directory.hh"
#include "directory-lib/ldap_names.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using Kind = LdapChange::Kind;

base::WallTime time_of(std::string_view milliseconds) {
  return base::WallTime(
      std::chrono::milliseconds(base::parse_number<std::int64_t>(milliseconds).value_or(0)));
}

}  // namespace

base::Result<std::optional<LdapDirectory::Account>> LdapDirectory::read_manager_account(
    std::string_view address, std::span<const std::string> wanted) {
  const std::array<std::string, 2> names{names_.manager(address),
                                         names_.note(LdapNotes::managers, address)};
  auto entries = tree_.read(names, wanted);
  if (!entries) {
    return entries.error();
  }
  auto& found = *entries;
  if (!found[0] || !has_ldap_key(*found[0], "mail", address)) {
    return std::optional<Account>();
  }
  Account account{std::move(*found[0]), {}, ldap_note(found[1])};
  account.note = note_of(std::move(account.note), account.entry);
  return std::optional<Account>(std::move(account));
}

base::Result<ManagerAccount> LdapDirectory::read_manager(std::string_view address) {
  const auto account = read_manager_account(address, ldap_account_attributes());
  if (!account) {
    return account.error();
  }
  return *account ? base::Result<ManagerAccount>(ldap_manager(address, (*account)->entry))
                  : absent("manager", address);
}

base::Result<ManagerCredentials> LdapDirectory::read_manager_credentials(std::string_view address) {
  const auto account = read_manager_account(address, ldap_secret_attributes());
  if (!account) {
    return account.error();
  }
  if (!*account) {
    return absent("manager", address);
  }
  const Account& found = **account;
  auto password = password_of(found.entry, address);
  if (!password) {
    return password.error();
  }
  ManagerCredentials out{ldap_manager(address, found.entry), std::move(*password),
                         time_of(note_text(found.note, "password-changed"))};
  if (out.password_changed == base::WallTime()) {
    out.password_changed = out.manager.created;
  }
  return out;
}

base::Result<Page<ManagerAccount>> LdapDirectory::page_managers(std::string_view after,
                                                                std::size_t limit) {
  const auto keys = keys_of(LdapList::managers, "", after.empty());
  if (!keys) {
    return keys.error();
  }
  const auto begin = std::upper_bound((*keys)->begin(), (*keys)->end(), after);
  std::vector<std::string> part;
  std::vector<std::string> names;
  for (auto at = begin; at != (*keys)->end() && part.size() < limit; ++at) {
    part.push_back(*at);
    names.push_back(names_.manager(*at));
  }
  const auto entries = tree_.read(names, ldap_account_attributes());
  if (!entries) {
    return entries.error();
  }
  Page<ManagerAccount> page;
  for (std::size_t i = 0; i < part.size(); ++i) {
    if ((*entries)[i]) {
      page.items.push_back(ldap_manager(part[i], *(*entries)[i]));
    }
  }
  page.next = part.size() == limit ? part.back() : "";
  return page;
}

base::Result<void> LdapDirectory::insert_manager(const ManagerAccount& manager,
                                                 std::string_view stored_password) {
  const std::string name = names_.manager(manager.address);
  if (auto ok = check_free(name); !ok) {
    return ok;
  }
  if (auto ok = write_note(LdapNotes::managers, manager.address, {}, ""); !ok) {
    return ok;
  }
  LdapAttributes attributes = ldap_manager_attributes(manager, {});
  attributes["mail"] = {ldap_ascii(manager.address)};
  attributes["userPassword"] = {ldap_password(stored_password)};
  tree_.gather(ldap_addition(name, std::move(attributes), {"top", "extmailManager"}),
               LdapList::managers, manager.address);
  return {};
}

base::Result<void> LdapDirectory::replace_manager(const ManagerAccount& manager) {
  const std::string name = names_.manager(manager.address);
  const auto found = read_entry(name, absent("manager", manager.address));
  if (!found) {
    return found.error();
  }
  gather_edits(name, ldap_edits(ldap_manager_attributes(manager, *found), *found),
               LdapList::managers, manager.address);
  return {};
}

base::Result<void> LdapDirectory::erase_manager(std::string_view address) {
  const std::string name = names_.manager(address);
  if (const auto found = read_entry(name, absent("manager", address)); !found) {
    return found.error();
  }
  tree_.gather({Kind::remove, name, {}, {}}, LdapList::managers, std::string(address));
  return write_note(LdapNotes::managers, address, {}, "");
}

base::Result<void> LdapDirectory::store_manager_password(std::string_view address,
                                                         std::string_view stored_password) {
  const auto account = read_manager_account(address, ldap_account_attributes());
  if (!account) {
    return account.error();
  }
  if (!*account) {
    return absent("manager", address);
  }
  if (auto ok = note_password_change(LdapNotes::managers, address, **account); !ok) {
    return ok;
  }
  gather_edits(names_.manager(address),
               {{LdapEdit::How::replace, "userPassword", {ldap_password(stored_password)}}},
               LdapList::managers, address);
  return {};
}

// The domain's place in the lists of those who look after it.
base::Result<void> LdapDirectory::withdraw_domain(std::string_view domain) {
  const auto found =
      tree_.search({names_.managers(),
                    ldap_all("extmailManager", ldap_equals("virtualDomain", ldap_ascii(domain))),
                    {"mail", "virtualDomain"}});
  if (!found) {
    return found.error();
  }
  for (const LdapAttributes& entry : *found) {
    LdapValues dropped;
    for (const std::string& value : entry.find("virtualDomain")->second) {
      if (base::iequals(ldap_unascii(value), domain)) {
        dropped.push_back(value);
      }
    }
    const std::string address = base::to_lower(ldap_unascii(ldap_text(entry, "mail")));
    gather_edits(names_.manager(address),
                 {{LdapEdit::How::drop, "virtualDomain", std::move(dropped)}}, LdapList::managers,
                 address);
  }
  return {};
}

}  // namespace directory
