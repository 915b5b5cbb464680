// webmail-cgi/login.hh -- from a user name and a password to an account.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Order: the count of failures, Dovecot's password check, Dovecot's user database for the home,
// then the home's place below mail_root. The password is kept nowhere; for HTTP Basic a keyed
// digest of name and password stands for it for some seconds.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hh"
#include "base/complaint.hh"
#include "base/log.hh"
#include "base/loop/loop.hh"
#include "base/loop/workers.hh"
#include "base/result.hh"

#include "webmail-cgi/account.hh"
#include "webmail-cgi/auth_connection.hh"
#include "webmail-cgi/login_limit.hh"
#include "webmail-cgi/settings.hh"

namespace webmail {

struct Login {
  enum class Verdict { ok, refused, limited, unavailable };
  Verdict verdict = Verdict::unavailable;
  Account account;               // ok
  std::string generation{};      // ok: see session_check.hh
  std::chrono::seconds wait{0};  // limited
};

struct Credentials {
  std::string user;
  std::string password;
  std::string client;   // its address
  std::string_view by;  // "page" or "basic"
};

// Loop thread.
class LoginDesk {
 public:
  using Answer = std::function<void(const Login& login)>;

  // All references must outlive it.
  LoginDesk(loop::Loop& loop, loop::Workers& workers, const base::Clock& clock,
            const Settings& settings);

  void set_settings(const Settings& settings);

  // `answer` is called once, perhaps at once.
  void check(const Credentials& credentials, Answer answer);
  // The same, with what was right lately taken as right.
  void check_basic(const Credentials& credentials, Answer answer);

  // The account of a user with that home; denied when the home lies outside mail_root.
  base::Result<Account> account_of(std::string_view user, std::string_view home) const;

  // What Dovecot's user database says of a user now.
  void look_up(const std::string& user, AuthConnection::Answer answer) {
    users_.look_up(user, settings_.auth_timeout, std::move(answer));
  }

  void forget(std::string_view user);  // what HTTP Basic remembers
  void expire();

 private:
  struct Remembered {
    Account account;
    base::SteadyTime until;
  };

  void checked(const Credentials& credentials, const base::Result<AuthReply>& reply,
               const Answer& answer);
  void looked_up(const Credentials& credentials, const base::Result<AuthReply>& reply,
                 const Answer& answer);
  void refuse(const Credentials& credentials, const Answer& answer);
  void fail(const Credentials& credentials, std::string_view reason, const Answer& answer);
  std::string digest_of(const Credentials& credentials) const;

  base::Log& log_;
  const base::Clock& clock_;
  Settings settings_;
  LoginLimit limit_;
  AuthConnection passwords_;
  AuthConnection users_;
  base::Complaint unavailable_{};
  std::string key_;  // of this process, for digest_of()
  std::unordered_map<std::string, Remembered> remembered_;
};

}  // namespace webmail
