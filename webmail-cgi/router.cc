// webmail-cgi/router.cc -- choosing the route, CSRF, and who it is.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/router.hh"

#include "base/reply.hh"
#include "base/text.hh"

#include "webmail-cgi/events.hh"

namespace webmail {

namespace {

constexpr std::string_view basic_scheme = "Basic ";

bool matches(std::string_view pattern, const std::vector<std::string>& segments) {
  const auto parts = base::split(pattern.substr(1), '/');
  if (parts.size() != segments.size()) {
    return false;
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i] == "*" ? segments[i].empty() : parts[i] != segments[i]) {
      return false;
    }
  }
  return true;
}

bool is_for_clients(const web::Request& request) {
  const std::string& first = request.segments().front();
  return first == "jmap" || first == ".well-known";
}

web::Response login_demanded(const web::Request& request,
                             std::string_view detail = "Not logged in.") {
  web::Response response = web::problem(401, detail);
  if (is_for_clients(request) && request.header("X-Requested-With").empty()) {
    response.header("WWW-Authenticate", R"(Basic realm="Posthouse", charset="UTF-8")");
  }
  return response;
}

}  // namespace

const Router::Route Router::routes[] = {
    {web::Method::post, "/api/login", &Router::login},
    {web::Method::post, "/api/logout", &Router::logout},
    {web::Method::get, "/api/session", &Router::session},
    {web::Method::get, "/.well-known/jmap", &Router::jmap_session},
    {web::Method::get, "/jmap/session", &Router::jmap_session},
    {web::Method::post, "/jmap/api", &Router::jmap_api},
    {web::Method::get, "/jmap/download/*/*/*", &Router::jmap_download},
    {web::Method::post, "/jmap/upload/*/", &Router::not_served},
    {web::Method::get, "/jmap/eventsource/", &Router::not_served},
    {web::Method::get, "/view/*", &Router::view},
};

Router::Router(const RouterParts& parts, const Settings& settings) : parts_(parts) {
  set_settings(settings);
}

void Router::set_settings(const Settings& settings) {
  settings_ = settings;
  limits_.max_size_request = settings.max_request.count;
  limits_.max_calls_in_request = static_cast<std::size_t>(settings.max_calls);
  limits_.max_objects_in_get = static_cast<std::size_t>(settings.max_objects);
  limits_.max_objects_in_set = static_cast<std::size_t>(settings.max_objects);
  limits_.max_concurrent_requests = static_cast<std::size_t>(settings.max_waiting);
}

