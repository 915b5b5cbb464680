// lookupd/server.cc -- questions in, answers out.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/server.hh"

#include <array>

#include "base/metrics.hh"
#include "base/text.hh"

#include "directory-lib/settings.hh"

#include "lookupd/events.hh"

namespace lookup {

namespace {

using directory::SocketmapReply;
using directory::SocketmapStatus;

constexpr auto complaint_pause = std::chrono::minutes(1);
// A whole request beside what a client may have sent behind it.
constexpr std::size_t input_limit = 2 * directory::socketmap_limit;

base::Counter requests_of_map[map_count] = {
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"domains\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"mailboxes\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"aliases\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"transport\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"senderlogins\""),
    base::Counter("lookupd_requests", "Questions of Postfix, by map.", "map=\"canonical\""),
};
base::Counter answers_ok("lookupd_answers", "Answers to Postfix, by status.", "status=\"ok\"");
base::Counter answers_not_found("lookupd_answers", "Answers to Postfix, by status.",
                                "status=\"not_found\"");
base::Counter answers_temp("lookupd_answers", "Answers to Postfix, by status.", "status=\"temp\"");
base::Counter answers_timeout("lookupd_answers", "Answers to Postfix, by status.",
                              "status=\"timeout\"");
base::Counter answers_perm("lookupd_answers", "Answers to Postfix, by status.", "status=\"perm\"");
base::Counter malformed_requests("lookupd_requests_malformed",
                                 "Requests that broke the protocol or named no map.");
base::Counter cache_hits("lookupd_cache_hits", "Questions answered from memory.");
base::Counter directory_questions("lookupd_directory_questions",
                                  "Questions asked of the directory.");
base::Counter directory_failures("lookupd_directory_failures",
                                 "Questions the directory could not answer.");
base::Gauge open_connections("lookupd_connections", "Connections of Postfix now open.");
base::Gauge cache_entries("lookupd_cache_entries", "Answers now remembered.");
base::Gauge cache_memory("lookupd_cache_bytes", "Memory of the answers now remembered.");

struct StatusRow {
  SocketmapStatus status;
  std::string_view word;
  base::Counter& counter;
};
const std::array<StatusRow, 5> status_rows{{
    {SocketmapStatus::ok, "ok", answers_ok},
    {SocketmapStatus::not_found, "not_found", answers_not_found},
    {SocketmapStatus::temp, "temp", answers_temp},
    {SocketmapStatus::timeout, "timeout", answers_timeout},
    {SocketmapStatus::perm, "perm", answers_perm},
}};

const StatusRow& row_of(SocketmapStatus status) {
  return status_rows.at(static_cast<std::size_t>(status));
}

// What Postfix is told when the directory cannot tell; the reason stays in our log.
SocketmapReply reply_for(const base::Error& error) {
  if (error.code == base::Errc::timeout) {
    return {SocketmapStatus::timeout, "the directory did not answer in time"};
  }
  return {SocketmapStatus::temp, "the directory cannot be asked now"};
}

}  // namespace

// One client of the socket.
class Server::Connection {
 public:
  Connection(Server& server, std::uint64_t id, base::Fd socket, const loop::StreamLimits& limits)
      : server_(server),
        id_(id),
        stream_(server.loop_, std::move(socket), limits,
                {[this](std::string_view bytes) { return read(bytes); },
                 {},
                 {},
                 [this](loop::CloseReason) { server_.closed(id_); }}) {}

  // The answer to the question that waits.
  void answer(const SocketmapReply& reply) {
    waits_ = false;
    write(reply);
    stream_.resume();
  }

 private:
  std::size_t read(std::string_view bytes) {
    std::size_t taken = 0;
    while (!waits_) {
      const auto frame = directory::read_netstring(bytes.substr(taken));
      if (!frame) {
        refuse(frame.error());
        stream_.close_after_write();
        return bytes.size();
      }
      if (!*frame) {
        break;
      }
      taken += (*frame)->size;
      question((*frame)->payload);
    }
    return taken;
  }

