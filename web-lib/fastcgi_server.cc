// web-lib/fastcgi_server.cc -- one session a connection: its deadlines, its answer piece by piece.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/fastcgi_server.hh"

#include <algorithm>
#include <cerrno>

#include <unistd.h>

#include "base/loop/stream.hh"
#include "base/metrics.hh"
#include "base/must.hh"

namespace web {

namespace {

constexpr std::size_t piece_size = std::size_t{128} << 10U;
constexpr loop::Duration read_deadline{30'000};  // of one piece of a file

base::Counter requests("web_requests", "Requests that reached us by FastCGI.");
base::Counter protocol_errors("web_protocol_errors",
                              "FastCGI connections closed because the peer broke the protocol.");
base::Counter deadlines("web_deadlines",
                        "FastCGI connections closed because a request or an answer took too long.");
base::Gauge open_connections("web_connections", "FastCGI connections open now.");

// At most `size` bytes at `offset`; blocks. Shorter only at the end of the file.
base::Result<std::string> read_piece(int fd, std::uint64_t offset, std::size_t size) {
  std::string piece(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got =
        ::pread(fd, piece.data() + filled, size - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno != EINTR) {
      return base::errno_error("reading a file to be sent", errno);
    }
    if (got == 0) {
      return base::make_error(base::Errc::corrupt, "a file to be sent became shorter");
    }
    filled += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
  }
  return piece;
}

Response fault_response(FastcgiFault fault) {
  switch (fault) {
    case FastcgiFault::params_too_large:
      return problem(431, "The request's headers are too large.");
    case FastcgiFault::body_too_large:
      return problem(413, "The request's body is too large.", "urn:ietf:params:jmap:error:limit",
                     "maxSizeRequest");
    default:
      return problem(400, "The request is not well-formed.");
  }
}

}  // namespace

// One connection. Lives in the server's table until its stream is closed.
class FastcgiSession : public std::enable_shared_from_this<FastcgiSession> {
 public:
  FastcgiSession(FastcgiServer& server, base::Fd socket)
      : server_(server), connection_(server.options_.limits) {
    loop::Stream::Callbacks callbacks;
    callbacks.on_data = [this](std::string_view bytes) { return take(bytes); };
    callbacks.on_drained = [this] { send_body(); };
    callbacks.on_closed = [this](loop::CloseReason) { server_.closed(this); };
    stream_ = std::make_unique<loop::Stream>(server.loop_, std::move(socket), loop::StreamLimits{},
                                             std::move(callbacks));
    open_connections.add(1);
  }
  FastcgiSession(const FastcgiSession&) = delete;
  FastcgiSession& operator=(const FastcgiSession&) = delete;
  FastcgiSession(FastcgiSession&&) = delete;
  FastcgiSession& operator=(FastcgiSession&&) = delete;
  ~FastcgiSession() {
    open_connections.add(-1);
    server_.hold(held_, 0);
  }

  void respond(const Request* request, Response response);
  bool is_aborted() const { return connection_.is_aborted() || stream_->is_closed(); }

 private:
  std::size_t take(std::string_view bytes);
  void serve(FastcgiRequest cgi);
  void send_body();
  void send_text(const std::string& text);
  void read_file(const FileBody& file);
  void took_piece(const base::Result<std::string>& piece);
  void finish();
  bool flush() { return stream_->write(connection_.take_output()); }
  void limit_time(loop::Duration limit, std::string_view what);
  void close(const base::Error& why);

