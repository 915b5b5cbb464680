// dovecot-plugin/accounts.cc -- verdicts on logins and places of homes, from the directory.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "dovecot-plugin/accounts.hh"

#include <algorithm>
#include <array>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/password.hh"
#include "directory-lib/settings.hh"

namespace plugin {

namespace {

using directory::Access;
using directory::Service;

struct ServiceName {
  std::string_view name;
  Service service;
};

// Dovecot's own names; Postfix asks as "smtp", the web page as "webmail".
constexpr std::array<ServiceName, 9> service_names{{
    {"imap", Service::imap},
    {"pop3", Service::pop3},
    {"sieve", Service::sieve},
    {"managesieve", Service::sieve},
    {"smtp", Service::submission},
    {"submission", Service::submission},
    {"lmtp", Service::receive},
    {"lda", Service::receive},
    {"webmail", Service::webmail},
}};

// A service without a switch is open to every account that is in force.
Access access_to(const directory::User& user, std::string_view service, base::WallTime now) {
  if (const auto governed = switch_of(service)) {
    return directory::access_of(user, *governed, now);
  }
  const Access access = directory::access_of(user, Service::imap, now);
  return access == Access::service_disabled ? Access::granted : access;
}

// What is stored is relative to the mail root and stays below it.
base::Result<std::string> below(const std::string& root, const std::string& path) {
  const auto parts = base::split(path, '/');
  const bool stays = std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == "." || part == "..";
  });
  if (!stays) {
    return base::make_error(base::Errc::corrupt, "stored path leaves the mail root: " + path);
  }
  return root + "/" + path;
}

}  // namespace

std::optional<Service> switch_of(std::string_view service) {
  for (const ServiceName& row : service_names) {
    if (row.name == service) {
      return row.service;
    }
  }
  return std::nullopt;
}

Accounts::Accounts(std::string folder, const base::Clock& clock)
    : folder_(std::move(folder)), clock_(clock) {}

base::Result<Accounts::Open*> Accounts::opened() {
  if (open_) {
    return &*open_;
  }
  auto settings = load_settings(folder_ + "/dovecot-plugin.conf", true);
  if (!settings) {
    return settings.error();
  }
  const auto owner = find_owner(*settings);
  if (!owner) {
    return owner.error();
  }
  const auto where = directory::load_settings(folder_ + "/directory.conf");
  if (!where) {
    return where.error();
  }
  auto database = directory::open(*where, directory::OpenAs::reader);
  if (!database) {
    return database.error();
  }
  open_.emplace(Open{std::move(*settings), *owner, std::move(*database)});
  return &*open_;
}

// The next call opens the database anew.
template <typename T>
base::Result<T> Accounts::failed(base::Error why) {
  open_.reset();
  return why;
}

Login Accounts::judge(const directory::User& user, std::string_view service) const {
  Login login;
  login.address = user.address;
  const Access access = access_to(user, service, clock_.now());
  if (access != Access::granted) {
    login.verdict = Verdict::refused;
    login.reason = directory::access_name(access);
    return login;
  }
  login.verdict = Verdict::ok;
  // What is stored may be a whole Postfix route; Dovecot's proxy takes the host in it.
  const base::Words& own = open_->settings.own_hosts;
  const std::string host = directory::extman::host_of(user.mail_host);
  const bool is_own = std::find_if(own.begin(), own.end(), [&](const std::string& name) {
                        return name == user.mail_host || name == host;
                      }) != own.end();
  if (!own.empty() && !user.mail_host.empty() && !is_own) {
    login.host = host;
  }
  return login;
}

base::Result<LoginSecret> Accounts::find_secret(std::string_view user, std::string_view service) {
  const auto open = opened();
  if (!open) {
    return open.error();
  }
  const auto account = (*open)->directory->find_credentials(user);
  if (!account) {
    if (account.error().code == base::Errc::not_found) {
      return LoginSecret{};
    }
    return failed<LoginSecret>(account.error());
  }
  return LoginSecret{judge(account->user, service), account->password};
}

base::Result<Login> Accounts::log_in(std::string_view user, std::string_view service,
                                     std::string_view password) {
  const auto secret = find_secret(user, service);
  if (!secret) {
    return secret.error();
  }
  Login login = secret->login;
  if (login.verdict == Verdict::unknown) {
    return login;
  }
  bool fits = false;
  if (!secret->password.empty()) {
    const auto verified = directory::verify_password(secret->password, password);
    if (!verified) {
      return base::make_error(base::Errc::corrupt, "stored password of " + login.address + ": " +
                                                       verified.error().detail);
    }
    fits = *verified;
  }
  if (!fits) {
    login.verdict = Verdict::mismatch;
  }
  return login;
}

base::Result<Place> Accounts::find_place(std::string_view user, std::string_view service) {
  const auto open = opened();
  if (!open) {
    return open.error();
  }
  const auto account = (*open)->directory->find_user(user);
  if (!account) {
    if (account.error().code == base::Errc::not_found) {
      return Place{};
    }
    return failed<Place>(account.error());
  }
  const auto governed = switch_of(service);
  if (governed && directory::access_of(*account, *governed, clock_.now()) != Access::granted) {
    return Place{};
  }
  const std::string& root = (*open)->directory->settings().mail_root;
  const auto home = below(root, account->home);
  if (!home) {
    return home.error();
  }
  Place place{true, account->address, *home, "", account->quota.count, (*open)->owner};
  if (!account->maildir.empty() && account->maildir != account->home + "/Maildir") {
    const auto maildir = below(root, account->maildir);
    if (!maildir) {
      return maildir.error();
    }
    place.maildir = *maildir;
  }
  return place;
}

base::Result<directory::Page<std::string>> Accounts::list(const std::string& after) {
  const auto open = opened();
  if (!open) {
    return open.error();
  }
  const auto users = (*open)->directory->list_users("", after, directory::page_limit);
  if (!users) {
    return failed<directory::Page<std::string>>(users.error());
  }
  directory::Page<std::string> page;
  page.next = users->next;
  page.items.reserve(users->items.size());
  for (const directory::User& user : users->items) {
    page.items.push_back(user.address);
  }
  return page;
}

}  // namespace plugin