  void question(std::string_view payload) {
    const auto request = directory::parse_socketmap_request(payload);
    if (!request) {
      refuse(request.error());
      return;
    }
    const auto map = parse_map(request->map);
    if (!map) {
      malformed_requests.add();
      server_.log_.write(map_unknown, {{"map", request->map}});
      write({SocketmapStatus::perm, "no such map"});
      return;
    }
    requests_of_map[static_cast<std::size_t>(*map)].add();
    if (const auto* known = server_.ask(*map, payload, request->key, id_)) {
      write(*known);
      return;
    }
    waits_ = true;
    stream_.pause();
  }

  void refuse(const base::Error& why) {
    malformed_requests.add();
    server_.log_.write(request_malformed, {{"reason", why.detail}});
    write({SocketmapStatus::perm, why.detail});
  }

  void write(const SocketmapReply& reply) {
    row_of(reply.status).counter.add();
    stream_.write(directory::write_socketmap_reply(reply));
  }

  Server& server_;
  std::uint64_t id_;
  loop::Stream stream_;
  bool waits_ = false;
};

Server::Server(Settings settings, const loop::DaemonContext& context)
    : settings_(std::move(settings)),
      loop_(context.loop),
      log_(context.log),
      cache_(base::system_clock()),
      complained_(context.loop.ticks() - complaint_pause) {}

Server::~Server() = default;

base::Result<std::unique_ptr<loop::Service<Settings>>> Server::start(
    const Settings& settings, const loop::DaemonContext& context) {
  auto server = std::make_unique<Server>(settings, context);
  if (auto opened = server->open(); !opened) {
    return opened.error();
  }
  if (context.control != nullptr) {
    server->add_verbs(*context.control);
  }
  return std::unique_ptr<loop::Service<Settings>>(std::move(server));
}

base::Result<void> Server::open() {
  auto where = directory::load_settings(settings_.directory_settings);
  if (!where) {
    return where.error();
  }
  pool_ = std::make_shared<directory::Pool>(std::move(*where));
  if (auto first = pool_->take(directory::OpenAs::service)) {
    pool_->give(std::move(*first));
  } else {
    note_trouble(first.error());
  }
  apply_limits();
  auto workers = loop::Workers::make(
      loop_, {.name = "directory", .threads = static_cast<std::size_t>(settings_.threads)});
  if (!workers) {
    return workers.error();
  }
  workers_ = std::move(*workers);
  const auto address = loop::Address::parse(settings_.listen);
  if (!address) {
    return address.error();
  }
  constexpr mode_t open_to_all = 0666;  // the folder says who comes in
  auto listener = loop::Listener::open(
      loop_, *address, open_to_all,
      [this](base::Fd socket, const loop::Peer&) { accept(std::move(socket)); });
  if (!listener) {
    return listener.error();
  }
  listener_ = std::move(*listener);
  return {};
}

void Server::add_verbs(loop::ControlServer& control) {
  control.add("flush", "Forgets all remembered answers.",
              [this](const loop::ControlRequest&, loop::ControlReply reply) {
                reply.ok("\"forgotten\":" + std::to_string(flush()));
              });
}

base::Result<void> Server::reload(const Settings& settings) {
  auto where = directory::load_settings(settings.directory_settings);
  if (!where) {
    return where.error();
  }
  settings_ = settings;
  pool_ = std::make_shared<directory::Pool>(std::move(*where));
  flush();
  apply_limits();
  return {};
}

void Server::stop() {
  listener_.reset();
}

void Server::apply_limits() {
  cache_.set_limits(
      {settings_.cache_size.count, settings_.cache_time, settings_.cache_negative_time});
  cache_entries.set(static_cast<std::int64_t>(cache_.size()));
  cache_memory.set(static_cast<std::int64_t>(cache_.bytes()));
  if (listener_ && connections_.size() < static_cast<std::size_t>(settings_.max_connections)) {
    listener_->resume();
  }
}

