// lookupd/server.cc -- questions in, answers out.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/server.hh"

#include <utility>

#include "base/metrics.hh"
#include "base/text.hh"

#include "directory-lib/settings.hh"

#include "lookupd/connection.hh"
#include "lookupd/events.hh"

namespace lookup {

namespace {

using directory::SocketmapReply;
using directory::SocketmapStatus;

constexpr auto complaint_pause = std::chrono::minutes(1);
// A whole request beside what a client may have sent behind it.
constexpr std::size_t input_limit = 2 * directory::socketmap_limit;

base::Counter cache_hits("lookupd_cache_hits", "Questions answered from memory.");
base::Counter directory_failures("lookupd_directory_failures",
                                 "Questions the directory could not answer.");
base::Gauge open_connections("lookupd_connections", "Connections of Postfix now open.");
base::Gauge cache_entries("lookupd_cache_entries", "Answers now remembered.");
base::Gauge cache_memory("lookupd_cache_bytes", "Memory of the answers now remembered.");

// What Postfix is told when the directory cannot tell; the reason stays in our log.
SocketmapReply reply_for(const base::Error& error) {
  if (error.code == base::Errc::timeout) {
    return {SocketmapStatus::timeout, "the directory did not answer in time"};
  }
  return {SocketmapStatus::temp, "the directory cannot be asked now"};
}

}  // namespace

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
  auto questions = Questions::make(
      loop_, static_cast<std::size_t>(settings_.threads),
      [this](auto asked, auto replies, bool are_fresh) { learned(asked, replies, are_fresh); });
  if (!questions) {
    return questions.error();
  }
  questions_ = std::move(*questions);
  apply_limits();
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
  apply_limits();
  flush();
  return {};
}

void Server::stop() {
  listener_.reset();
}

void Server::apply_limits() {
  cache_.set_limits(
      {settings_.cache_size.count, settings_.cache_time, settings_.cache_negative_time});
  questions_->apply(pool_, {settings_.own_hosts, settings_.catch_all_senders},
                    settings_.lookup_timeout);
  cache_entries.set(static_cast<std::int64_t>(cache_.size()));
  cache_memory.set(static_cast<std::int64_t>(cache_.bytes()));
  if (listener_ && connections_.size() < static_cast<std::size_t>(settings_.max_connections)) {
    listener_->resume();
  }
}

std::size_t Server::flush() {
  const std::size_t forgotten = cache_.size();
  cache_.clear();
  questions_->forget();
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
                                  std::uint64_t connection, std::uint64_t slot) {
  if (const auto* known = cache_.find(question)) {
    cache_hits.add();
    log_answer(map_name(map), key, *known);
    return known;
  }
  if (const auto waiting = waiting_.find(question); waiting != waiting_.end()) {
    waiting->second.push_back({connection, slot});
    return nullptr;
  }
  if (!questions_->ask(map, question)) {
    static const SocketmapReply too_many{SocketmapStatus::temp, "too many questions at a time"};
    note_trouble(base::make_error(base::Errc::unavailable, too_many.text));
    return &too_many;
  }
  waiting_.emplace(question, std::vector<Waiter>{{connection, slot}});
  return nullptr;
}

void Server::learned(std::span<const Question> questions, std::span<const Questions::Reply> replies,
                     bool are_fresh) {
  for (std::size_t i = 0; i < questions.size(); ++i) {
    if (!replies[i]) {
      note_trouble(replies[i].error());
      tell(questions[i], reply_for(replies[i].error()));
      continue;
    }
    note_success();
    if (are_fresh) {
      cache_.put(questions[i].text, *replies[i]);
    }
    tell(questions[i], *replies[i]);
  }
  cache_entries.set(static_cast<std::int64_t>(cache_.size()));
  cache_memory.set(static_cast<std::int64_t>(cache_.bytes()));
  for (const std::uint64_t id : std::exchange(answered_, {})) {
    if (const auto connection = connections_.find(id); connection != connections_.end()) {
      connection->second->send_answers();
    }
  }
}

void Server::tell(const Question& question, const SocketmapReply& reply) {
  const std::string_view text = question.text;
  log_answer(map_name(question.map), text.substr(text.find(' ') + 1), reply);
  const auto found = waiting_.extract(question.text);
  if (found.empty()) {
    return;
  }
  for (const auto& [id, slot] : found.mapped()) {
    const auto connection = connections_.find(id);
    if (connection != connections_.end() && connection->second->answer(slot, reply)) {
      answered_.push_back(id);
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
    log_.write(answer_given, {{"map", map}, {"key", key}, {"status", status_name(reply.status)}});
  }
}

}  // namespace lookup