  FastcgiServer& server_;
  FastcgiConnection connection_;
  std::unique_ptr<loop::Stream> stream_;
  std::unique_ptr<loop::Timer> deadline_;  // while a request comes or an answer goes
  std::string_view late_;                  // what the deadline is for
  std::shared_ptr<Body> body_;             // being sent; null between answers
  std::uint64_t sent_ = 0;
  std::size_t held_ = 0;     // counted with the server
  bool is_reading_ = false;  // a piece is on its way from the workers
};

std::size_t FastcgiSession::take(std::string_view bytes) {
  const bool was_receiving = connection_.is_receiving();
  if (const auto taken = connection_.receive(bytes); !taken) {
    protocol_errors.add();
    close(taken.error());
    return bytes.size();
  }
  flush();
  if (auto request = connection_.next_request()) {
    deadline_.reset();
    serve(std::move(*request));
  } else if (connection_.is_receiving() && !was_receiving) {
    limit_time(server_.options_.receive, "a request did not become complete in time");
  } else if (!connection_.is_receiving() && was_receiving) {
    deadline_.reset();  // aborted
  }
  if (!server_.hold(held_, connection_.held())) {
    close(base::make_error(base::Errc::over_quota, "too much of requests is on its way"));
  } else if (connection_.wants_close()) {
    stream_->close_after_write();
  } else if (connection_.is_aborted() && body_) {
    send_body();
  }
  return bytes.size();
}

void FastcgiSession::serve(FastcgiRequest cgi) {
  requests.add();
  if (cgi.fault != FastcgiFault::none) {
    return respond(nullptr, fault_response(cgi.fault));
  }
  auto request = Request::from_cgi(cgi.params, std::move(cgi.body));
  if (!request) {
    return respond(nullptr, fault_response(FastcgiFault::bad_params));
  }
  server_.callbacks_.handle(std::make_shared<Exchange>(weak_from_this(), std::move(*request)));
}

void FastcgiSession::respond(const Request* request, Response response) {
  server_.callbacks_.finish(request, response);
  connection_.respond(response.head());
  const bool is_head = request != nullptr && request->method() == Method::head;
  body_ = std::make_shared<Body>(is_head ? Body(std::string()) : response.take_content());
  sent_ = 0;
  send_body();
}

void FastcgiSession::send_body() {
  if (!body_ || is_reading_) {
    return;
  }
  if (connection_.is_aborted()) {
    return finish();
  }
  limit_time(server_.options_.send, "the web server does not take an answer");
  if (const auto* text = std::get_if<std::string>(body_.get())) {
    send_text(*text);
  } else {
    read_file(std::get<FileBody>(*body_));
  }
}

void FastcgiSession::send_text(const std::string& text) {
  while (sent_ < text.size()) {
    const std::string_view piece = std::string_view(text).substr(sent_, piece_size);
    connection_.respond(piece);
    sent_ += piece.size();
    if (!flush()) {
      return;  // on_drained goes on
    }
  }
  finish();
}

void FastcgiSession::read_file(const FileBody& file) {
  if (sent_ == file.size) {
    return finish();
  }
  is_reading_ = true;
  const std::size_t size = std::min<std::uint64_t>(piece_size, file.size - sent_);
  server_.workers_.submit<std::string>(
      read_deadline,
      [body = body_, offset = file.offset + sent_, size] {
        return read_piece(std::get<FileBody>(*body).file.get(), offset, size);
      },
      [weak = weak_from_this()](const base::Result<std::string>& piece) {
        if (const auto self = weak.lock()) {
          self->took_piece(piece);
        }
      });
}

void FastcgiSession::took_piece(const base::Result<std::string>& piece) {
  is_reading_ = false;
  if (!piece) {
    return close(piece.error());  // the length is promised already: only a cut says "broken"
  }
  sent_ += piece->size();
  connection_.respond(*piece);
  if (flush()) {
    send_body();
  }
}

void FastcgiSession::finish() {
  body_.reset();
  deadline_.reset();
  connection_.finish();
  flush();
  if (connection_.wants_close()) {
    stream_->close_after_write();
  }
}

void FastcgiSession::limit_time(loop::Duration limit, std::string_view what) {
  late_ = what;
  if (!deadline_) {
    deadline_ = std::make_unique<loop::Timer>(server_.loop_, [this] {
      deadlines.add();
      close(base::make_error(base::Errc::timeout, std::string(late_)));
    });
  }
  deadline_->start(limit);
}

void FastcgiSession::close(const base::Error& why) {
  server_.callbacks_.complain(why);
  stream_->close();
}

Exchange::~Exchange() {
  if (!is_answered_) {
    respond(problem(500, "The server could not answer."));
  }
}

void Exchange::respond(Response response) {
  base::must(!is_answered_, "a request is answered once");
  is_answered_ = true;
  if (const auto session = session_.lock()) {
    session->respond(&request_, std::move(response));
  }
}

bool Exchange::is_orphan() const {
  const auto session = session_.lock();
  return !session || session->is_aborted();
}

FastcgiServer::FastcgiServer(loop::Loop& loop, loop::Workers& workers,
                             const FastcgiServerOptions& options, FastcgiCallbacks callbacks)
    : loop_(loop), workers_(workers), options_(options), callbacks_(std::move(callbacks)) {}

FastcgiServer::~FastcgiServer() {
  listener_.reset();
  sessions_.clear();
}

base::Result<std::unique_ptr<FastcgiServer>> FastcgiServer::open(
    loop::Loop& loop, loop::Workers& workers, const loop::Address& address, mode_t mode,
    const FastcgiServerOptions& options, FastcgiCallbacks callbacks) {
  auto server = std::make_unique<FastcgiServer>(loop, workers, options, std::move(callbacks));
  auto listener = loop::Listener::open(
      loop, address, mode,
      [raw = server.get()](base::Fd socket, const loop::Peer&) { raw->accept(std::move(socket)); });
  if (!listener) {
    return listener.error();
  }
  server->listener_ = std::move(*listener);
  return server;
}

void FastcgiServer::set_options(const FastcgiServerOptions& options) {
  options_ = options;
}

void FastcgiServer::accept(base::Fd socket) {
  const auto session = std::make_shared<FastcgiSession>(*this, std::move(socket));
  sessions_.emplace(session.get(), session);
  if (sessions_.size() >= options_.connections) {
    listener_->pause();
  }
}

// Counts a session's incoming bytes; false: too many of all sessions.
bool FastcgiServer::hold(std::size_t& before, std::size_t now) {
  held_ = held_ - before + now;
  before = now;
  return held_ <= options_.held || now == 0;
}

void FastcgiServer::closed(FastcgiSession* session) {
  const bool was_full = sessions_.size() >= options_.connections;
  sessions_.erase(session);
  if (was_full && sessions_.size() < options_.connections) {
    listener_->resume();
  }
}

}  // namespace web
