// webmail-cgi/login.cc -- the steps of a login, each with its own way to fail.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/login.hh"

#include "base/digest.hh"
#include "base/metrics.hh"
#include "base/random.hh"

#include "webmail-cgi/events.hh"

namespace webmail {

namespace {

constexpr std::size_t remembered_max = 100'000;
constexpr std::size_t key_bytes = 32;

base::Counter logins_ok("webmail_logins", "Logins, by what came of them.", "verdict=\"ok\"");
base::Counter logins_refused("webmail_logins", "Logins, by what came of them.",
                             "verdict=\"refused\"");
base::Counter logins_limited("webmail_logins", "Logins, by what came of them.",
                             "verdict=\"limited\"");
base::Counter logins_failed("webmail_logins", "Logins, by what came of them.",
                            "verdict=\"unavailable\"");

LoginLimit::Limits limits_of(const Settings& settings) {
  return {settings.user_failures, settings.net_failures, settings.failure_window};
}

}  // namespace

LoginDesk::LoginDesk(loop::Loop& loop, loop::Workers& workers, const base::Clock& clock,
                     const Settings& settings)
    : log_(loop.log()),
      clock_(clock),
      settings_(settings),
      limit_(clock, limits_of(settings)),
      passwords_(loop, workers, DovecotAuth::Kind::client, settings.auth_socket),
      users_(loop, workers, DovecotAuth::Kind::userdb, settings.userdb_socket),
      key_(base::random_bytes(key_bytes)) {}

void LoginDesk::set_settings(const Settings& settings) {
  settings_ = settings;
  limit_.set_limits(limits_of(settings));
}

void LoginDesk::check(const Credentials& credentials, Answer answer) {
  const auto wait = limit_.wait(credentials.user, credentials.client);
  if (wait.count() > 0) {
    logins_limited.add();
    log_.write(login_limited, {{"user", credentials.user},
                               {"client", credentials.client},
                               {"wait", std::to_string(wait.count())}});
    return answer({Login::Verdict::limited, {}, {}, wait});
  }
  limit_.attempted(credentials.user, credentials.client);
  passwords_.ask_password(
      credentials.user, credentials.password, credentials.client, settings_.auth_timeout,
      [this, credentials, answer = std::move(answer)](const base::Result<AuthReply>& reply) {
        checked(credentials, reply, answer);
      });
}

void LoginDesk::checked(const Credentials& credentials, const base::Result<AuthReply>& reply,
                        const Answer& answer) {
  const bool is_malformed = !reply && reply.error().code == base::Errc::malformed;
  if (is_malformed || (reply && reply->verdict == AuthReply::Verdict::refused)) {
    return refuse(credentials, answer);
  }
  if (!reply || reply->verdict == AuthReply::Verdict::temporary) {
    return fail(credentials, reply ? "Dovecot: temporary failure" : reply.error().detail, answer);
  }
  users_.look_up(reply->user, settings_.auth_timeout,
                 [this, credentials, answer](const base::Result<AuthReply>& found) {
                   looked_up(credentials, found, answer);
                 });
}

void LoginDesk::looked_up(const Credentials& credentials, const base::Result<AuthReply>& reply,
                          const Answer& answer) {
  if (!reply || reply->verdict == AuthReply::Verdict::temporary) {
    return fail(credentials, reply ? "Dovecot: temporary failure" : reply.error().detail, answer);
  }
  if (reply->verdict == AuthReply::Verdict::refused) {
    return refuse(credentials, answer);
  }
  auto account = account_of(reply->user, reply->home);
  if (!account) {
    limit_.unanswered(credentials.user, credentials.client);
    logins_failed.add();
    log_.write(login_home, {{"user", reply->user}, {"home", reply->home}});
    return answer({Login::Verdict::unavailable, {}, {}, {}});
  }
  limit_.succeeded(credentials.user, credentials.client);
  logins_ok.add();
  log_.write(login_ok,
             {{"user", account->username}, {"client", credentials.client}, {"by", credentials.by}});
  answer({Login::Verdict::ok, std::move(*account), reply->generation, {}});
}

void LoginDesk::refuse(const Credentials& credentials, const Answer& answer) {
  logins_refused.add();
  log_.write(login_refused,
             {{"user", credentials.user}, {"client", credentials.client}, {"by", credentials.by}});
  answer({Login::Verdict::refused, {}, {}, {}});
}

void LoginDesk::fail(const Credentials& credentials, std::string_view reason,
                     const Answer& answer) {
  limit_.unanswered(credentials.user, credentials.client);
  logins_failed.add();
  if (const auto held_back = unavailable_.due(clock_.ticks()); held_back) {
    log_.write(login_unavailable, {{"user", credentials.user},
                                   {"client", credentials.client},
                                   {"reason", reason},
                                   {"suppressed", std::to_string(*held_back)}});
  }
  answer({Login::Verdict::unavailable, {}, {}, {}});
}

base::Result<Account> LoginDesk::account_of(std::string_view user, std::string_view home) const {
  if (!is_below(home, settings_.mail_root)) {
    return base::make_error(base::Errc::denied, "a home outside mail_root");
  }
  const std::string path(home);
  const std::string id = account_id(user);
  return Account{std::string(user),
                 id,
                 path,
                 path + "/" + settings_.maildir,
                 index_file(settings_.index_directory, id),
                 settings_.tier_roots};
}

// The lengths keep "ab" and "c" from being "a" and "bc"; the key dies with the process.
std::string LoginDesk::digest_of(const Credentials& credentials) const {
  return base::sha256(key_ + std::to_string(credentials.user.size()) + ":" + credentials.user +
                      credentials.password);
}

void LoginDesk::check_basic(const Credentials& credentials, Answer answer) {
  std::string digest = digest_of(credentials);
  const auto at = remembered_.find(digest);
  if (at != remembered_.end() && clock_.ticks() < at->second.until) {
    return answer({Login::Verdict::ok, at->second.account, {}, {}});
  }
  check(credentials,
        [this, digest = std::move(digest), answer = std::move(answer)](const Login& login) {
          if (login.verdict == Login::Verdict::ok && remembered_.size() < remembered_max) {
            remembered_.insert_or_assign(
                digest, Remembered{login.account, clock_.ticks() + settings_.basic_lifetime});
          }
          answer(login);
        });
}

void LoginDesk::forget(std::string_view user) {
  std::erase_if(remembered_,
                [user](const auto& row) { return row.second.account.username == user; });
}

void LoginDesk::expire() {
  limit_.expire();
  const auto now = clock_.ticks();
  std::erase_if(remembered_, [now](const auto& row) { return row.second.until <= now; });
}

}  // namespace webmail
