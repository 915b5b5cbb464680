// web-lib/fastcgi_server.hh -- FastCGI connections on the loop: requests in, answers back.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Life of a request: bytes -> FastcgiConnection -> Request -> the handler, which gets an Exchange
// and answers now or later, once. A file body is read on the workers piece by piece, the next one
// only when the web server has taken enough of the last: a slow reader costs one piece of memory.
// An idle connection costs its descriptor and less than 1 kB.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/loop/listener.hh"
#include "base/loop/loop.hh"
#include "base/loop/stream.hh"
#include "base/loop/workers.hh"
#include "base/result.hh"

#include "web-lib/fastcgi.hh"
#include "web-lib/request.hh"
#include "web-lib/response.hh"

namespace web {

struct FastcgiServerOptions {
  FastcgiLimits limits;
  std::size_t connections = 10'000;
  // Of all requests that are still coming in together; the connection that exceeds it is closed.
  std::size_t held = std::size_t{512} << 20U;
  loop::Duration receive{30'000};  // from the first byte of a request to its last
  loop::Duration send{60'000};     // the web server takes nothing of an answer for so long
};

class FastcgiServer;
class FastcgiSession;

// One request to be answered. Dropped unanswered, it answers 500. Loop thread.
class Exchange {
 public:
  Exchange(std::weak_ptr<FastcgiSession> session, Request request)
      : session_(std::move(session)), request_(std::move(request)) {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  Exchange(Exchange&&) = delete;
  Exchange& operator=(Exchange&&) = delete;
  ~Exchange();

  Request& request() { return request_; }
  const Request& request() const { return request_; }
  // Once. Does nothing when the connection is gone.
  void respond(Response response);
  // Nobody waits for the answer any more.
  bool is_orphan() const;

 private:
  std::weak_ptr<FastcgiSession> session_;
  Request request_;
  bool is_answered_ = false;
};
using ExchangePtr = std::shared_ptr<Exchange>;

// Called on the loop thread; must not block. May answer at once.
using Handler = std::function<void(ExchangePtr exchange)>;
// Changes every response before it is sent, the server's own too: the headers all answers have.
using Finisher = std::function<void(const Request* request, Response& response)>;
// Told of connections closed for breaking the protocol, or for a deadline.
using Complaint = std::function<void(const base::Error& why)>;

struct FastcgiCallbacks {
  Handler handle;
  Finisher finish;
  Complaint complain;
};

class FastcgiServer {
 public:
  // Errors as Listener::open(). All references must outlive it.
  static base::Result<std::unique_ptr<FastcgiServer>> open(loop::Loop& loop, loop::Workers& workers,
                                                           const loop::Address& address,
                                                           mode_t mode,
                                                           const FastcgiServerOptions& options,
                                                           FastcgiCallbacks callbacks);
  // For open() alone: it does not listen.
  FastcgiServer(loop::Loop& loop, loop::Workers& workers, const FastcgiServerOptions& options,
                FastcgiCallbacks callbacks);
  FastcgiServer(const FastcgiServer&) = delete;
  FastcgiServer& operator=(const FastcgiServer&) = delete;
  FastcgiServer(FastcgiServer&&) = delete;
  FastcgiServer& operator=(FastcgiServer&&) = delete;
  ~FastcgiServer();

  void set_options(const FastcgiServerOptions& options);  // for connections made from now on
  std::size_t connections() const { return sessions_.size(); }
  const loop::Address& address() const { return listener_->address(); }

 private:
  friend class FastcgiSession;

  void accept(base::Fd socket);
  void closed(FastcgiSession* session);
  bool hold(std::size_t& before, std::size_t now);

  loop::Loop& loop_;
  loop::Workers& workers_;
  FastcgiServerOptions options_;
  FastcgiCallbacks callbacks_;
  std::size_t held_ = 0;
  std::unordered_map<FastcgiSession*, std::shared_ptr<FastcgiSession>> sessions_;
  std::unique_ptr<loop::Listener> listener_;
};

}  // namespace web
