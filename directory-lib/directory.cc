// directory-lib/directory.cc -- the rules of names, limits and clashes that every backend shares.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/directory.hh"

#include <algorithm>
#include <array>

#include "base/text.hh"

#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;

constexpr std::array<std::string_view, service_count> service_names{
    "receive", "submission", "imap", "pop3", "sieve", "webmail", "netdisk"};
constexpr std::size_t text_limit = 255;  // names and descriptions for people, octets

base::Result<void> check_text(std::string_view what, std::string_view text) {
  const bool has_control = std::any_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
  if (text.size() > text_limit || has_control || !base::is_utf8(text)) {
    return base::make_error(Errc::malformed, std::string(what) + " '" + base::printable(text, 40) +
                                                 "': longer than 255 octets, a control character, "
                                                 "or not UTF-8");
  }
  return {};
}

// The last line of defence before a path is stored; maildir-lib/layout.hh has the full rules.
base::Result<void> check_path(const std::string& path) {
  for (const std::string_view part : base::split(path, '/')) {
    if (part.empty() || part.front() == '.') {
      return base::make_error(Errc::malformed,
                              "'" + base::printable(path, 80) + "' is no path below the mail root");
    }
  }
  return check_text("path", path.substr(0, text_limit));
}

base::WallTime born(base::WallTime given) {
  return given == base::WallTime() ? base::system_clock().now() : given;
}

std::size_t cut(std::size_t limit) {
  return std::clamp<std::size_t>(limit, 1, page_limit);
}

}  // namespace

base::Result<mail::Address> parse_new(std::string_view text) {
  auto address = mail::parse_account(text);
  if (address && (address->text().front() == '"' || address->domain.front() == '[')) {
    return base::make_error(Errc::malformed, "'" + base::printable(text, 80) +
                                                 "': an account needs a plain name and a domain");
  }
  return address;
}

std::string_view service_name(Service service) {
  return service_names.at(static_cast<std::size_t>(service));
}

base::Result<Service> parse_service(std::string_view name) {
  for (std::size_t i = 0; i < service_names.size(); ++i) {
    if (service_names.at(i) == name) {
      return static_cast<Service>(i);
    }
  }
  std::string hint = "one of";
  for (const std::string_view known : service_names) {
    hint.append(" ").append(known);
  }
  return base::make_error(Errc::malformed, "no service '" + base::printable(name, 40) + "'", hint);
}

bool is_expired(const Expiry& expires, base::WallTime now) {
  return expires && now >= *expires + std::chrono::days(1);
}

Access access_of(const User& user, Service service, base::WallTime now) {
  if (!user.domain_enabled) {
    return Access::domain_disabled;
  }
  if (is_expired(user.domain_expires, now)) {
    return Access::domain_expired;
  }
  if (!user.enabled) {
    return Access::user_disabled;
  }
  if (is_expired(user.expires, now)) {
    return Access::user_expired;
  }
  return user.disabled.has(service) ? Access::service_disabled : Access::granted;
}

std::string_view access_name(Access access) {
  switch (access) {
    case Access::granted:
      return "granted";
    case Access::user_disabled:
      return "user_disabled";
    case Access::user_expired:
      return "user_expired";
    case Access::domain_disabled:
      return "domain_disabled";
    case Access::domain_expired:
      return "domain_expired";
    case Access::service_disabled:
      return "service_disabled";
  }
  return "user_disabled";
}

base::Result<Domain> Directory::find_domain(std::string_view name) {
  const auto domain = mail::parse_domain(name);
  return domain ? read_domain(*domain) : absent("domain", name);
}

base::Result<User> Directory::find_user(std::string_view address) {
  const auto key = mail::parse_account(address);
  return key ? read_user(*key) : absent("user", address);
}

base::Result<Credentials> Directory::find_credentials(std::string_view address) {
  const auto key = mail::parse_account(address);
  return key ? read_credentials(*key) : absent("user", address);
}

base::Result<Alias> Directory::find_alias(std::string_view address) {
  if (address.starts_with('@')) {
    const auto domain = mail::parse_domain(address.substr(1));
    return domain ? read_alias("", *domain) : absent("alias", address);
  }
  const auto key = mail::parse_account(address);
  return key ? read_alias(key->local, key->domain) : absent("alias", address);
}

base::Result<Page<Domain>> Directory::list_domains(std::string_view after, std::size_t limit) {
  return page_domains(after, cut(limit));
}

