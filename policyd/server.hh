// policyd/server.hh -- the sockets that Postfix asks on, and their clients.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// All on the loop thread; no client waits for another. A client costs some hundred bytes while it
// is idle. Who is slow is closed: in the middle of a request after request_deadline, between two
// after idle_timeout; at max_connections the one that was idle longest makes room.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "base/complaint.hh"
#include "base/loop/listener.hh"
#include "base/loop/stream.hh"

#include "policyd/engine.hh"
#include "policyd/gather.hh"

namespace policy {

struct ServerLimits {
  std::size_t connections = 10'000;
  base::Duration idle{600'000};
  base::Duration request{10'000};
};

class Server {
 public:
  // Listens on all addresses; errors as Listener::open(). All must outlive the server.
  static base::Result<std::unique_ptr<Server>> open(loop::Loop& loop, Engine& engine,
                                                    Gatherer& gatherer,
                                                    const std::vector<std::string>& addresses,
                                                    const ServerLimits& limits);
  // Not listening yet; see open().
  Server(loop::Loop& loop, Engine& engine, Gatherer& gatherer, const ServerLimits& limits);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  void apply(const ServerLimits& limits) { limits_ = limits; }

 private:
  struct Client;
  using Clients = std::list<std::unique_ptr<Client>>;  // the one that asked last at the end
  void accept(base::Fd socket);
  std::size_t read(Client& client, std::string_view bytes);
  void answer(Client& client, Conversation::Progress progress);
  void search(Client& client);
  void make_room();
  void sweep();
  void complain(base::Complaint& complaint, const base::Event& event, std::string_view limit);

  loop::Loop& loop_;
  Engine& engine_;
  Gatherer& gatherer_;
  ServerLimits limits_;
  Clients clients_;
  std::vector<std::unique_ptr<loop::Listener>> listeners_{};
  loop::Timer sweeper_;
  std::string answers_{};
  base::Complaint slow_{};
  base::Complaint evicted_{};
  base::Complaint malformed_{};
};

}  // namespace policy