void Router::finish(web::Response& response) {
  const auto fallback = [&response](std::string_view name, std::string_view value) {
    if (response.header_value(name).empty()) {
      response.header(name, value);
    }
  };
  fallback("Cache-Control", "no-store");
  fallback("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  fallback("X-Frame-Options", "DENY");
  fallback("X-Content-Type-Options", "nosniff");
  fallback("Referrer-Policy", "no-referrer");
  fallback("Cross-Origin-Resource-Policy", "same-origin");
}

void Router::handle(const web::ExchangePtr& exchange) {
  const web::Request& request = exchange->request();
  const auto method = request.method() == web::Method::head ? web::Method::get : request.method();
  std::string_view allowed;
  for (const Route& route : routes) {
    if (!matches(route.pattern, request.segments())) {
      continue;
    }
    if (route.method == method) {
      if (method == web::Method::post && request.content_type() != "application/json") {
        return exchange->respond(web::problem(415, "The body must be application/json."));
      }
      return (this->*route.run)(exchange);
    }
    allowed = route.method == web::Method::post ? "POST" : "GET, HEAD";
  }
  if (allowed.empty()) {
    return exchange->respond(web::problem(404, "There is nothing at this address."));
  }
  web::Response response = web::problem(405, "This address takes another method.");
  exchange->respond(std::move(response.header("Allow", allowed)));
}

std::string_view Router::csrf_fault(const web::Request& request) const {
  if (request.header("X-Requested-With").empty()) {
    return "no X-Requested-With";
  }
  return request.header("Origin") == settings_.public_origin ? "" : "foreign Origin";
}

bool Router::refuse_csrf(const web::ExchangePtr& exchange) {
  const web::Request& request = exchange->request();
  const std::string_view fault = csrf_fault(request);
  if (fault.empty()) {
    return false;
  }
  parts_.log.write(csrf_refused,
                   {{"client", request.client()}, {"path", request.path()}, {"reason", fault}});
  exchange->respond(web::problem(403, "The request did not come from this site's own page."));
  return true;
}

void Router::with_session(const web::ExchangePtr& exchange, const ThenSession& then) {
  const auto cookie = exchange->request().cookie("__Host-sid");
  const web::Session* session = cookie ? parts_.sessions.find(*cookie) : nullptr;
  if (session == nullptr) {
    return then(nullptr);
  }
  const std::string generation = session->facts.size() > 1 ? session->facts[1] : "";
  parts_.check.check(
      session->owner, generation, session->created,
      [this, exchange, then, token = std::string(*cookie), user = session->owner](
          const SessionCheck::Answer& answer) { then(still_stands(token, user, answer)); });
}

const web::Session* Router::still_stands(const std::string& token, const std::string& user,
                                         const SessionCheck::Answer& answer) {
  using Verdict = SessionCheck::Verdict;
  std::size_t ended = 0;
  if (answer.verdict == Verdict::gone) {
    ended = parts_.sessions.revoke_all(user);
    parts_.desk.forget(user);
  } else if (answer.verdict == Verdict::changed) {
    ended = parts_.sessions.find(token) != nullptr ? 1 : 0;
    parts_.sessions.close(token);
    parts_.desk.forget(user);
  }
  if (ended > 0) {
    parts_.log.write(session_over,
                     {{"user", user},
                      {"sessions", std::to_string(ended)},
                      {"reason", answer.verdict == Verdict::gone ? "account" : "password"}});
  }
  if (answer.verdict == Verdict::renewed) {
    parts_.sessions.set_fact(token, 1, answer.generation);
  }
  // It may have ended while Dovecot was asked.
  return parts_.sessions.find(token);
}

void Router::with_account(const web::ExchangePtr& exchange, const Then& then) {
  const web::Request& request = exchange->request();
  const std::string_view authorization = request.header("Authorization");
  if (is_for_clients(request) && base::istarts_with(authorization, basic_scheme)) {
    return with_basic(exchange, authorization.substr(basic_scheme.size()), then);
  }
  with_session(exchange, [this, exchange, then](const web::Session* session) {
    const web::Request& asked = exchange->request();
    const auto account = session != nullptr && !session->facts.empty()
                             ? parts_.desk.account_of(session->owner, session->facts.front())
                             : base::Result<Account>(base::make_error(base::Errc::denied, ""));
    if (!account) {
      return exchange->respond(login_demanded(asked));
    }
    if (asked.method() != web::Method::post || !refuse_csrf(exchange)) {
      then(*account);
    }
  });
}

void Router::with_basic(const web::ExchangePtr& exchange, std::string_view encoded,
                        const Then& then) {
  const auto text = base::from_base64(base::trim(encoded));
  const std::size_t colon = text ? text->find(':') : std::string::npos;
  if (colon == std::string::npos) {
    return exchange->respond(login_demanded(exchange->request()));
  }
  const Credentials credentials{text->substr(0, colon), text->substr(colon + 1),
                                exchange->request().client(), "basic"};
  parts_.desk.check_basic(credentials, [this, exchange, then](const Login& login) {
    if (login.verdict == Login::Verdict::ok) {
      then(login.account);
    } else {
      refuse_login(exchange, login);
    }
  });
}

void Router::refuse_login(const web::ExchangePtr& exchange, const Login& login) {
  switch (login.verdict) {
    case Login::Verdict::refused:
      return exchange->respond(
          login_demanded(exchange->request(), "User name or password is wrong."));
    case Login::Verdict::limited: {
      web::Response response = web::problem(429, "Too many failed logins. Wait a while.");
      response.header("Retry-After", std::to_string(login.wait.count()));
      return exchange->respond(std::move(response));
    }
    default: {
      web::Response response = web::problem(503, "Logins cannot be checked now.");
      response.header("Retry-After", "5");
      return exchange->respond(std::move(response));
    }
  }
}

void Router::run_on(const Account& account, const web::ExchangePtr& exchange,
                    AccountQueue::Work work) {
  parts_.queue.submit(account.id, settings_.request_timeout, std::move(work),
                      [this, exchange, account](const AccountQueue::Outcome& outcome) {
                        parts_.builder.look(account);
                        if (outcome) {
                          return exchange->respond(std::move(**outcome));
                        }
                        const base::Error& why = outcome.error();
                        if (why.code == base::Errc::over_quota) {
                          web::Response response = web::problem(429, "Too many requests at a time.",
                                                                "urn:ietf:params:jmap:error:limit",
                                                                "maxConcurrentRequests");
                          return exchange->respond(std::move(response.header("Retry-After", "1")));
                        }
                        parts_.log.write(request_failed, {{"user", account.username},
                                                          {"path", exchange->request().path()},
                                                          {"reason", why.text()}});
                        const base::Reply& reply = base::reply_of(why.code);
                        web::Response response = web::problem(reply.http, reply.text);
                        if (reply.http == 503) {
                          response.header("Retry-After", "1");
                        }
                        exchange->respond(std::move(response));
                      });
}

void Router::not_served(const web::ExchangePtr& exchange) {
  exchange->respond(web::problem(501, "This is not served yet."));
}

}  // namespace webmail