base::Result<Page<User>> Directory::list_users(std::string_view domain, std::string_view after,
                                               std::size_t limit) {
  if (domain.empty()) {
    return page_users("", after, cut(limit));
  }
  const auto known = find_domain(domain);
  if (!known) {
    return known.error();
  }
  return page_users(known->name, after, cut(limit));
}

base::Result<Page<Alias>> Directory::list_aliases(std::string_view domain, std::string_view after,
                                                  std::size_t limit) {
  if (domain.empty()) {
    return page_aliases("", after, cut(limit));
  }
  const auto known = find_domain(domain);
  if (!known) {
    return known.error();
  }
  return page_aliases(known->name, after, cut(limit));
}

base::Result<void> Directory::transact(const std::function<base::Result<void>()>& work) {
  if (auto ok = begin(); !ok) {
    return ok.error();
  }
  auto ok = work();
  if (ok) {
    ok = commit();
  }
  if (!ok) {
    roll_back();
  }
  return ok;
}

base::Result<Domain> Directory::add_domain(Domain domain) {
  auto name = mail::parse_domain(domain.name);
  if (!name) {
    return name.error();
  }
  domain.name = std::move(*name);
  domain.created = born(domain.created);
  if (auto ok = check_text("description", domain.description); !ok) {
    return ok.error();
  }
  if (!domain.hash_path.empty()) {
    if (auto ok = check_path(domain.hash_path); !ok) {
      return ok.error();
    }
  }
  auto done = transact([&]() -> base::Result<void> {
    auto ok = insert_domain(domain);
    return !ok && ok.error().code == Errc::exists ? taken(domain.name, "a domain already") : ok;
  });
  if (!done) {
    return done.error();
  }
  return domain;
}

base::Result<void> Directory::check_new_user(User& user) {
  const auto address = mail::parse_account(user.address);
  const auto domain = read_domain(address->domain);
  if (!domain) {
    return domain.error().code == Errc::not_found ? unknown_domain(address->domain)
                                                  : domain.error();
  }
  const auto alias = read_alias(address->local, address->domain);
  if (alias) {
    return taken(user.address, "an alias already", "a mailbox of that name would get no mail");
  }
  if (alias.error().code != Errc::not_found) {
    return alias.error();
  }
  user.domain_enabled = domain->enabled;
  user.domain_expires = domain->expires;
  if (domain->max_users == 0 && domain->max_quota.count == 0) {
    return {};
  }
  const auto used = read_allotment(domain->name);
  if (!used) {
    return used.error();
  }
  if (domain->max_users != 0 && used->users >= domain->max_users) {
    return base::make_error(Errc::over_quota, domain->name + " has all its " +
                                                  std::to_string(domain->max_users) + " users");
  }
  const std::uint64_t most = domain->max_quota.count;
  const bool unlimited = user.quota.count == 0;
  if (most != 0 &&
      (unlimited || used->quota.count > most || user.quota.count > most - used->quota.count)) {
    return base::make_error(Errc::over_quota,
                            "the quotas of " + domain->name + " may sum to " +
                                std::to_string(most) + " bytes, " +
                                std::to_string(used->quota.count) + " are given out",
                            unlimited ? "give the user a quota" : "");
  }
  return {};
}

base::Result<User> Directory::add_user(User user, std::string_view stored_password) {
  const auto address = parse_new(user.address);
  if (!address) {
    return address.error();
  }
  user.address = address->key();
  user.created = born(user.created);
  if (user.maildir.empty()) {
    user.maildir = user.home + "/Maildir";
  }
  for (auto ok : {check_text("name", user.name), check_path(user.home), check_path(user.maildir)}) {
    if (!ok) {
      return ok.error();
    }
  }
  auto done = transact([&]() -> base::Result<void> {
    if (auto ok = check_new_user(user); !ok) {
      return ok.error();
    }
    auto ok = insert_user(user, stored_password);
    return !ok && ok.error().code == Errc::exists ? taken(user.address, "a user already") : ok;
  });
  if (!done) {
    return done.error();
  }
  return user;
}

base::Result<void> Directory::set_password(std::string_view address,
                                           std::string_view stored_password) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return key.error();
  }
  return transact([&]() -> base::Result<void> {
    if (auto user = read_user(*key); !user) {
      return user.error();
    }
    return store_password(*key, stored_password);
  });
}

}  // namespace directory
