// directory-lib/ldap_names.hh -- LDAP filters and names built from values of any bytes; pure.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Nothing else in the project puts a value into a filter or a name. What is not a plain letter,
// digit or harmless mark is written as its two hex digits, so that no value can end early.
#pragma once

#include <string>
#include <string_view>

namespace directory {

// ExtMan's attributes take ASCII alone, and where UTF-8 may stand the server takes one letter for
// another that looks alike. So a byte above 127 is stored as "%XX", and "%" as "%25" where it would
// be read as one of the two. Names without these, all of ExtMan's own, stand for themselves.
std::string ldap_ascii(std::string_view text);
std::string ldap_unascii(std::string_view stored);

// RFC 4515 s3, assertion value.
std::string ldap_filter_value(std::string_view value);

// RFC 4514 s2.4, attribute value.
std::string ldap_name_value(std::string_view value);

// "(attribute=value)". `attribute` is a literal of ours.
std::string ldap_equals(std::string_view attribute, std::string_view value);

// "(&(objectClass=class)...)", the rest as ldap_equals() made it.
std::string ldap_all(std::string_view object_class, std::string_view condition = {});

// "attribute=value,parent"; `parent` is a name as this function or the settings made it.
std::string ldap_child(std::string_view attribute, std::string_view value, std::string_view parent);

}  // namespace directory
