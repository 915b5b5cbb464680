// directory-lib/ldap_parse.cc -- names and object classes, taken apart by libldap.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <ldap.h>
#include <ldap_schema.h>

#include "base/text.hh"

#include "directory-lib/ldap_call.hh"

namespace directory {

namespace {

using base::Errc;

std::string text_of(const berval& value) {
  return {value.bv_val, value.bv_len};
}

}  // namespace

base::Result<std::vector<LdapNamePart>> parse_ldap_name(std::string_view name) {
  const std::string text(name);
  LDAPDN parsed = nullptr;
  if (ldap_str2dn(text.c_str(), &parsed, LDAP_DN_FORMAT_LDAPV3) != LDAP_SUCCESS) {
    return base::make_error(Errc::malformed, "'" + base::printable(name, 80) + "' is no LDAP name",
                            "write it as dc=example,dc=org");
  }
  std::vector<LdapNamePart> parts;
  for (int i = 0; parsed != nullptr && parsed[i] != nullptr; ++i) {
    for (int j = 0; parsed[i][j] != nullptr; ++j) {
      parts.emplace_back(text_of(parsed[i][j]->la_attr), text_of(parsed[i][j]->la_value));
    }
  }
  ldap_dnfree(parsed);
  return parts;
}

base::Result<LdapClass> parse_ldap_class(const std::string& description) {
  int code = 0;
  const char* place = nullptr;
  LDAPObjectClass* parsed =
      ldap_str2objectclass(description.c_str(), &code, &place, LDAP_SCHEMA_ALLOW_ALL);
  if (parsed == nullptr) {
    return base::make_error(Errc::malformed,
                            std::string("the server's schema: ") + ldap_scherr2str(code));
  }
  LdapClass out;
  const auto copy = [](char** from, std::vector<std::string>& to) {
    for (; from != nullptr && *from != nullptr; ++from) {
      to.emplace_back(*from);
    }
  };
  copy(parsed->oc_names, out.names);
  copy(parsed->oc_sup_oids, out.above);
  copy(parsed->oc_at_oids_must, out.attributes);
  copy(parsed->oc_at_oids_may, out.attributes);
  ldap_objectclass_free(parsed);
  return out;
}

}  // namespace directory
