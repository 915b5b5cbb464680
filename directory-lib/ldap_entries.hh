// directory-lib/ldap_entries.hh -- ExtMan's LDAP entries, and ours beside them, as the structs.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The tree, below ldap_base (docs/formats/directory-ldap.md):
//   virtualDomain=D,o=extmailAccount           a domain
//   mail=A,virtualDomain=D,o=extmailAccount    a user
//   mailLocalAddress=A,o=extmailAlias          an alias; A is "@D" for the catch-all
//   mail=A,o=extmailManager                    a manager
//   cn=KEY,ou=KIND,ou=posthouse                what ExtMan has no attribute for: a note
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory-lib/directory.hh"
#include "directory-lib/ldap_call.hh"
#include "mail-lib/address.hh"

namespace directory {

enum class LdapNotes { domains, users, managers, lists, app_passwords, stores };

// The names of entries. Keys are in their normal form.
class LdapNames {
 public:
  explicit LdapNames(std::string base) : base_(std::move(base)) {}
  const std::string& base() const { return base_; }
  std::string accounts() const;
  std::string aliases() const;
  std::string managers() const;
  std::string ours() const;
  std::string notes(LdapNotes kind) const;
  std::string domain(std::string_view name) const;
  std::string user(const mail::Address& address) const;
  std::string alias(std::string_view address) const;
  std::string manager(std::string_view address) const;
  std::string note(LdapNotes kind, std::string_view key) const;

 private:
  std::string base_;
};

// The first value; empty when there is none.
std::string_view ldap_text(const LdapAttributes& entry, std::string_view attribute);
// Whether one of the values is `key`, in any case: the server's matching also folds blanks.
bool has_ldap_key(const LdapAttributes& entry, std::string_view attribute, std::string_view key);

// A note: words and what stands behind each.
using LdapNote = std::vector<std::pair<std::string, std::string>>;
LdapNote ldap_note(const std::optional<LdapAttributes>& entry);
std::string_view note_text(const LdapNote& note, std::string_view word);
void set_note(LdapNote& note, std::string_view word, std::string text);
LdapValues note_values(const LdapNote& note);

// Without what belonged to an older account of the same name, which ExtMan removed: a note says by
// createDate whose it is.
LdapNote note_of(LdapNote note, const LdapAttributes& owner);

// Stored where ExtMan's schema wants a password and there is none.
inline constexpr std::string_view no_ldap_password = "{CRYPT}!";

// The form of a password for the attribute.
std::string ldap_password(std::string_view stored);

// What a read asks for: all of an account but its password, or that too.
std::span<const std::string> ldap_account_attributes();
std::span<const std::string> ldap_secret_attributes();

Domain ldap_domain(std::string_view name, const LdapAttributes& entry, const LdapNote& note);
User ldap_user(const mail::Address& address, const LdapAttributes& entry,
               const LdapAttributes& domain, const LdapNote& note);
Alias ldap_alias(std::string_view address, const LdapAttributes& entry);
// The catch-all that a domain's own attribute names.
std::optional<Alias> ldap_catch_all(std::string_view domain, const LdapAttributes& entry);

// The attributes of an entry, beside key and classes, when it holds this; texts that say the same
// already stay as they are in `found`. No value: the attribute is not to be there.
LdapAttributes ldap_domain_attributes(const Domain& domain, const LdapAttributes& found);
LdapAttributes ldap_user_attributes(const User& user, const LdapAttributes& found);
LdapAttributes ldap_alias_attributes(const Alias& alias, const LdapAttributes& found);

// What must be written beside an entry for what ExtMan has no attribute for.
LdapNote ldap_user_note(const User& user);
LdapNote ldap_domain_note(const Domain& domain);

ManagerAccount ldap_manager(std::string_view address, const LdapAttributes& entry);
LdapAttributes ldap_manager_attributes(const ManagerAccount& manager, const LdapAttributes& found);

// The adding of an entry; attributes without a value are left out.
LdapChange ldap_addition(std::string name, LdapAttributes attributes, LdapValues classes);

// The edits that turn what is found into what is wanted.
std::vector<LdapEdit> ldap_edits(const LdapAttributes& wanted, const LdapAttributes& found);

}  // namespace directory