std::size_t Server::flush() {
  const std::size_t forgotten = cache_.size();
  cache_.clear();
  ++age_;
  cache_entries.set(0);
  cache_memory.set(0);
  return forgotten;
}

void Server::accept(base::Fd socket) {
  const std::uint64_t id = ++last_connection_;
  loop::StreamLimits limits;
  limits.input = input_limit;
  limits.idle = settings_.idle_timeout;
  connections_.emplace(id, std::make_unique<Connection>(*this, id, std::move(socket), limits));
  open_connections.set(static_cast<std::int64_t>(connections_.size()));
  if (connections_.size() >= static_cast<std::size_t>(settings_.max_connections)) {
    listener_->pause();
  }
}

void Server::closed(std::uint64_t connection) {
  connections_.erase(connection);
  open_connections.set(static_cast<std::int64_t>(connections_.size()));
  if (listener_ && connections_.size() < static_cast<std::size_t>(settings_.max_connections)) {
    listener_->resume();
  }
}

const SocketmapReply* Server::ask(Map map, std::string_view question, std::string_view key,
                                  std::uint64_t connection) {
  if (const auto* known = cache_.find(question)) {
    cache_hits.add();
    log_answer(map_name(map), key, *known);
    return known;
  }
  auto& waiting = waiting_[std::string(question)];
  waiting.push_back(connection);
  if (waiting.size() == 1) {
    submit(map, std::string(question), key);
  }
  return nullptr;
}

void Server::submit(Map map, const std::string& question, std::string_view key) {
  directory_questions.add();
  workers_->submit<SocketmapReply>(
      settings_.lookup_timeout,
      [pool = pool_, rules = MapRules{settings_.own_hosts, settings_.catch_all_senders}, map,
       key = std::string(key)]() -> base::Result<SocketmapReply> {
        auto opened = pool->take();
        if (!opened) {
          return opened.error();
        }
        auto reply = answer(**opened, rules, map, key, base::system_clock().now());
        if (reply) {
          pool->give(std::move(*opened));
        }
        return reply;
      },
      [this, question, age = age_](const base::Result<SocketmapReply>& result) {
        learned(question, age, result);
      });
}

void Server::learned(const std::string& question, std::uint64_t age,
                     const base::Result<SocketmapReply>& result) {
  const SocketmapReply reply = result ? *result : reply_for(result.error());
  if (result) {
    note_success();
  } else {
    note_trouble(result.error());
  }
  if (age == age_) {
    cache_.put(question, reply);
    cache_entries.set(static_cast<std::int64_t>(cache_.size()));
    cache_memory.set(static_cast<std::int64_t>(cache_.bytes()));
  }
  if (const auto request = directory::parse_socketmap_request(question)) {
    log_answer(request->map, request->key, reply);
  }
  const auto found = waiting_.extract(question);
  if (found.empty()) {
    return;
  }
  for (const std::uint64_t id : found.mapped()) {
    if (const auto connection = connections_.find(id); connection != connections_.end()) {
      connection->second->answer(reply);
    }
  }
}

void Server::note_trouble(const base::Error& why) {
  ++failures_;
  directory_failures.add();
  if (loop_.ticks() - complained_ >= complaint_pause) {
    complained_ = loop_.ticks();
    is_told_ = true;
    log_.write(directory_trouble, {{"reason", why.text()}, {"times", std::to_string(failures_)}});
  }
}

void Server::note_success() {
  if (is_told_) {
    is_told_ = false;
    log_.write(directory_back, {{"times", std::to_string(failures_)}});
  }
  failures_ = 0;
}

void Server::log_answer(std::string_view map, std::string_view key,
                        const SocketmapReply& reply) const {
  if (reply.status == SocketmapStatus::perm) {
    log_.write(answer_refused, {{"map", map}, {"key", key}, {"reason", reply.text}});
  } else if (log_.wants(base::Level::debug)) {
    log_.write(answer_given, {{"map", map}, {"key", key}, {"status", row_of(reply.status).word}});
  }
}

}  // namespace lookup
