// directory-lib/ldap_write.cc -- one change of one entry, as libldap wants it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <memory>

#include <ldap.h>

#include "directory-lib/ldap_call.hh"

namespace directory {

namespace {

// libldap takes what it does not change as if it might.
char* loan(const std::string& text) {
  return const_cast<char*>(text.c_str());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
}

// LDAPMod structures over values that somebody else owns.
class Mods {
 public:
  void add(int operation, const std::string& attribute, const LdapValues& values) {
    auto& row = rows_.emplace_back(std::make_unique<Row>());
    for (const std::string& value : values) {
      row->values.push_back({value.size(), loan(value)});
    }
    for (berval& value : row->values) {
      row->pointers.push_back(&value);
    }
    row->pointers.push_back(nullptr);
    row->mod.mod_op = operation | LDAP_MOD_BVALUES;
    row->mod.mod_type = loan(attribute);
    row->mod.mod_bvalues = row->pointers.data();
  }

  LDAPMod** get() {
    list_.clear();
    for (const auto& row : rows_) {
      list_.push_back(&row->mod);
    }
    list_.push_back(nullptr);
    return list_.data();
  }

 private:
  struct Row {
    std::vector<berval> values;
    std::vector<berval*> pointers;
    LDAPMod mod{};
  };
  std::vector<std::unique_ptr<Row>> rows_;
  std::vector<LDAPMod*> list_;
};

int operation_of(LdapEdit::How how) {
  switch (how) {
    case LdapEdit::How::add:
      return LDAP_MOD_ADD;
    case LdapEdit::How::drop:
      return LDAP_MOD_DELETE;
    case LdapEdit::How::replace:
      break;
  }
  return LDAP_MOD_REPLACE;
}

}  // namespace

base::Result<void> LdapConnection::write(const LdapChange& change, base::SteadyTime deadline) {
  const NoSigpipe guard;
  Mods mods;
  for (const auto& [attribute, values] : change.attributes) {
    mods.add(LDAP_MOD_ADD, attribute, values);
  }
  for (const LdapEdit& edit : change.edits) {
    mods.add(operation_of(edit.how), edit.attribute, edit.values);
  }
  LDAP* handle = connection_.get();
  const char* name = change.name.c_str();
  int id = 0;
  int code = LDAP_SUCCESS;
  switch (change.kind) {
    case LdapChange::Kind::add:
      code = ldap_add_ext(handle, name, mods.get(), nullptr, nullptr, &id);
      break;
    case LdapChange::Kind::modify:
      code = ldap_modify_ext(handle, name, mods.get(), nullptr, nullptr, &id);
      break;
    case LdapChange::Kind::remove:
      code = ldap_delete_ext(handle, name, nullptr, nullptr, &id);
      break;
  }
  return code == LDAP_SUCCESS ? plain_outcome(id, deadline) : error(code);
}

}  // namespace directory
