// directory-lib/ldap_directory.cc -- opening, and reading one entry.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/ldap_directory.hh"

#include <array>

#include "base/files.hh"
#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::size_t password_file_limit = 4096;

base::Result<LdapServer> server_of(const Settings& settings) {
  if (settings.ldap_base.empty()) {
    return base::make_error(Errc::malformed, "ldap_base is not set",
                            "in directory.conf, as dc=example,dc=org");
  }
  if (const auto base = parse_ldap_name(settings.ldap_base); !base) {
    return base::make_error(base.error().code, "ldap_base: " + base.error().detail,
                            base.error().hint);
  }
  LdapServer server{
      settings.ldap_uri,    settings.ldap_bind_dn,        "", settings.ldap_tls == "starttls",
      settings.ldap_tls_ca, settings.ldap_connect_timeout};
  if (settings.ldap_bind_dn.empty()) {
    return server;
  }
  auto text = base::read_file(settings.ldap_password_file, password_file_limit);
  if (!text) {
    return base::make_error(Errc::denied, "ldap_password_file: " + text.error().detail,
                            "the user must be able to read it");
  }
  server.password = base::split(*text, '\n').front();
  while (server.password.ends_with('\r')) {
    server.password.pop_back();
  }
  // A name with an empty password binds as nobody, and the server says that all is well.
  if (server.password.empty()) {
    return base::make_error(Errc::denied, settings.ldap_password_file + " holds no password");
  }
  return server;
}

std::vector<std::string> roots_of(const LdapNames& names) {
  return {names.accounts(), names.aliases()};
}

}  // namespace

LdapDirectory::LdapDirectory(OnlyOpen /*key*/, const Settings& settings, LdapServer server,
                             bool is_writer)
    : Directory(settings),
      names_(settings.ldap_base),
      tree_(std::move(server), roots_of(names_), settings.ldap_timeout),
      is_writer_(is_writer) {}

base::Result<std::unique_ptr<Directory>> LdapDirectory::open(const Settings& settings,
                                                             OpenAs mode) {
  auto server = server_of(settings);
  if (!server) {
    return server.error();
  }
  const bool is_writer = mode == OpenAs::writer || mode == OpenAs::recorder;
  auto directory =
      std::make_unique<LdapDirectory>(OnlyOpen(), settings, std::move(*server), is_writer);
  auto ready = directory->tree_.connect(!is_writer);
  if (ready && (mode == OpenAs::service || mode == OpenAs::writer)) {
    ready = directory->check_schema();
  }
  if (ready && mode == OpenAs::writer) {
    ready = directory->make_roots();
  }
  if (!ready) {
    return ready.error();
  }
  return std::unique_ptr<Directory>(std::move(directory));
}

base::Result<LdapAttributes> LdapDirectory::read_entry(const std::string& name,
                                                       const base::Error& absent) {
  auto entry = tree_.read_one(name, ldap_account_attributes());
  if (!entry) {
    return entry.error();
  }
  if (!*entry) {
    return absent;
  }
  return std::move(**entry);
}

base::Result<Domain> LdapDirectory::read_domain(std::string_view name) {
  const std::array<std::string, 2> names{names_.domain(name),
                                         names_.note(LdapNotes::domains, name)};
  const auto entries = tree_.read(names, ldap_account_attributes());
  if (!entries) {
    return entries.error();
  }
  const auto& entry = entries->front();
  if (!entry || !has_ldap_key(*entry, "virtualDomain", name)) {
    return absent("domain", name);
  }
  return ldap_domain(name, *entry, note_of(ldap_note(entries->back()), *entry));
}

base::Result<std::optional<LdapDirectory::Account>> LdapDirectory::read_account(
    const mail::Address& address, std::span<const std::string> wanted) {
  const std::string key = address.key();
  const std::array<std::string, 3> names{names_.user(address), names_.domain(address.domain),
                                         names_.note(LdapNotes::users, key)};
  auto entries = tree_.read(names, wanted);
  if (!entries) {
    return entries.error();
  }
  auto& found = *entries;
  if (!found[0] || !found[1] || !has_ldap_key(*found[0], "mail", key)) {
    return std::optional<Account>();
  }
  Account account{std::move(*found[0]), std::move(*found[1]), ldap_note(found[2])};
  account.note = note_of(std::move(account.note), account.entry);
  return std::optional<Account>(std::move(account));
}

base::Result<User> LdapDirectory::read_user(const mail::Address& address) {
  const auto account = read_account(address, ldap_account_attributes());
  if (!account) {
    return account.error();
  }
  if (!*account) {
    return absent("user", address.key());
  }
  return ldap_user(address, (*account)->entry, (*account)->domain, (*account)->note);
}

base::Result<Credentials> LdapDirectory::read_credentials(const mail::Address& address) {
  const auto account = read_account(address, ldap_secret_attributes());
  if (!account) {
    return account.error();
  }
  if (!*account) {
    return absent("user", address.key());
  }
  const Account& found = **account;
  auto password = password_of(found.entry, address.key());
  if (!password) {
    return password.error();
  }
  Credentials out{ldap_user(address, found.entry, found.domain, found.note), std::move(*password),
                  base::WallTime(std::chrono::milliseconds(
                      base::parse_number<std::int64_t>(note_text(found.note, "password-changed"))
                          .value_or(0)))};
  if (out.password_changed == base::WallTime()) {
    out.password_changed = out.user.created;
  }
  return out;
}

// "No password" is a hash that nothing fits, since an entry must have one.
base::Result<std::string> LdapDirectory::password_of(const LdapAttributes& entry,
                                                     std::string_view address) const {
  if (entry.find("userPassword") == entry.end()) {
    return base::make_error(Errc::denied,
                            "the server shows no userPassword of " + std::string(address),
                            "let ldap_bind_dn read it, for those who check passwords");
  }
  const auto text = ldap_text(entry, "userPassword");
  return text == no_ldap_password
             ? ""
             : extman::stored_password(text, settings().default_password_scheme);
}

base::Result<Alias> LdapDirectory::read_alias(std::string_view local, std::string_view domain) {
  const std::string address = std::string(local) + "@" + std::string(domain);
  std::vector<std::string> names{names_.alias(address)};
  if (local.empty()) {
    names.push_back(names_.domain(domain));
  }
  auto entries = tree_.read(names, ldap_account_attributes());
  if (!entries) {
    return entries.error();
  }
  const auto& found = *entries;
  if (found[0] && has_ldap_key(*found[0], "mailLocalAddress", address)) {
    return ldap_alias(address, *found[0]);
  }
  if (local.empty() && found[1]) {
    if (auto catch_all = ldap_catch_all(domain, *found[1])) {
      return std::move(*catch_all);
    }
  }
  return absent("alias", address);
}

}  // namespace directory
