// webmail-cgi/session_check.hh -- does a session still stand: the account, and its password.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A session outlives neither its account nor its password by more than some seconds. Whoever
// changes an account (this system, ExtMan, SQL by hand, another host) knows nothing of sessions, so
// each session in use asks: Dovecot's user database is asked again when its last answer is older
// than `session_check`, once for all requests of a user that come meanwhile. Its field
// login_generation is a word that changes with the password. When Dovecot cannot say, sessions
// go on.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "base/settings.hh"

#include "webmail-cgi/dovecot_auth.hh"

namespace webmail {

// Loop thread.
class SessionCheck {
 public:
  enum class Verdict {
    holds,
    renewed,  // holds, with the generation that is told now
    changed,  // the password is another
    gone,     // the account may not be used any more
  };
  struct Answer {
    Verdict verdict = Verdict::holds;
    std::string generation{};  // now
  };
  using Told = std::function<void(const base::Result<AuthReply>& reply)>;
  using Ask = std::function<void(const std::string& user, Told told)>;
  using Then = std::function<void(const Answer& answer)>;

  // `clock` must outlive it; `ask` asks Dovecot and tells the answer once.
  SessionCheck(const base::Clock& clock, base::Duration age, Ask ask)
      : clock_(clock), age_(age), ask_(std::move(ask)) {}
  SessionCheck(const SessionCheck&) = delete;
  SessionCheck& operator=(const SessionCheck&) = delete;
  SessionCheck(SessionCheck&&) = delete;
  SessionCheck& operator=(SessionCheck&&) = delete;
  ~SessionCheck() = default;

  void set_age(base::Duration age) { age_ = age; }

  // `generation` and `created` are the session's. `then` is called once, perhaps at once.
  void check(const std::string& user, const std::string& generation, base::WallTime created,
             Then then);

  void forget(const std::string& user);
  void expire();
  std::size_t size() const { return users_.size(); }

 private:
  struct Waiting {
    std::string generation;
    base::WallTime created;
    Then then;
  };
  struct Known {
    base::SteadyTime asked{};
    bool is_asking = false;
    bool exists = true;
    std::string generation{};  // empty: none was told
    std::vector<Waiting> waiting{};
  };

  void told(const std::string& user, const base::Result<AuthReply>& reply);
  Answer judge(const Known& known, const std::string& generation, base::WallTime created) const;

  const base::Clock& clock_;
  base::Duration age_;
  Ask ask_;
  std::unordered_map<std::string, Known> users_{};
};

}  // namespace webmail
