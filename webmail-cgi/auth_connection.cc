// webmail-cgi/auth_connection.cc -- connecting on a worker, questions with deadlines, loss.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/auth_connection.hh"

#include <cstring>

#include "base/loop/listener.hh"
#include "base/random.hh"

#include "webmail-cgi/events.hh"

namespace webmail {

namespace {

constexpr loop::Duration connect_deadline{5'000};
constexpr loop::Duration idle_limit{1'000};
constexpr std::chrono::seconds rest{1};
// Dovecot tells connections apart by the number a client gives, usually its process id. Ours are
// above all process ids, and random, so that a new connection never meets its dead predecessor.
constexpr std::uint32_t first_client_id = 1U << 23U;

std::uint32_t random_client_id() {
  std::uint32_t number = 0;
  std::memcpy(&number, base::random_bytes(sizeof number).data(), sizeof number);
  return first_client_id + number % (0x7FFFFFFFU - first_client_id);
}

}  // namespace

AuthConnection::AuthConnection(loop::Loop& loop, loop::Workers& workers, DovecotAuth::Kind kind,
                               std::string socket)
    : loop_(loop),
      workers_(workers),
      kind_(kind),
      socket_(std::move(socket)),
      idle_(loop,
            [this] {
              if (questions_.empty()) {
                disconnect();
              }
            }),
      self_(std::make_shared<AuthConnection*>(this)) {}

AuthConnection::~AuthConnection() = default;

void AuthConnection::ask_password(std::string_view user, std::string_view password,
                                  std::string_view client_address, loop::Duration deadline,
                                  Answer answer) {
  if (!need_connection()) {
    return answer(base::make_error(base::Errc::unavailable, "Dovecot's auth is down"));
  }
  await(protocol_->ask_password(user, password, client_address), deadline, std::move(answer));
}

void AuthConnection::look_up(std::string_view user, loop::Duration deadline, Answer answer) {
  if (!need_connection()) {
    return answer(base::make_error(base::Errc::unavailable, "Dovecot's auth is down"));
  }
  await(protocol_->look_up(user), deadline, std::move(answer));
}

void AuthConnection::await(const base::Result<std::uint32_t>& id, loop::Duration deadline,
                           Answer answer) {
  if (!id) {
    return answer(id.error());
  }
  auto timer = std::make_unique<loop::Timer>(loop_, [this, id = *id] {
    const bool is_stuck = protocol_ && !protocol_->is_ready();
    this->answer(id, base::make_error(base::Errc::timeout, "no answer from Dovecot's auth"));
    if (is_stuck && protocol_) {
      lose(base::make_error(base::Errc::timeout, "no greeting from Dovecot's auth"));
    }
  });
  timer->start(deadline);
  questions_.emplace(*id, Question{std::move(answer), std::move(timer)});
  if (stream_) {
    stream_->write(protocol_->take_output());
  }
}

bool AuthConnection::need_connection() {
  if (protocol_) {
    return true;
  }
  if (loop_.ticks() < rest_until_) {
    return false;
  }
  const auto address = loop::Address::parse("unix:" + socket_);
  if (!address) {
    return false;
  }
  protocol_ = std::make_unique<DovecotAuth>(kind_, random_client_id());
  workers_.submit<std::shared_ptr<base::Fd>>(
      connect_deadline,
      [address = *address]() -> base::Result<std::shared_ptr<base::Fd>> {
        auto socket = loop::connect_to(address);
        if (!socket) {
          return socket.error();
        }
        return std::make_shared<base::Fd>(std::move(*socket));
      },
      [weak = std::weak_ptr<AuthConnection*>(self_),
       attempt = ++attempt_](const base::Result<std::shared_ptr<base::Fd>>& socket) {
        if (const auto self = weak.lock()) {
          (*self)->connected(socket, attempt);
        }
      });
  return true;
}

void AuthConnection::connected(const base::Result<std::shared_ptr<base::Fd>>& socket,
                               std::uint64_t attempt) {
  if (attempt != attempt_ || !protocol_) {
    return;  // given up meanwhile
  }
  if (!socket) {
    return lose(socket.error());
  }
  loop::Stream::Callbacks callbacks;
  callbacks.on_data = [this](std::string_view bytes) { return take(bytes); };
  callbacks.on_closed = [this, attempt](loop::CloseReason reason) {
    if (attempt == attempt_) {
      lose(base::make_error(base::Errc::unavailable,
                            "connection closed: " + std::string(loop::close_reason_name(reason))));
    }
  };
  stream_ = std::make_unique<loop::Stream>(loop_, std::move(**socket), loop::StreamLimits{},
                                           std::move(callbacks));
  stream_->write(protocol_->take_output());
}

std::size_t AuthConnection::take(std::string_view bytes) {
  if (const auto taken = protocol_->receive(bytes); !taken) {
    loop_.log().write(auth_down, {{"socket", socket_}, {"reason", taken.error().text()}});
    stream_->close();  // on_closed tells those who wait
    return bytes.size();
  }
  stream_->write(protocol_->take_output());
  while (const auto reply = protocol_->next_reply()) {
    answer(reply->id, *reply);
  }
  return bytes.size();
}

void AuthConnection::answer(std::uint32_t id, const base::Result<AuthReply>& reply) {
  const auto at = questions_.find(id);
  if (at == questions_.end()) {
    return;
  }
  // The timer may be the one that fires now; it must not die inside its own callback.
  const auto question = std::make_shared<Question>(std::move(at->second));
  questions_.erase(at);
  question->deadline->cancel();
  loop_.defer([question] {});
  if (questions_.empty()) {
    idle_.start(idle_limit);
  }
  question->answer(reply);
}

void AuthConnection::lose(const base::Error& why) {
  // A Dovecot that restarts while nobody asks is no failure.
  if (!questions_.empty() || !protocol_->is_ready()) {
    loop_.log().write(auth_down, {{"socket", socket_}, {"reason", why.text()}});
    rest_until_ = loop_.ticks() + rest;
  }
  disconnect();
  const auto lost = std::exchange(questions_, {});
  for (const auto& [id, question] : lost) {
    question.answer(base::make_error(base::Errc::unavailable, why.detail));
  }
}

void AuthConnection::disconnect() {
  ++attempt_;
  protocol_.reset();
  if (stream_) {
    // This may run inside the stream's own callback: it goes later.
    loop_.defer([stream = std::shared_ptr<loop::Stream>(std::move(stream_))] {});
  }
}

}  // namespace webmail
