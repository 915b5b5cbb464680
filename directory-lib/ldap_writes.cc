// directory-lib/ldap_writes.cc -- what changes the LDAP directory; sent by commit().
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The order within each function is the order in which the server gets it: a note before the entry
// it belongs to is made, and after that entry is gone. docs/notes/0038.
#include <algorithm>
#include <array>
#include <set>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/ldap_directory.hh"
#include "directory-lib/ldap_names.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;
using Kind = LdapChange::Kind;

constexpr auto count_lasts = std::chrono::seconds(5);
// ExtMan's own, for programs that read these attributes.
constexpr std::string_view system_id = "1000";

mail::Address address_of(std::string_view key) {
  const std::size_t at = key.rfind('@');
  return {std::string(key.substr(0, at)), std::string(key.substr(at + 1))};
}

base::Error is_there() {
  return base::make_error(Errc::exists, "an entry of that name is there");
}

}  // namespace

base::Result<void> LdapDirectory::write_note(LdapNotes kind, std::string_view key, LdapNote note,
                                             std::string_view of) {
  static const std::array<std::string, 1> wanted{"description"};
  const std::string name = names_.note(kind, key);
  const auto found = tree_.read_one(name, wanted);
  if (!found) {
    return found.error();
  }
  if (note.empty()) {
    if (*found) {
      tree_.gather({Kind::remove, name, {}, {}});
    }
    return {};
  }
  if (!of.empty()) {
    set_note(note, "of", std::string(of));
  }
  if (*found) {
    tree_.gather(
        {Kind::modify, name, {}, {{LdapEdit::How::replace, "description", note_values(note)}}});
    return {};
  }
  LdapAttributes attributes{{"cn", {ldap_ascii(key)}}, {"description", note_values(note)}};
  tree_.gather(ldap_addition(name, std::move(attributes), {"top", "applicationProcess"}));
  return {};
}

base::Result<void> LdapDirectory::note_password_change(LdapNotes kind, std::string_view key,
                                                       const Account& account) {
  LdapNote note = account.note;
  set_note(note, "password-changed",
           std::to_string(base::system_clock().now().time_since_epoch().count()));
  return write_note(kind, key, std::move(note), ldap_text(account.entry, "createDate"));
}

base::Result<void> LdapDirectory::check_free(const std::string& name) {
  static const std::array<std::string, 1> wanted{"objectClass"};
  const auto found = tree_.read_one(name, wanted);
  if (!found) {
    return found.error();
  }
  return *found ? base::Result<void>(is_there()) : base::Result<void>();
}

base::Result<void> LdapDirectory::insert_domain(const Domain& domain) {
  const std::string name = names_.domain(domain.name);
  if (auto ok = check_free(name); !ok) {
    return ok;
  }
  if (auto ok = write_note(LdapNotes::domains, domain.name, ldap_domain_note(domain),
                           extman::time_text(domain.created));
      !ok) {
    return ok;
  }
  LdapAttributes attributes = ldap_domain_attributes(domain, {});
  attributes["virtualDomain"] = {ldap_ascii(domain.name)};
  tree_.gather(ldap_addition(name, std::move(attributes), {"top", "extmailDomain"}),
               LdapList::domains, domain.name);
  return {};
}

base::Result<void> LdapDirectory::insert_user(const User& user, std::string_view stored_password) {
  const mail::Address address = address_of(user.address);
  const std::string name = names_.user(address);
  if (auto ok = check_free(name); !ok) {
    return ok;
  }
  const std::string created = extman::time_text(user.created);
  if (auto ok = write_note(LdapNotes::users, user.address, ldap_user_note(user), created); !ok) {
    return ok;
  }
  LdapAttributes attributes = ldap_user_attributes(user, {});
  attributes["mail"] = {ldap_ascii(user.address)};
  attributes["uid"] = {address.local};
  attributes["virtualDomain"] = {ldap_ascii(address.domain)};
  attributes["uidNumber"] = {std::string(system_id)};
  attributes["gidNumber"] = {std::string(system_id)};
  attributes["userPassword"] = {ldap_password(stored_password)};
  tree_.gather(ldap_addition(name, std::move(attributes), {"top", "uidObject", "extmailUser"}),
               LdapList::users, user.address);
  allot(user.address, LdapList::users, 1, {}, user.quota);
  return {};
}

