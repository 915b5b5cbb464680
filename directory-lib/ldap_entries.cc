// directory-lib/ldap_entries.cc -- attribute by attribute, between LDAP and the structs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/ldap_entries.hh"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/ldap_names.hh"

namespace directory {

namespace {

struct SwitchRow {
  Service service;
  std::string_view attribute;
};
// ManageSieve has no switch in ExtMan: it stands in the note.
constexpr std::array<SwitchRow, 6> switches{{
    {Service::submission, "disablesmtpd"},
    {Service::receive, "disablesmtp"},
    {Service::webmail, "disablewebmail"},
    {Service::netdisk, "disablenetdisk"},
    {Service::imap, "disableimap"},
    {Service::pop3, "disablepop3"},
}};

const std::vector<std::string> account_attributes{"mail",
                                                  "cn",
                                                  "homeDirectory",
                                                  "mailMessageStore",
                                                  "mailHost",
                                                  "mailQuota",
                                                  "active",
                                                  "disablePasswdChange",
                                                  "expireDate",
                                                  "createDate",
                                                  "disablesmtpd",
                                                  "disablesmtp",
                                                  "disablewebmail",
                                                  "disablenetdisk",
                                                  "disableimap",
                                                  "disablepop3",
                                                  "virtualDomain",
                                                  "description",
                                                  "hashDirPath",
                                                  "Transport",
                                                  "domainMaxUsers",
                                                  "domainMaxAlias",
                                                  "domainMaxQuota",
                                                  "defaultQuota",
                                                  "defaultExpire",
                                                  "catchAllAddress",
                                                  "mailLocalAddress",
                                                  "managerType"};

// An attribute that takes ASCII.
std::string plain(const LdapAttributes& entry, std::string_view attribute) {
  return ldap_unascii(ldap_text(entry, attribute));
}

std::uint64_t count(std::string_view text) {
  return base::parse_number<std::uint64_t>(text).value_or(0);
}

base::Bytes quota(std::string_view text) {
  return extman::parse_quota(text).value_or(base::Bytes{});
}

Expiry day(std::string_view text) {
  return extman::parse_day(text).value_or(Expiry());
}

Services services(const LdapAttributes& entry, const LdapNote& note) {
  Services off;
  if (note_text(note, "sieve") == "off") {
    off.add(Service::sieve);
  }
  for (const SwitchRow& row : switches) {
    if (extman::is_on(ldap_text(entry, row.attribute))) {
      off.add(row.service);
    }
  }
  return off;
}

// Each value is an address, or several as in ExtMan's goto lists.
std::vector<std::string> targets(const LdapAttributes& entry, std::string_view attribute) {
  std::vector<std::string> out;
  const auto values = entry.find(attribute);
  if (values == entry.end()) {
    return out;
  }
  std::set<std::string> seen;
  for (const std::string& value : values->second) {
    for (std::string& target : extman::parse_targets(ldap_unascii(value))) {
      if (seen.insert(target).second) {
        out.push_back(std::move(target));
      }
    }
  }
  return out;
}

// Writes into `out` what differs from `found` in its meaning, and what is found otherwise.
class Draft {
 public:
  explicit Draft(const LdapAttributes& found) : found_(found) {}

  // For people: UTF-8.
  void prose(const std::string& attribute, const std::string& value) {
    out_[attribute] = value.empty() ? LdapValues() : LdapValues{value};
  }
  void text(const std::string& attribute, const std::string& value) {
    prose(attribute, ldap_ascii(value));
  }
  void flag(const std::string& attribute, bool on) {
    const auto old = ldap_text(found_, attribute);
    text(attribute, !old.empty() && extman::is_on(old) == on ? std::string(old) : on ? "1" : "0");
  }
  void size(const std::string& attribute, base::Bytes bytes) {
    const auto old = ldap_text(found_, attribute);
    text(attribute, extman::quota_text(bytes, old.empty() ? "S" : old));
  }
  void number(const std::string& attribute, std::uint64_t value) {
    const auto old = ldap_text(found_, attribute);
    text(attribute, !old.empty() && count(old) == value ? std::string(old) : std::to_string(value));
  }
  void date(const std::string& attribute, const Expiry& value) {
    const auto old = ldap_text(found_, attribute);
    text(attribute, !old.empty() && day(old) == value ? std::string(old) : extman::day_text(value));
  }
  // A path; ExtMan ends those of Maildirs with a slash.
  void path(const std::string& attribute, const std::string& value, const std::string& end) {
    const auto old = ldap_text(found_, attribute);
    const auto known = ldap_unascii(old);
    text(attribute, extman::stored_path(known) == value ? known : value + end);
  }
  // Chosen once.
  void time(const std::string& attribute, base::WallTime value) {
    const auto old = ldap_text(found_, attribute);
    text(attribute, old.empty() ? extman::time_text(value) : std::string(old));
  }
  void switches_of(Services off) {
    for (const SwitchRow& row : switches) {
      flag(std::string(row.attribute), off.has(row.service));
    }
  }
  void list(const std::string& attribute, const LdapValues& values) {
    LdapValues& out = out_[attribute];
    std::transform(values.begin(), values.end(), std::back_inserter(out),
                   [](const std::string& value) { return ldap_ascii(value); });
  }
  LdapAttributes take() { return std::move(out_); }

