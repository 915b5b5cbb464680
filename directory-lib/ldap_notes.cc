// directory-lib/ldap_notes.cc -- names of entries, values, and our notes beside them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "base/text.hh"

#include "directory-lib/ldap_entries.hh"
#include "directory-lib/ldap_names.hh"

namespace directory {

std::string LdapNames::accounts() const {
  return ldap_child("o", "extmailAccount", base_);
}
std::string LdapNames::aliases() const {
  return ldap_child("o", "extmailAlias", base_);
}
std::string LdapNames::managers() const {
  return ldap_child("o", "extmailManager", base_);
}
std::string LdapNames::ours() const {
  return ldap_child("ou", "posthouse", base_);
}
std::string LdapNames::notes(LdapNotes kind) const {
  static constexpr std::array<std::string_view, 6> folders{"domains", "users",         "managers",
                                                           "lists",   "app-passwords", "stores"};
  return ldap_child("ou", folders.at(static_cast<std::size_t>(kind)), ours());
}
std::string LdapNames::domain(std::string_view name) const {
  return ldap_child("virtualDomain", ldap_ascii(name), accounts());
}
std::string LdapNames::user(const mail::Address& address) const {
  return ldap_child("mail", ldap_ascii(address.key()), domain(address.domain));
}
std::string LdapNames::alias(std::string_view address) const {
  return ldap_child("mailLocalAddress", ldap_ascii(address), aliases());
}
std::string LdapNames::manager(std::string_view address) const {
  return ldap_child("mail", ldap_ascii(address), managers());
}
std::string LdapNames::note(LdapNotes kind, std::string_view key) const {
  return ldap_child("cn", ldap_ascii(key), notes(kind));
}

std::string_view ldap_text(const LdapAttributes& entry, std::string_view attribute) {
  const auto found = entry.find(attribute);
  return found == entry.end() || found->second.empty() ? std::string_view() : found->second.front();
}

bool has_ldap_key(const LdapAttributes& entry, std::string_view attribute, std::string_view key) {
  const auto found = entry.find(attribute);
  return found != entry.end() &&
         std::any_of(found->second.begin(), found->second.end(), [&](const std::string& value) {
           return base::iequals(ldap_unascii(value), key);
         });
}

LdapNote ldap_note(const std::optional<LdapAttributes>& entry) {
  LdapNote note;
  if (!entry) {
    return note;
  }
  const auto lines = entry->find("description");
  if (lines == entry->end()) {
    return note;
  }
  for (const std::string& line : lines->second) {
    const std::size_t blank = line.find(' ');
    note.emplace_back(line.substr(0, blank),
                      blank == std::string::npos ? std::string() : line.substr(blank + 1));
  }
  return note;
}

std::string_view note_text(const LdapNote& note, std::string_view word) {
  const auto found =
      std::find_if(note.begin(), note.end(), [&](const auto& line) { return line.first == word; });
  return found == note.end() ? std::string_view() : std::string_view(found->second);
}

void set_note(LdapNote& note, std::string_view word, std::string text) {
  std::erase_if(note, [&](const auto& line) { return line.first == word; });
  note.emplace_back(word, std::move(text));
}

LdapNote note_of(LdapNote note, const LdapAttributes& owner) {
  return note_text(note, "of") == ldap_text(owner, "createDate") ? std::move(note) : LdapNote();
}

LdapValues note_values(const LdapNote& note) {
  LdapValues values;
  values.reserve(note.size());
  for (const auto& [word, rest] : note) {
    std::string& value = values.emplace_back(word);
    if (!rest.empty()) {
      value.append(" ").append(rest);
    }
  }
  return values;
}

}  // namespace directory
