// webmail-cgi/routes.cc -- what answers at each path.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/json.hh"
#include "base/json_writer.hh"
#include "base/reply.hh"
#include "base/text.hh"

#include "webmail-cgi/blob.hh"
#include "webmail-cgi/events.hh"
#include "webmail-cgi/jmap/api.hh"
#include "webmail-cgi/jmap/session_object.hh"
#include "webmail-cgi/jmap/store.hh"
#include "webmail-cgi/router.hh"

namespace webmail {

namespace {

constexpr std::size_t login_body_max = 8192;
constexpr std::string_view view_policy =
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; "
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox";
// A blob never changes under its id; an hour bounds what a shared machine's browser keeps.
constexpr std::string_view blob_caching = "private, max-age=3600, immutable";

std::string session_cookie(std::string_view token) {
  return "__Host-sid=" + std::string(token) + "; Path=/; Secure; HttpOnly; SameSite=Strict";
}

web::Response error_response(const Account& account, std::string_view path, const base::Error& why,
                             base::Log& log) {
  if (why.code != base::Errc::not_found && why.code != base::Errc::malformed) {
    log.write(request_failed, {{"user", account.username}, {"path", path}, {"reason", why.text()}});
  }
  const base::Reply& reply = base::reply_of(why.code);
  return web::problem(reply.http, reply.text);
}

web::Response blob_response(Blob blob, std::string_view type, std::string_view name) {
  web::Response response(200);
  web::Body content;
  if (auto* range = std::get_if<FileRange>(&blob.content)) {
    content = web::FileBody{std::move(range->file), range->offset, range->size};
  } else {
    content = std::move(std::get<std::string>(blob.content));
  }
  response.body(web::safe_media_type(type.empty() ? blob.type : type), std::move(content));
  response.header("Content-Disposition", web::attachment_disposition(name));
  response.header("Content-Security-Policy", "default-src 'none'; sandbox");
  response.header("Cache-Control", blob_caching);
  return response;
}

}  // namespace

web::Response Router::session_response(const web::Session& session) const {
  base::JsonWriter json;
  json.begin_object().key("username").string(session.owner);
  json.key("accountId").string(account_id(session.owner));
  json.key("createdAt").string(base::rfc3339(session.created));
  json.key("expiresAt").string(base::rfc3339(parts_.sessions.end_of(session))).end_object();
  web::Response response(200);
  response.body("application/json", json.take());
  return response;
}

void Router::login(const web::ExchangePtr& exchange) {
  const web::Request& request = exchange->request();
  if (refuse_csrf(exchange)) {
    return;
  }
  if (request.body().size() > login_body_max) {
    return exchange->respond(web::problem(413, "The request's body is too large."));
  }
  base::JsonParser parser;
  const auto body = parser.parse(request.body());
  const auto user = body ? base::json_text(*body, "username") : std::nullopt;
  const auto password = body ? base::json_text(*body, "password") : std::nullopt;
  if (!user || !password) {
    return exchange->respond(web::problem(400, "username and password are demanded."));
  }
  parts_.desk.check({std::string(*user), std::string(*password), request.client(), "page"},
                    [this, exchange](const Login& login) { logged_in(exchange, login); });
}

void Router::logged_in(const web::ExchangePtr& exchange, const Login& login) {
  if (login.verdict != Login::Verdict::ok) {
    return refuse_login(exchange, login);
  }
  const web::Request& request = exchange->request();
  if (const auto old = request.cookie("__Host-sid")) {
    parts_.sessions.close(*old);
  }
  const auto token = parts_.sessions.open(login.account.username,
                                          {login.account.home, login.generation}, request.client());
  const web::Session* session = token ? parts_.sessions.find(*token) : nullptr;
  if (session == nullptr) {
    return refuse_login(exchange, {Login::Verdict::unavailable, {}, {}, {}});
  }
  web::Response response = session_response(*session);
  exchange->respond(std::move(response.header("Set-Cookie", session_cookie(*token))));
}

void Router::logout(const web::ExchangePtr& exchange) {
  if (refuse_csrf(exchange)) {
    return;
  }
  if (const auto token = exchange->request().cookie("__Host-sid")) {
    parts_.sessions.close(*token);
  }
  web::Response response(204);
  exchange->respond(std::move(response.header("Set-Cookie", session_cookie("") + "; Max-Age=0")));
}

void Router::session(const web::ExchangePtr& exchange) {
  with_session(exchange, [this, exchange](const web::Session* session) {
    exchange->respond(session != nullptr ? session_response(*session)
                                         : web::problem(401, "Not logged in."));
  });
}

void Router::jmap_session(const web::ExchangePtr& exchange) {
  with_account(exchange, [this, exchange](const Account& account) {
    web::Response response(200);
    response.body("application/json",
                  jmap::session_object(account, settings_.public_origin, limits_).json);
    exchange->respond(std::move(response));
  });
}

void Router::jmap_api(const web::ExchangePtr& exchange) {
  with_account(exchange, [this, exchange](const Account& account) {
    auto work = [account, body = exchange->request().take_body(), limits = limits_,
                 origin = settings_.public_origin, &clock = parts_.clock, &log = parts_.log,
                 deadline = parts_.clock.ticks() + settings_.request_timeout] {
      const auto object = jmap::session_object(account, origin, limits);
      const auto report = [&](std::string_view method, const base::Error& why) {
        if (why.code == base::Errc::corrupt) {
          jmap::distrust_index(account);
        }
        log.write(method_failed,
                  {{"user", account.username}, {"method", method}, {"reason", why.text()}});
      };
      return jmap::answer_request(
          {account, limits, clock, deadline, object.state, jmap::methods(), report}, body);
    };
    run_on(account, exchange, std::move(work));
  });
}

void Router::jmap_download(const web::ExchangePtr& exchange) {
  with_account(exchange, [this, exchange](const Account& account) {
    const web::Request& request = exchange->request();
    if (request.segments()[2] != account.id) {
      return exchange->respond(web::problem(403, "This account is not yours."));
    }
    auto work = [account, blob_id = request.segments()[3], name = request.segments()[4],
                 type = std::string(request.query("type").value_or("")), path = request.path(),
                 &log = parts_.log] {
      auto blob = open_blob(account, blob_id);
      return blob ? blob_response(std::move(*blob), type, name)
                  : error_response(account, path, blob.error(), log);
    };
    run_on(account, exchange, std::move(work));
  });
}

void Router::view(const web::ExchangePtr& exchange) {
  with_account(exchange, [this, exchange](const Account& account) {
    const web::Request& request = exchange->request();
    auto work = [account, blob_id = request.segments()[1],
                 options = ViewOptions{request.query("images") == "1"}, path = request.path(),
                 &log = parts_.log] {
      auto page = view_page(account, blob_id, options);
      if (!page) {
        return error_response(account, path, page.error(), log);
      }
      web::Response response(200);
      response.body("text/html; charset=utf-8", std::move(*page));
      response.header("Content-Security-Policy", view_policy);
      response.header("X-Frame-Options", "SAMEORIGIN");
      response.header("Cache-Control", blob_caching);
      return response;
    };
    run_on(account, exchange, std::move(work));
  });
}

}  // namespace webmail