 private:
  const LdapAttributes& found_;
  LdapAttributes out_{};
};

}  // namespace

std::string ldap_password(std::string_view stored) {
  return std::string(stored.empty() ? no_ldap_password : stored);
}

std::span<const std::string> ldap_account_attributes() {
  return account_attributes;
}

std::span<const std::string> ldap_secret_attributes() {
  static const std::vector<std::string> with_password = [] {
    auto all = account_attributes;
    all.emplace_back("userPassword");
    return all;
  }();
  return with_password;
}

Domain ldap_domain(std::string_view name, const LdapAttributes& entry, const LdapNote& note) {
  Domain domain;
  domain.name = name;
  domain.description = ldap_text(entry, "description");
  domain.hash_path = extman::stored_path(plain(entry, "hashDirPath"));
  domain.mail_host = extman::domain_mail_host(plain(entry, "Transport"));
  domain.max_users = count(ldap_text(entry, "domainMaxUsers"));
  domain.max_aliases = count(ldap_text(entry, "domainMaxAlias"));
  domain.max_quota = quota(ldap_text(entry, "domainMaxQuota"));
  domain.default_quota = quota(ldap_text(entry, "defaultQuota"));
  domain.default_term = extman::parse_term(ldap_text(entry, "defaultExpire"));
  domain.disabled = services(entry, note);
  domain.enabled = extman::is_on(ldap_text(entry, "active"));
  domain.expires = day(ldap_text(entry, "expireDate"));
  domain.created = extman::parse_time(ldap_text(entry, "createDate"));
  return domain;
}

User ldap_user(const mail::Address& address, const LdapAttributes& entry,
               const LdapAttributes& domain, const LdapNote& note) {
  User user;
  user.address = address.key();
  user.name = ldap_text(entry, "cn");
  user.home = extman::stored_home(plain(entry, "homeDirectory"), plain(entry, "mailMessageStore"));
  user.maildir = extman::stored_path(plain(entry, "mailMessageStore"));
  if (user.maildir.empty()) {
    user.maildir = user.home + "/Maildir";
  }
  user.mail_host = plain(entry, "mailHost");
  user.quota = quota(ldap_text(entry, "mailQuota"));
  user.disabled = services(entry, note);
  user.greylist = note_text(note, "greylist") != "off";
  user.enabled = extman::is_on(ldap_text(entry, "active"));
  user.may_change_password = !extman::is_on(ldap_text(entry, "disablePasswdChange"));
  user.expires = day(ldap_text(entry, "expireDate"));
  user.created = extman::parse_time(ldap_text(entry, "createDate"));
  user.domain_enabled = extman::is_on(ldap_text(domain, "active"));
  user.domain_expires = day(ldap_text(domain, "expireDate"));
  return user;
}

Alias ldap_alias(std::string_view address, const LdapAttributes& entry) {
  Alias alias;
  alias.address = address;
  alias.targets = targets(entry, "mail");
  alias.enabled = extman::is_on(ldap_text(entry, "active"));
  alias.expires = day(ldap_text(entry, "expireDate"));
  alias.created = extman::parse_time(ldap_text(entry, "createDate"));
  return alias;
}

std::optional<Alias> ldap_catch_all(std::string_view domain, const LdapAttributes& entry) {
  Alias alias;
  alias.address = "@" + std::string(domain);
  alias.targets = targets(entry, "catchAllAddress");
  alias.created = extman::parse_time(ldap_text(entry, "createDate"));
  return alias.targets.empty() ? std::nullopt : std::optional(std::move(alias));
}

LdapAttributes ldap_domain_attributes(const Domain& domain, const LdapAttributes& found) {
  Draft draft(found);
  draft.prose("description", domain.description);
  draft.path("hashDirPath", domain.hash_path, "");
  const auto transport = plain(found, "Transport");
  draft.text("Transport", extman::domain_mail_host(transport) == domain.mail_host
                              ? transport
                              : domain.mail_host);
  draft.number("domainMaxUsers", domain.max_users);
  draft.number("domainMaxAlias", domain.max_aliases);
  draft.size("domainMaxQuota", domain.max_quota);
  draft.size("defaultQuota", domain.default_quota);
  const auto term = ldap_text(found, "defaultExpire");
  draft.text("defaultExpire", extman::parse_term(term) == domain.default_term
                                  ? std::string(term)
                                  : domain.default_term);
  draft.switches_of(domain.disabled);
  draft.flag("active", domain.enabled);
  draft.date("expireDate", domain.expires);
  draft.time("createDate", domain.created);
  return draft.take();
}

LdapAttributes ldap_user_attributes(const User& user, const LdapAttributes& found) {
  Draft draft(found);
  draft.prose("cn", user.name);
  draft.path("homeDirectory", user.home, "");
  draft.path("mailMessageStore", user.maildir, "/");
  draft.text("mailHost", user.mail_host);
  draft.size("mailQuota", user.quota);
  draft.switches_of(user.disabled);
  draft.flag("active", user.enabled);
  draft.flag("disablePasswdChange", !user.may_change_password);
  draft.date("expireDate", user.expires);
  draft.time("createDate", user.created);
  return draft.take();
}

LdapAttributes ldap_alias_attributes(const Alias& alias, const LdapAttributes& found) {
  Draft draft(found);
  draft.list("mail", alias.targets);
  draft.flag("active", alias.enabled);
  draft.date("expireDate", alias.expires);
  draft.time("createDate", alias.created);
  return draft.take();
}

ManagerAccount ldap_manager(std::string_view address, const LdapAttributes& entry) {
  ManagerAccount manager;
  manager.address = address;
  manager.name = ldap_text(entry, "cn");
  manager.level = base::iequals(ldap_text(entry, "managerType"), "admin")
                      ? ManagerLevel::admin
                      : ManagerLevel::postmaster;
  if (const auto domains = entry.find("virtualDomain"); domains != entry.end()) {
    for (const std::string& value : domains->second) {
      // An admin's is empty, and what is no domain looks after nothing.
      if (auto domain = mail::parse_domain(ldap_unascii(value))) {
        manager.domains.push_back(std::move(*domain));
      }
    }
  }
  std::sort(manager.domains.begin(), manager.domains.end());
  manager.may_change_password = !extman::is_on(ldap_text(entry, "disablePasswdChange"));
  manager.enabled = extman::is_on(ldap_text(entry, "active"));
  manager.expires = day(ldap_text(entry, "expireDate"));
  manager.created = extman::parse_time(ldap_text(entry, "createDate"));
  return manager;
}

LdapAttributes ldap_manager_attributes(const ManagerAccount& manager, const LdapAttributes& found) {
  Draft draft(found);
  draft.prose("cn", manager.name);
  const bool is_same =
      !ldap_text(found, "managerType").empty() && ldap_manager("", found).level == manager.level;
  draft.text("managerType", is_same ? std::string(ldap_text(found, "managerType"))
                                    : std::string(manager_level_name(manager.level)));
  draft.list("virtualDomain", manager.domains);
  draft.flag("active", manager.enabled);
  draft.flag("disablePasswdChange", !manager.may_change_password);
  draft.date("expireDate", manager.expires);
  draft.time("createDate", manager.created);
  return draft.take();
}

LdapChange ldap_addition(std::string name, LdapAttributes attributes, LdapValues classes) {
  std::erase_if(attributes, [](const auto& each) { return each.second.empty(); });
  attributes["objectClass"] = std::move(classes);
  return {LdapChange::Kind::add, std::move(name), std::move(attributes), {}};
}

LdapNote ldap_domain_note(const Domain& domain) {
  return domain.disabled.has(Service::sieve) ? LdapNote{{"sieve", "off"}} : LdapNote();
}

LdapNote ldap_user_note(const User& user) {
  LdapNote note;
  if (user.disabled.has(Service::sieve)) {
    note.emplace_back("sieve", "off");
  }
  if (!user.greylist) {
    note.emplace_back("greylist", "off");
  }
  return note;
}

std::vector<LdapEdit> ldap_edits(const LdapAttributes& wanted, const LdapAttributes& found) {
  std::vector<LdapEdit> edits;
  for (const auto& [attribute, values] : wanted) {
    const auto old = found.find(attribute);
    const bool is_same = old == found.end() ? values.empty() : old->second == values;
    if (!is_same) {
      edits.push_back({LdapEdit::How::replace, attribute, values});
    }
  }
  return edits;
}

}  // namespace directory
