// directory-lib/ldap_setup.cc -- what the tree and the server's schema must hold, made or checked.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <set>

#include "base/text.hh"

#include "directory-lib/ldap_directory.hh"
#include "directory-lib/ldap_names.hh"

namespace directory {

namespace {

using base::Errc;

struct NeededClass {
  std::string_view name;
  std::vector<std::string_view> attributes;
};

// What is read and written here, but for what core, cosine and nis bring.
const std::vector<NeededClass>& needed_classes() {
  static const std::vector<NeededClass> needed{
      {"extmailDomain",
       {"virtualDomain", "active", "Transport", "expireDate", "createDate", "hashDirPath",
        "domainMaxQuota", "domainMaxUsers", "domainMaxAlias", "defaultQuota", "defaultExpire",
        "catchAllAddress", "disablesmtpd", "disablesmtp", "disablewebmail", "disablenetdisk",
        "disableimap", "disablepop3"}},
      {"extmailUser",
       {"homeDirectory", "active", "virtualDomain", "expireDate", "createDate", "mailMessageStore",
        "mailQuota", "mailHost", "disablesmtpd", "disablesmtp", "disablewebmail", "disablenetdisk",
        "disableimap", "disablepop3", "disablePasswdChange", "clearPassword"}},
      {"extmailAlias", {"mailLocalAddress", "active", "virtualDomain", "expireDate", "createDate"}},
      {"extmailManager",
       {"active", "virtualDomain", "createDate", "expireDate", "managerType",
        "disablePasswdChange"}},
      {"applicationProcess", {"description"}},
  };
  return needed;
}

using Classes = std::map<std::string, LdapClass, LdapNameLess>;

// Whether the class or one above it takes the attribute.
bool takes(const Classes& classes, std::string_view name, std::string_view attribute) {
  const auto found = classes.find(name);
  if (found == classes.end()) {
    return false;
  }
  const LdapClass& one = found->second;
  return std::any_of(one.attributes.begin(), one.attributes.end(),
                     [&](const std::string& x) { return base::iequals(x, attribute); }) ||
         std::any_of(one.above.begin(), one.above.end(), [&](const std::string& x) {
           return !base::iequals(x, name) && takes(classes, x, attribute);
         });
}

base::Error lacking(const std::string& uri, const std::string& what) {
  return base::make_error(Errc::corrupt, uri + ": its schema has no " + what,
                          "load ExtMan's extmail.schema into the server, after core, cosine and "
                          "nis, and start it anew");
}

LdapChange folder(std::string name, const std::string& attribute, const std::string& value,
                  LdapValues classes) {
  LdapChange change{LdapChange::Kind::add, std::move(name), {}, {}};
  change.attributes["objectClass"] = std::move(classes);
  change.attributes[attribute] = {value};
  return change;
}

// The entry that everything lies below, by its first part.
base::Result<LdapChange> base_entry(const std::string& base) {
  const auto parts = parse_ldap_name(base);
  if (!parts) {
    return parts.error();
  }
  const auto& [attribute, value] = parts->front();
  if (base::iequals(attribute, "dc")) {
    auto change = folder(base, "dc", value, {"top", "organization", "dcObject"});
    change.attributes["o"] = {value};
    return change;
  }
  if (base::iequals(attribute, "o")) {
    return folder(base, "o", value, {"top", "organization"});
  }
  if (base::iequals(attribute, "ou")) {
    return folder(base, "ou", value, {"top", "organizationalUnit"});
  }
  return base::make_error(Errc::unavailable, "there is no entry " + base,
                          "make it, of a class that has the attribute " + attribute);
}

}  // namespace

base::Result<void> LdapDirectory::make_roots() {
  const auto base = base_entry(names_.base());
  std::vector<LdapChange> wanted;
  wanted.push_back(base ? *base : LdapChange{LdapChange::Kind::add, names_.base(), {}, {}});
  const auto add = [&wanted](const std::string& name, const std::string& attribute) {
    const auto parts = parse_ldap_name(name);
    wanted.push_back(folder(name, attribute, parts->front().second,
                            {"top", attribute == "o" ? "organization" : "organizationalUnit"}));
  };
  add(names_.accounts(), "o");
  add(names_.aliases(), "o");
  add(names_.managers(), "o");
  add(names_.ours(), "ou");
  for (const auto kind : {LdapNotes::domains, LdapNotes::users, LdapNotes::managers,
                          LdapNotes::lists, LdapNotes::app_passwords, LdapNotes::stores}) {
    add(names_.notes(kind), "ou");
  }
  std::vector<std::string> names;
  names.reserve(wanted.size());
  for (const LdapChange& change : wanted) {
    names.push_back(change.name);
  }
  static const std::array<std::string, 1> attributes{"objectClass"};
  const auto found = tree_.read(names, attributes);
  if (!found) {
    return found.error();
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if ((*found)[i]) {
      continue;
    }
    if (wanted[i].attributes.empty()) {
      return base.error();
    }
    // Another writer may have made it meanwhile.
    if (auto ok = tree_.write_now(wanted[i]); !ok && ok.error().code != Errc::exists) {
      return ok.error();
    }
  }
  return {};
}

base::Result<void> LdapDirectory::check_schema() {
  static const std::array<std::string, 1> where{"subschemaSubentry"};
  static const std::array<std::string, 1> what{"objectClasses"};
  const auto top = tree_.read_one("", where);
  if (!top) {
    return top.error();
  }
  const std::string name(*top ? ldap_text(**top, where.front()) : "");
  const auto entry = tree_.read_one(name, what);
  if (!entry) {
    return entry.error();
  }
  // A server that does not show its schema cannot be checked.
  if (name.empty() || !*entry || !(*entry)->contains(what.front())) {
    return {};
  }
  Classes classes;
  for (const std::string& text : (*entry)->find(what.front())->second) {
    const auto one = parse_ldap_class(text);
    if (!one) {
      continue;
    }
    for (const std::string& known : one->names) {
      classes.insert_or_assign(known, *one);
    }
  }
  for (const NeededClass& needed : needed_classes()) {
    if (!classes.contains(needed.name)) {
      return lacking(settings().ldap_uri, "class " + std::string(needed.name));
    }
    for (const std::string_view attribute : needed.attributes) {
      if (!takes(classes, needed.name, attribute)) {
        return lacking(settings().ldap_uri, "attribute " + std::string(attribute) + " in class " +
                                                std::string(needed.name));
      }
    }
  }
  return {};
}

}  // namespace directory