base::Result<void> LdapDirectory::insert_alias(const Alias& alias) {
  const mail::Address address = address_of(alias.address);
  const auto found = read_alias(address.local, address.domain);
  if (found || found.error().code != Errc::not_found) {
    return found ? is_there() : found.error();
  }
  LdapAttributes attributes = ldap_alias_attributes(alias, {});
  attributes["mailLocalAddress"] = {ldap_ascii(alias.address)};
  attributes["virtualDomain"] = {ldap_ascii(address.domain)};
  tree_.gather(
      ldap_addition(names_.alias(alias.address), std::move(attributes), {"top", "extmailAlias"}),
      LdapList::aliases, alias.address);
  allot(alias.address, LdapList::aliases, 1, {}, {});
  return {};
}

base::Result<void> LdapDirectory::store_password(const mail::Address& address,
                                                 std::string_view stored_password) {
  static const std::vector<std::string> wanted = [] {
    const auto account = ldap_account_attributes();
    std::vector<std::string> all(account.begin(), account.end());
    all.emplace_back("clearPassword");
    return all;
  }();
  const auto account = read_account(address, wanted);
  if (!account) {
    return account.error();
  }
  if (!*account) {
    return absent("user", address.key());
  }
  if (auto ok = note_password_change(LdapNotes::users, address.key(), **account); !ok) {
    return ok;
  }
  std::vector<LdapEdit> edits{
      {LdapEdit::How::replace, "userPassword", {ldap_password(stored_password)}}};
  // ExtMan may have kept the old one in clear.
  if ((*account)->entry.contains("clearPassword")) {
    edits.push_back({LdapEdit::How::replace, "clearPassword", {}});
  }
  gather_edits(names_.user(address), std::move(edits), LdapList::users, address.key());
  return {};
}

// One change that the server refuses when the old value is gone.
base::Result<bool> LdapDirectory::swap_password(const mail::Address& address,
                                                std::string_view before, std::string_view after) {
  const auto account = read_account(address, ldap_secret_attributes());
  if (!account) {
    return account.error();
  }
  if (!*account) {
    return absent("user", address.key());
  }
  const LdapAttributes& entry = (*account)->entry;
  const auto found = password_of(entry, address.key());
  if (!found) {
    return found.error();
  }
  if (*found != before) {
    return false;
  }
  gather_edits(
      names_.user(address),
      {{LdapEdit::How::drop, "userPassword", {std::string(ldap_text(entry, "userPassword"))}},
       {LdapEdit::How::add, "userPassword", {ldap_password(after)}}},
      LdapList::users, address.key());
  return true;
}

base::Result<Directory::Allotment> LdapDirectory::count_allotment(std::string_view domain) {
  Allotment used;
  std::set<std::string> touched;
  tree_.replay(LdapList::users, [&](const std::string& key, Kind) {
    if (address_of(key).domain == domain) {
      touched.insert(key);
    }
  });
  const auto users =
      tree_.search({names_.domain(domain), ldap_all("extmailUser"), {"mail", "mailQuota"}});
  if (!users) {
    return users.error();
  }
  const auto add = [&used](const LdapAttributes& entry) {
    ++used.users;
    used.quota.count +=
        extman::parse_quota(ldap_text(entry, "mailQuota")).value_or(base::Bytes{}).count;
  };
  for (const LdapAttributes& entry : *users) {
    if (!touched.contains(base::to_lower(ldap_unascii(ldap_text(entry, "mail"))))) {
      add(entry);
    }
  }
  std::vector<std::string> names;
  names.reserve(touched.size());
  for (const std::string& key : touched) {
    names.push_back(names_.user(address_of(key)));
  }
  const auto changed = tree_.read(names, ldap_account_attributes());
  if (!changed) {
    return changed.error();
  }
  for (const auto& entry : *changed) {
    if (entry) {
      add(*entry);
    }
  }
  const auto aliases = keys_of(LdapList::aliases, domain, true);
  if (!aliases) {
    return aliases.error();
  }
  used.aliases = (*aliases)->size();
  return used;
}

base::Result<Directory::Allotment> LdapDirectory::read_allotment(std::string_view domain) {
  const auto now = base::system_clock().ticks();
  const auto known = counts_.find(domain);
  if (known != counts_.end() && now - known->second.read < count_lasts) {
    return known->second.used;
  }
  auto used = count_allotment(domain);
  if (used) {
    counts_.insert_or_assign(std::string(domain), Count{*used, now});
  }
  return used;
}

void LdapDirectory::allot(std::string_view address, LdapList list, std::int64_t entries,
                          base::Bytes before, base::Bytes after) {
  const auto known = counts_.find(address.substr(address.rfind('@') + 1));
  if (known == counts_.end()) {
    return;
  }
  Allotment& used = known->second.used;
  auto& count = list == LdapList::users ? used.users : used.aliases;
  count += static_cast<std::uint64_t>(entries);  // wraps round as it should for -1
  used.quota.count += after.count - before.count;
}

}  // namespace directory
