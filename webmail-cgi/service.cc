// webmail-cgi/service.cc -- start, reload, end; sessions on disk; control verbs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/service.hh"

#include <algorithm>

#include <unistd.h>

#include "base/files.hh"
#include "base/json_writer.hh"
#include "base/loop/control.hh"
#include "base/loop/workers.hh"
#include "base/metrics.hh"

#include "web-lib/fastcgi_server.hh"
#include "web-lib/session.hh"

#include "webmail-cgi/account_queue.hh"
#include "webmail-cgi/events.hh"
#include "webmail-cgi/index_builder.hh"
#include "webmail-cgi/jmap/store.hh"
#include "webmail-cgi/login.hh"
#include "webmail-cgi/router.hh"

namespace webmail {

namespace {

constexpr loop::Duration housekeeping{30'000};
constexpr std::size_t connector_threads = 2;  // one for each of Dovecot's sockets
constexpr std::size_t state_file_max = std::size_t{512} << 20U;

base::Gauge sessions_open("webmail_sessions", "Sessions of logged-in users.");

web::SessionLimits session_limits(const Settings& settings) {
  web::SessionLimits limits;
  limits.idle = settings.session_idle;
  limits.lifetime = settings.session_lifetime;
  limits.per_owner = static_cast<std::size_t>(settings.sessions_per_user);
  return limits;
}

web::FastcgiServerOptions server_options(const Settings& settings) {
  web::FastcgiServerOptions options;
  options.limits = {settings.max_headers.count, settings.max_request.count};
  options.connections = static_cast<std::size_t>(settings.max_connections);
  options.receive = settings.receive_timeout;
  options.send = settings.send_timeout;
  options.held = settings.max_held.count;
  return options;
}

// Few enough to leave most workers to those who wait for an answer.
std::size_t builds_at_a_time(const Settings& settings) {
  return static_cast<std::size_t>(std::max<std::int64_t>(1, settings.workers / 4));
}

mode_t mode_of(const std::string& octal) {
  return static_cast<mode_t>(std::stoul(octal, nullptr, 8));
}

class WebmailService final : public loop::Service<Settings> {
 public:
  WebmailService(const Settings& settings, const loop::DaemonContext& context,
                 std::unique_ptr<loop::Workers> workers, std::unique_ptr<loop::Workers> connectors)
      : log_(context.log),
        state_file_(settings.state_directory.empty() ? "" : settings.state_directory + "/sessions"),
        workers_(std::move(workers)),
        connectors_(std::move(connectors)),
        sessions_(base::system_clock(), session_limits(settings)),
        desk_(context.loop, *connectors_, base::system_clock(), settings),
        queue_(context.loop, *workers_, static_cast<std::size_t>(settings.max_waiting)),
        builder_(context.log, queue_, builds_at_a_time(settings)),
        check_(base::system_clock(), settings.session_check,
               [this](const std::string& user, SessionCheck::Told told) {
                 desk_.look_up(user, std::move(told));
               }),
        router_({context.log, base::system_clock(), sessions_, desk_, check_, queue_, builder_},
                settings),
        timer_(context.loop, [this] { keep_house(); }) {}
  WebmailService(const WebmailService&) = delete;
  WebmailService& operator=(const WebmailService&) = delete;
  // The loop has ended by then: the disk may take its time.
  ~WebmailService() override {
    if (is_told_to_end_) {
      save_sessions();
    }
  }

  base::Result<void> open(const Settings& settings, const loop::DaemonContext& context);
  base::Result<void> reload(const Settings& settings) override;
  void stop() override { is_told_to_end_ = true; }

 private:
  void load_sessions();
  void save_sessions();
  void keep_house();
  void add_verbs(loop::ControlServer& control);
  void list_sessions(const loop::ControlRequest& request, loop::ControlReply& reply);
  void end_sessions(const loop::ControlRequest& request, loop::ControlReply& reply);

  base::Log& log_;
  std::string state_file_;  // empty: none
  std::unique_ptr<loop::Workers> workers_;
  std::unique_ptr<loop::Workers> connectors_;  // to Dovecot: a dead mail disk must not bar logins
  web::Sessions sessions_;
  LoginDesk desk_;
  AccountQueue queue_;
  IndexBuilder builder_;
  SessionCheck check_;
  Router router_;
  loop::Timer timer_;
  std::unique_ptr<web::FastcgiServer> server_;
  bool is_told_to_end_ = false;
};

base::Result<void> WebmailService::open(const Settings& settings,
                                        const loop::DaemonContext& context) {
  const auto address = loop::Address::parse(settings.listen);
  if (!address) {
    return address.error();
  }
  web::FastcgiCallbacks callbacks;
  callbacks.handle = [this](const web::ExchangePtr& exchange) { router_.handle(exchange); };
  callbacks.finish = [](const web::Request*, web::Response& response) { Router::finish(response); };
  callbacks.complain = [this](const base::Error& why) {
    log_.write(fastcgi_closed, {{"reason", why.text()}});
  };
  jmap::report_rebuilt_indexes([this](const Account& account, const base::Error& why) {
    log_.write(index_rebuilt, {{"user", account.username}, {"reason", why.text()}});
  });
  load_sessions();
  auto server =
      web::FastcgiServer::open(context.loop, *workers_, *address, mode_of(settings.listen_mode),
                               server_options(settings), std::move(callbacks));
  if (!server) {
    return server.error();
  }
  server_ = std::move(*server);
  if (context.control != nullptr) {
    add_verbs(*context.control);
  }
  timer_.repeat(housekeeping);
  return {};
}

base::Result<void> WebmailService::reload(const Settings& settings) {
  sessions_.set_limits(session_limits(settings));
  desk_.set_settings(settings);
  check_.set_age(settings.session_check);
  router_.set_settings(settings);
  server_->set_options(server_options(settings));
  return {};
}

// Read once and removed: a later crash must not bring back sessions that have ended meanwhile.
void WebmailService::load_sessions() {
  if (state_file_.empty()) {
    return;
  }
  const auto text = base::read_file(state_file_, state_file_max);
  if (!text) {
    if (text.error().code != base::Errc::not_found) {
      log_.write(sessions_lost, {{"file", state_file_}, {"reason", text.error().text()}});
    }
    return;
  }
  if (::unlink(state_file_.c_str()) != 0) {
    log_.write(sessions_lost, {{"file", state_file_}, {"reason", "it cannot be removed"}});
    return;
  }
  if (const std::size_t skipped = sessions_.load(*text); skipped > 0) {
    log_.write(sessions_lost, {{"file", state_file_},
                               {"reason", std::to_string(skipped) + " lines not understood"}});
  }
  sessions_open.set(static_cast<std::int64_t>(sessions_.size()));
  log_.write(sessions_kept,
             {{"file", state_file_}, {"sessions", std::to_string(sessions_.size())}});
}

void WebmailService::save_sessions() {
  if (state_file_.empty()) {
    return;
  }
  sessions_.expire();
  const auto made = base::make_directories(base::parent_directory(state_file_), 0700);
  const auto written = made ? base::replace_file(state_file_, sessions_.save(), 0600) : made;
  if (!written) {
    log_.write(sessions_lost, {{"file", state_file_}, {"reason", written.error().text()}});
  }
}

void WebmailService::keep_house() {
  sessions_.expire();
  desk_.expire();
  check_.expire();
  sessions_open.set(static_cast<std::int64_t>(sessions_.size()));
}

void WebmailService::add_verbs(loop::ControlServer& control) {
  control.add("session_list", R"(Lists the sessions of "user".)",
              [this](const loop::ControlRequest& request, loop::ControlReply reply) {
                list_sessions(request, reply);
              });
  control.add("session_end",
              R"(Ends the session "id" of "user", or all sessions of that user without it.)",
              [this](const loop::ControlRequest& request, loop::ControlReply reply) {
                end_sessions(request, reply);
              });
}

void WebmailService::list_sessions(const loop::ControlRequest& request, loop::ControlReply& reply) {
  const auto user = base::json_text(request.arguments, "user");
  if (!user) {
    return reply.fail(base::make_error(base::Errc::malformed, "user is demanded"));
  }
  for (const auto& [id, session] : sessions_.list(*user)) {
    base::JsonWriter json;
    json.begin_object().key("id").string(id).key("client").string(session.client);
    json.key("created").string(base::rfc3339(session.created));
    json.key("used").string(base::rfc3339(session.used)).end_object();
    reply.row(json.text());
  }
  reply.ok();
}

void WebmailService::end_sessions(const loop::ControlRequest& request, loop::ControlReply& reply) {
  const auto user = base::json_text(request.arguments, "user");
  if (!user) {
    return reply.fail(base::make_error(base::Errc::malformed, "user is demanded"));
  }
  std::size_t count = 0;
  if (const auto id = base::json_text(request.arguments, "id")) {
    count = sessions_.revoke(*user, *id) ? 1 : 0;
  } else {
    count = sessions_.revoke_all(*user);
    desk_.forget(*user);
  }
  log_.write(session_ended, {{"user", *user}, {"sessions", std::to_string(count)}});
  reply.ok("\"count\":" + std::to_string(count));
}

}  // namespace

base::Result<std::unique_ptr<loop::Service<Settings>>> start_service(
    const Settings& settings, const loop::DaemonContext& context) {
  loop::WorkersOptions options;
  options.name = "mail";
  options.threads = static_cast<std::size_t>(settings.workers);
  auto workers = loop::Workers::make(context.loop, options);
  if (!workers) {
    return workers.error();
  }
  options.name = "connect";
  options.threads = connector_threads;
  auto connectors = loop::Workers::make(context.loop, options);
  if (!connectors) {
    return connectors.error();
  }
  auto service = std::make_unique<WebmailService>(settings, context, std::move(*workers),
                                                  std::move(*connectors));
  if (const auto opened = service->open(settings, context); !opened) {
    return opened.error();
  }
  return std::unique_ptr<loop::Service<Settings>>(std::move(service));
}

}  // namespace webmail
