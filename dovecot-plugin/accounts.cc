// dovecot-plugin/accounts.cc -- verdicts on logins and places of homes, from the directory.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "dovecot-plugin/accounts.hh"

#include <algorithm>
#include <array>

#include "base/digest.hh"
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

// When the password was changed, and a few bits of what is stored: ExtMan writes no time. So few
// that they tell nothing of a password, and again other ones when it is hashed anew.
std::string generation_of(const directory::Credentials& account) {
  constexpr std::size_t digits = 8;
  const std::string digest = base::sha256(account.user.address + "\n" + account.password);
  return std::to_string(account.password_changed.time_since_epoch().count()) + "-" +
         base::hex(base::bytes_of(digest)).substr(0, digits);
}

base::Result<directory::Credentials> as_credentials(base::Result<directory::User> user) {
  return user ? base::Result<directory::Credentials>({std::move(*user), "", {}}) : user.error();
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
  prepare_rehash();
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
  if (!own.empty() && !user.mail_host.empty() &&
      !directory::extman::is_among(user.mail_host, own)) {
    login.host = directory::extman::host_of(user.mail_host);
    if (service == "lmtp") {
      login.port = directory::extman::lmtp_port_of(user.mail_host);
    }
  }
  return login;
}

void Accounts::warn(std::string what) {
  if (warned_.insert(what).second) {
    warning_ = std::move(what);
  }
}

// A hash that the column would cut is never made.
void Accounts::prepare_rehash() {
  const Settings& settings = open_->settings;
  if (settings.rehash_scheme.empty() || settings.after_login_socket.empty()) {
    return;
  }
  const auto room = open_->directory->password_room();
  if (!room) {
    return warn("passwords are not hashed anew: " + room.error().text());
  }
  const std::size_t needed = directory::hash_size(settings.rehash_scheme);
  if (*room < needed) {
    return warn("passwords are not hashed anew: a stored password has room for " +
                std::to_string(*room) + " characters, and " + settings.rehash_scheme + " needs " +
                std::to_string(needed));
  }
  open_->rehashes = true;
}

void Accounts::send_note(LoginNote& note) {
  if (note.kind != LoginNote::Kind::nothing && open_) {
    const std::string& socket = open_->settings.after_login_socket;
    if (const auto sent = send_login_note(socket, note);
        !sent && sent.error().code != base::Errc::unavailable) {
      warn("nothing is written after logins: " + sent.error().text());
    }
  }
  wipe(note);
  note.kind = LoginNote::Kind::nothing;
}

base::Result<LoginSecret> Accounts::find_secret(const Question& question) {
  const auto open = opened();
  if (!open) {
    return open.error();
  }
  const auto account = (*open)->directory->find_credentials(question.user);
  if (!account) {
    if (account.error().code == base::Errc::not_found) {
      return LoginSecret{};
    }
    return failed<LoginSecret>(account.error());
  }
  LoginSecret found{judge(account->user, question.service), account->password,
                    account->may_have_app_passwords};
  if (!question.is_verified && found.may_have_app_passwords) {
    if (auto ok = demand_app_password(found.login, question.service); !ok) {
      return failed<LoginSecret>(ok.error());
    }
  }
  return found;
}

// The digest of an app password costs next to nothing, so it is looked at first.
base::Result<bool> Accounts::opens_with_app_password(Login& login, std::string_view service,
                                                     std::string_view password) {
  const auto governed = switch_of(service);
  if (!governed) {
    return false;
  }
  const base::WallTime now = clock_.now();
  const auto match = open_->directory->match_app_password(login.address, *governed, password, now);
  if (!match) {
    return match.error().code == base::Errc::not_found ? base::Result<bool>(false) : match.error();
  }
  login.app_password = match->id + " (" + base::printable(match->label) + ")";
  if (login.verdict == Verdict::ok && directory::is_use_news(*match, now) &&
      !open_->settings.after_login_socket.empty()) {
    login.note = {LoginNote::Kind::used, login.address, match->id, ""};
  }
  return true;
}

// Refuses the account's own password where the settings want an app password of who has one.
base::Result<void> Accounts::demand_app_password(Login& login, std::string_view service) {
  const base::Words& wanted = open_->settings.app_passwords_only;
  const auto governed = switch_of(service);
  if (login.verdict != Verdict::ok || !governed ||
      std::find(wanted.begin(), wanted.end(), directory::service_name(*governed)) == wanted.end()) {
    return {};
  }
  const auto held = open_->directory->list_app_passwords(login.address);
  if (!held) {
    return held.error();
  }
  if (!held->empty()) {
    login.verdict = Verdict::refused;
    login.reason = "an app password is needed";
  }
  return {};
}

base::Result<Login> Accounts::log_in(const Question& question, std::string_view password) {
  const auto secret = find_secret({question.user, question.service, true});
  if (!secret) {
    return secret.error();
  }
  Login login = secret->login;
  if (login.verdict == Verdict::unknown || question.is_verified) {
    return login;
  }
  const bool asks = secret->may_have_app_passwords;
  const auto by_app =
      asks ? opens_with_app_password(login, question.service, password) : base::Result<bool>(false);
  if (!by_app) {
    return failed<Login>(by_app.error());
  }
  if (*by_app) {
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
    return login;
  }
  if (asks) {
    if (auto ok = demand_app_password(login, question.service); !ok) {
      return failed<Login>(ok.error());
    }
  }
  if (open_->rehashes && login.verdict == Verdict::ok &&
      directory::needs_rehash(open_->settings.rehash_scheme, secret->password)) {
    login.note = {LoginNote::Kind::rehash, login.address, "", std::string(password)};
  }
  return login;
}

base::Result<Login> Accounts::act_for(const MasterLogin& login, std::string_view user) {
  const auto open = opened();
  if (!open) {
    return open.error();
  }
  const auto verdict = judge_master((*open)->settings, login);
  if (!verdict) {
    return verdict.error();
  }
  const auto refused = [](std::string reason) {
    Login answer;
    answer.verdict = Verdict::refused;
    answer.reason = std::move(reason);
    return answer;
  };
  switch (*verdict) {
    case MasterVerdict::unknown:
      return Login{};
    case MasterVerdict::mismatch: {
      Login answer;
      answer.verdict = Verdict::mismatch;
      return answer;
    }
    case MasterVerdict::service:
      return refused("nobody acts for a user on " + base::printable(login.service));
    case MasterVerdict::host:
      return refused("nobody acts for a user from " + base::printable(login.host) +
                     ", which is not in master_hosts");
    case MasterVerdict::granted:
      break;
  }
  const auto secret = find_secret({user, login.service, true});
  return secret ? base::Result<Login>(secret->login) : secret.error();
}

base::Result<Place> Accounts::find_place(std::string_view user, std::string_view service) {
  const auto open = opened();
  if (!open) {
    return open.error();
  }
  const auto governed = switch_of(service);
  // The webmail's sessions end with the password that opened them.
  const auto found = governed == Service::webmail
                         ? (*open)->directory->find_credentials(user)
                         : as_credentials((*open)->directory->find_user(user));
  if (!found) {
    if (found.error().code == base::Errc::not_found) {
      return Place{};
    }
    return failed<Place>(found.error());
  }
  const directory::User* account = &found->user;
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
  if (governed == Service::webmail) {
    place.generation = generation_of(*found);
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
