// webmail-cgi/router.hh -- every path of docs/api.md, who may use it, and what answers.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A request comes from web-lib/fastcgi_server on the loop thread. Its path chooses a route; the
// route asks who it is (session cookie or HTTP Basic, checked through the LoginDesk) and either
// answers at once or puts the work in the account's line on the workers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hh"
#include "base/log.hh"

#include "web-lib/fastcgi_server.hh"
#include "web-lib/session.hh"

#include "webmail-cgi/account_queue.hh"
#include "webmail-cgi/index_builder.hh"
#include "webmail-cgi/jmap/method.hh"
#include "webmail-cgi/login.hh"
#include "webmail-cgi/session_check.hh"
#include "webmail-cgi/settings.hh"

namespace webmail {

// What the router works with; all of it outlives it.
struct RouterParts {
  base::Log& log;
  const base::Clock& clock;
  web::Sessions& sessions;
  LoginDesk& desk;
  SessionCheck& check;
  AccountQueue& queue;
  IndexBuilder& builder;
};

class Router {
 public:
  Router(const RouterParts& parts, const Settings& settings);

  void set_settings(const Settings& settings);
  void handle(const web::ExchangePtr& exchange);
  // The headers every answer has, unless its route set its own.
  static void finish(web::Response& response);

 private:
  struct Route {
    web::Method method;
    std::string_view pattern;  // "*" is any one part
    void (Router::*run)(const web::ExchangePtr& exchange);
  };
  static const Route routes[];
  using Then = std::function<void(const Account& account)>;

  // A reason to refuse a POST of the page, or empty.
  std::string_view csrf_fault(const web::Request& request) const;
  bool refuse_csrf(const web::ExchangePtr& exchange);

  void with_account(const web::ExchangePtr& exchange, const Then& then);
  void with_basic(const web::ExchangePtr& exchange, std::string_view encoded, const Then& then);
  void refuse_login(const web::ExchangePtr& exchange, const Login& login);
  // `then` gets the session of the request's cookie, or null; perhaps later.
  using ThenSession = std::function<void(const web::Session* session)>;
  void with_session(const web::ExchangePtr& exchange, const ThenSession& then);
  // Ends what the answer says does not stand any more, and gives what is left.
  const web::Session* still_stands(const std::string& token, const std::string& user,
                                   const SessionCheck::Answer& answer);
  web::Response session_response(const web::Session& session) const;
  void run_on(const Account& account, const web::ExchangePtr& exchange, AccountQueue::Work work);

  void login(const web::ExchangePtr& exchange);
  void logged_in(const web::ExchangePtr& exchange, const Login& login);
  void logout(const web::ExchangePtr& exchange);
  void session(const web::ExchangePtr& exchange);
  void jmap_session(const web::ExchangePtr& exchange);
  void jmap_api(const web::ExchangePtr& exchange);
  void jmap_download(const web::ExchangePtr& exchange);
  void view(const web::ExchangePtr& exchange);
  void not_served(const web::ExchangePtr& exchange);

  RouterParts parts_;
  Settings settings_;
  jmap::Limits limits_;
};

}  // namespace webmail
