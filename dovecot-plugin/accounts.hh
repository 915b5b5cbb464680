// dovecot-plugin/accounts.hh -- may an account log in, and where is its home.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Knows nothing of Dovecot; auth.cc translates. Every call blocks: it runs in Dovecot's auth-worker
// processes, one request at a time. The database is opened at the first call, and again after a
// failure, so that a worker outlives a database that was away. An error is never "no such user":
// unknown accounts are a verdict, every base::Error means "cannot know now".
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "directory-lib/directory.hh"

#include "dovecot-plugin/after_login.hh"
#include "dovecot-plugin/master.hh"
#include "dovecot-plugin/settings.hh"

namespace plugin {

// Dovecot's name of a service as the switch that governs it; nothing for those without one.
std::optional<directory::Service> switch_of(std::string_view service);

enum class Verdict {
  ok,
  unknown,   // no such account, and that is certain
  mismatch,  // wrong password
  refused,   // the account, its domain or its service is off or has expired
};

struct Login {
  Verdict verdict = Verdict::unknown;
  std::string address;       // the account's name in its normal form
  std::string reason;        // why it was refused, for the log
  std::string host;          // where to pass the login on to; empty: the home is here
  std::uint16_t port = 0;    // there; 0: the protocol's own
  std::string app_password;  // "k3f9 (phone)" when it was one, for the log
  LoginNote note;            // to be sent when the login has been answered
};

// Who asks to be let in.
struct Question {
  std::string_view user;
  std::string_view service;  // as Dovecot names it
  bool is_verified = false;  // the password is known to be right, or none is needed
};

struct LoginSecret {
  Login login;           // never a mismatch
  std::string password;  // as stored, "{SCHEME}hash"; empty when no password fits
  bool may_have_app_passwords = true;
};

struct Place {
  bool found = false;
  std::string address;
  std::string home;         // absolute
  std::string maildir;      // absolute; empty when it is Maildir in the home
  std::uint64_t quota = 0;  // bytes; 0: no limit
  MailOwner owner{};
  std::string generation{};  // for the webmail: a word that is another when the password is
};

class Accounts {
 public:
  // `folder` holds dovecot-plugin.conf and directory.conf. `clock` must outlive this.
  Accounts(std::string folder, const base::Clock& clock);

  // The password is looked at before the switches: who does not know it learns nothing of them.
  base::Result<Login> log_in(const Question& question, std::string_view password);

  // The same without a password, for mechanisms that need what is stored and for proxies.
  // `is_verified` only looks the account up.
  base::Result<LoginSecret> find_secret(const Question& question);

  // Whether the webmail may act for users, and for this one.
  base::Result<Login> act_for(const MasterLogin& login, std::string_view user);

  // Where mail lives. An account that may not use a service with a switch is not found for it
  // (userdb knows no other refusal; LMTP then rejects for good); doveadm and Dovecot's inner
  // services find every account.
  base::Result<Place> find_place(std::string_view user, std::string_view service);

  // A page of all accounts' names, as Directory::list_users() pages them.
  base::Result<directory::Page<std::string>> list(const std::string& after);

  // Hands the login's note over, and overwrites it.
  void send_note(LoginNote& note);
  // What should be in the log and is in no answer; each trouble is told once.
  std::string take_warning() { return std::exchange(warning_, {}); }

 private:
  struct Open {
    Settings settings;
    MailOwner owner;
    std::unique_ptr<directory::Directory> directory;
    bool rehashes = false;
  };

  base::Result<Open*> opened();
  template <typename T>
  base::Result<T> failed(base::Error why);
  Login judge(const directory::User& user, std::string_view service) const;
  void warn(std::string what);
  void prepare_rehash();
  base::Result<bool> opens_with_app_password(Login& login, std::string_view service,
                                             std::string_view password);
  base::Result<void> demand_app_password(Login& login, std::string_view service);

  std::string folder_;
  const base::Clock& clock_;
  std::optional<Open> open_;
  std::string warning_{};
  std::set<std::string> warned_{};
};

}  // namespace plugin
