// policyd/server.cc -- accepting, reading and closing clients.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/server.hh"

#include <algorithm>

#include "base/metrics.hh"

#include "policyd/events.hh"

namespace policy {

namespace {

base::Counter count_connections("policyd_connections", "Connections accepted.");
base::Counter count_broken("policyd_broken_connections",
                           "Connections closed because the client did not speak the protocol.");
base::Counter count_slow("policyd_slow_connections",
                         "Connections closed in the middle of a request at request_deadline.");
base::Counter count_evicted("policyd_evicted_connections",
                            "Idle connections closed for new ones at max_connections.");
base::Gauge open_connections("policyd_open_connections", "Connections open now.");

// Group: the folder of the socket decides who may come near it.
constexpr mode_t socket_mode = 0660;
constexpr base::Duration sweep_period{1000};

}  // namespace

struct Server::Client {
  Client(Server& server, base::Fd socket)
      : conversation(server.engine_),
        since(server.loop_.ticks()),
        stream(server.loop_, std::move(socket), loop::StreamLimits{},
               {.on_data = [this, &server](auto bytes) { return server.read(*this, bytes); },
                .on_drained = {},
                .on_end = {},
                .on_closed =
                    [this, &server](loop::CloseReason) {
                      open_connections.add(-1);
                      server.clients_.erase(place);
                    }}) {
    count_connections.add();
    open_connections.add(1);
  }

  Conversation conversation;
  // While a check waits: since when the request does, and the search for what it needs.
  std::optional<base::SteadyTime> waiting_since{};
  std::unique_ptr<Gatherer::Search> search{};
  bool is_midway = false;
  base::SteadyTime since;  // the last request's end, or the present one's beginning
  Clients::iterator place{};
  loop::Stream stream;
};

Server::Server(loop::Loop& loop, Engine& engine, Gatherer& gatherer, const ServerLimits& limits)
    : loop_(loop), engine_(engine), gatherer_(gatherer), limits_(limits), sweeper_(loop, [this] {
        sweep();
      }) {
  sweeper_.repeat(sweep_period);
}

Server::~Server() {
  listeners_.clear();
  clients_.clear();
}

base::Result<std::unique_ptr<Server>> Server::open(loop::Loop& loop, Engine& engine,
                                                   Gatherer& gatherer,
                                                   const std::vector<std::string>& addresses,
                                                   const ServerLimits& limits) {
  auto server = std::make_unique<Server>(loop, engine, gatherer, limits);
  for (const std::string& text : addresses) {
    const auto address = loop::Address::parse(text);
    if (!address) {
      return address.error();
    }
    auto listener = loop::Listener::open(loop, *address, socket_mode,
                                         [&server = *server](base::Fd socket, const loop::Peer&) {
                                           server.accept(std::move(socket));
                                         });
    if (!listener) {
      return listener.error();
    }
    server->listeners_.push_back(std::move(*listener));
  }
  return server;
}

void Server::accept(base::Fd socket) {
  while (clients_.size() >= limits_.connections) {
    make_room();
  }
  clients_.push_back(std::make_unique<Client>(*this, std::move(socket)));
  clients_.back()->place = std::prev(clients_.end());
}

std::size_t Server::read(Client& client, std::string_view bytes) {
  answers_.clear();
  answer(client, client.conversation.take(bytes, answers_));
  return bytes.size();
}

// Sends `answers_`, and sees to what comes next.
void Server::answer(Client& client, Conversation::Progress progress) {
  if (!answers_.empty()) {
    client.stream.write(answers_);
    client.waiting_since.reset();  // whatever waits now is a later request
  }
  if (progress == Conversation::Progress::broken) {
    count_broken.add();
    complain(malformed_, event::request_malformed, client.conversation.error().detail);
    client.stream.close_after_write();
    return;
  }
  if (progress == Conversation::Progress::waiting) {
    search(client);
  }
  const bool is_midway = client.conversation.is_midway();
  if (!answers_.empty() || is_midway != client.is_midway) {
    client.is_midway = is_midway;
    client.since = loop_.ticks();
    clients_.splice(clients_.end(), clients_, client.place);
  }
}

// Finds what the client's request waits for; no bytes of it are read meanwhile.
void Server::search(Client& client) {
  const base::SteadyTime now = loop_.ticks();
  if (!client.waiting_since) {
    client.waiting_since = now;
  }
  client.stream.pause();
  const auto waited = std::chrono::duration_cast<base::Duration>(now - *client.waiting_since);
  const auto left = time_left(client.conversation.waits(), engine_.lookup_deadline(), waited);
  client.search = gatherer_.find(
      client.conversation.waits(), client.conversation.facts(), left, [this, &client] {
        const auto finished = std::move(client.search);  // it is calling us
        answers_.clear();
        const auto progress = client.conversation.resume(answers_);
        if (progress != Conversation::Progress::waiting) {
          client.stream.resume();
        }
        answer(client, progress);
      });
}

// Destroying a stream of another client than the one being served is safe.
void Server::make_room() {
  count_evicted.add();
  complain(evicted_, event::connection_evicted, std::to_string(limits_.connections));
  open_connections.add(-1);
  clients_.pop_front();
}

void Server::sweep() {
  const base::SteadyTime now = loop_.ticks();
  for (auto next = clients_.begin(); next != clients_.end();) {
    const auto at = next++;
    const Client& client = **at;
    const base::Duration limit = client.is_midway ? limits_.request : limits_.idle;
    if (client.search || now - client.since < limit) {
      continue;
    }
    if (client.is_midway) {
      count_slow.add();
      complain(slow_, event::connection_slow, std::to_string(limit.count()) + "ms");
    }
    open_connections.add(-1);
    clients_.erase(at);
  }
}

void Server::complain(base::Complaint& complaint, const base::Event& event,
                      std::string_view limit) {
  if (const auto held_back = complaint.due(loop_.ticks()); held_back) {
    const std::string_view key = &event == &event::request_malformed ? "error" : "limit";
    loop_.log().write(event, {{key, limit}, {"suppressed", std::to_string(*held_back)}});
  }
}

}  // namespace policy
