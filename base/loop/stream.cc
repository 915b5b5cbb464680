// base/loop/stream.cc -- reading in place, writing at once, and every limit on the way.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/stream.hh"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <sys/socket.h>

#include <event2/event.h>

#include "base/must.hh"

namespace loop {

namespace {

// One for all streams of a thread: bytes rest here only during on_data.
constexpr std::size_t scratch_size = 64UL * 1024;
thread_local std::array<char, scratch_size> scratch;

// A buffer larger than this is given back when it empties.
constexpr std::size_t kept_capacity = 16UL * 1024;

}  // namespace

// What on_closed needs after the stream may be gone.
struct Stream::Closing {
  std::function<void(CloseReason)> call;
};

std::string_view close_reason_name(CloseReason reason) {
  switch (reason) {
    case CloseReason::peer:
      return "peer";
    case CloseReason::here:
      return "here";
    case CloseReason::idle:
      return "idle";
    case CloseReason::input_limit:
      return "input_limit";
    case CloseReason::output_limit:
      return "output_limit";
    case CloseReason::error:
      return "error";
    case CloseReason::bug:
      return "bug";
  }
  return "error";
}

Stream::Stream(Loop& loop, base::Fd socket, const StreamLimits& limits, Callbacks callbacks)
    : loop_(loop), socket_(std::move(socket)), limits_(limits), callbacks_(std::move(callbacks)) {
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  base::must(flags >= 0, "a Stream is made of an open socket");
  if ((flags & O_NONBLOCK) == 0) {
    ::fcntl(socket_.get(), F_SETFL, flags | O_NONBLOCK);
  }
  read_event_.reset(
      event_new(loop_.raw(), socket_.get(), EV_READ | EV_PERSIST, &Stream::readable, this));
  base::must(read_event_ != nullptr, "memory for a connection");
  active_ = loop_.ticks();
  if (limits_.idle.count() > 0) {
    idle_ = std::make_unique<Timer>(loop_, [this] { check_idle(); });
    idle_->start(limits_.idle);
  }
  update_reading();
}

Stream::~Stream() {
  base::must(!is_busy_, "no Stream dies in its own callback");
  if (closing_) {
    closing_->call = nullptr;
  }
}

void Stream::readable(int /*fd*/, short /*what*/, void* self) {
  static_cast<Stream*>(self)->read_some();
}

void Stream::writable(int /*fd*/, short /*what*/, void* self) {
  static_cast<Stream*>(self)->flush();
}

void Stream::read_some() {
  const std::size_t room = std::min(scratch.size(), limits_.input - input_.size());
  if (room == 0) {
    return;  // resumed, but what is left over has not been given over again yet
  }
  const ssize_t got = ::recv(socket_.get(), scratch.data(), room, 0);
  if (got > 0) {
    active_ = loop_.ticks();
    deliver_fresh({scratch.data(), static_cast<std::size_t>(got)});
  } else if (got == 0) {
    ended();
  } else if (errno != EAGAIN && errno != EINTR) {
    finish(errno == ECONNRESET ? CloseReason::peer : CloseReason::error);
  }
}

void Stream::deliver_fresh(std::string_view fresh) {
  if (input_.empty()) {
    const std::size_t consumed = deliver(fresh);
    input_.assign(fresh.substr(consumed));
  } else {
    input_.append(fresh);
    input_.erase(0, deliver(input_));
  }
  if (input_.empty()) {
    input_ = std::string();
  } else if (input_.size() >= limits_.input && !is_paused_ && !redelivery_) {
    finish(CloseReason::input_limit);
  }
  flush();
}

// on_data under the guard; how many bytes are done with. Output waits for the caller's flush().
std::size_t Stream::deliver(std::string_view bytes) {
  std::size_t consumed = 0;
  is_busy_ = true;
  is_corked_ = true;
  const bool is_good = loop_.guard("stream data", [&] { consumed = callbacks_.on_data(bytes); });
  is_busy_ = false;
  is_corked_ = false;
  if (!is_good) {
    finish(CloseReason::bug);
    return bytes.size();
  }
  base::must(consumed <= bytes.size(), "on_data consumes at most what it was given");
  return is_closed() ? bytes.size() : consumed;
}

void Stream::ended() {
  has_ended_ = true;
  update_reading();
  if (!callbacks_.on_end) {
    close_after_write();
    return;
  }
  is_busy_ = true;
  const bool is_good = loop_.guard("stream end", callbacks_.on_end);
  is_busy_ = false;
  if (!is_good) {
    finish(CloseReason::bug);
  }
}

bool Stream::write(std::string_view bytes) {
  if (is_closed() || ends_output_ || closes_after_write_) {
    return false;
  }
  const bool was_empty = unsent() == 0;
  if (was_empty && !is_corked_) {
    // The usual case: the kernel takes an answer whole and nothing is copied.
    const ssize_t sent = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      active_ = loop_.ticks();
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  if (bytes.empty()) {
    return true;
  }
  output_.append(bytes);
  if (unsent() > limits_.output_limit) {
    finish(CloseReason::output_limit);
    return false;
  }
  if (unsent() > limits_.output_high) {
    is_full_ = true;
    update_reading();
  }
  if (was_empty && !is_corked_) {
    flush();
  }
  return !is_full_ && !is_closed();
}

void Stream::flush() {
  if (is_closed()) {
    return;
  }
  while (unsent() > 0) {
    const ssize_t sent = ::send(socket_.get(), output_.data() + sent_, unsent(), MSG_NOSIGNAL);
    if (sent > 0) {
      active_ = loop_.ticks();
      sent_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      finish(errno == EPIPE || errno == ECONNRESET ? CloseReason::peer : CloseReason::error);
      return;
    }
  }
  if (unsent() == 0) {
    output_.clear();
    sent_ = 0;
    if (output_.capacity() > kept_capacity) {
      output_ = std::string();
    }
  } else if (sent_ > limits_.output_high) {
    output_.erase(0, sent_);
    sent_ = 0;
  }
  if (is_full_ && unsent() <= limits_.output_high / 4) {
    drained();
  }
  await_writing();
  sent_all();
}

void Stream::drained() {
  is_full_ = false;
  update_reading();
  if (!callbacks_.on_drained) {
    return;
  }
  // What it writes waits for the next turn of the loop: a fast reader must not hold it.
  is_busy_ = true;
  is_corked_ = true;
  const bool is_good = loop_.guard("stream drained", callbacks_.on_drained);
  is_busy_ = false;
  is_corked_ = false;
  if (!is_good) {
    finish(CloseReason::bug);
  }
}

void Stream::await_writing() {
  if (is_closed() || (unsent() == 0 && !write_event_)) {
    return;
  }
  if (!write_event_) {
    write_event_.reset(
        event_new(loop_.raw(), socket_.get(), EV_WRITE | EV_PERSIST, &Stream::writable, this));
    base::must(write_event_ != nullptr, "memory for a connection");
  }
  if (unsent() > 0) {
    event_add(write_event_.get(), nullptr);
  } else {
    event_del(write_event_.get());
  }
}

void Stream::sent_all() {
  if (is_closed() || unsent() > 0) {
    return;
  }
  if (closes_after_write_) {
    finish(CloseReason::here);
  } else if (ends_output_) {
    ::shutdown(socket_.get(), SHUT_WR);
  }
}

void Stream::pause() {
  is_paused_ = true;
  update_reading();
}

void Stream::resume() {
  if (!is_paused_ || is_closed()) {
    return;
  }
  is_paused_ = false;
  active_ = loop_.ticks();
  update_reading();
  // Inside on_data the bytes left over are not in input_ yet.
  if ((is_busy_ || !input_.empty()) && !redelivery_) {
    redelivery_ = std::make_shared<Stream*>(this);
    loop_.defer([weak = std::weak_ptr<Stream*>(redelivery_)] { redeliver(weak); });
  }
}

void Stream::redeliver(const std::weak_ptr<Stream*>& self) {
  const auto alive = self.lock();
  if (!alive) {
    return;
  }
  Stream& stream = **alive;
  stream.redelivery_.reset();
  if (!stream.is_closed() && !stream.is_paused_ && !stream.input_.empty()) {
    stream.deliver_fresh({});
  }
}

void Stream::end_output() {
  ends_output_ = true;
  if (!is_corked_) {
    flush();
  }
}

void Stream::close_after_write() {
  closes_after_write_ = true;
  update_reading();
  if (!is_corked_) {
    flush();
  }
}

void Stream::close() {
  finish(CloseReason::here);
}

void Stream::update_reading() {
  const bool wants =
      !is_closed() && !is_paused_ && !is_full_ && !has_ended_ && !closes_after_write_;
  if (wants == is_reading_) {
    return;
  }
  is_reading_ = wants;
  if (wants) {
    event_add(read_event_.get(), nullptr);
  } else {
    event_del(read_event_.get());
  }
}

void Stream::check_idle() {
  const auto now = loop_.ticks();
  if (is_paused_ && unsent() == 0) {
    active_ = now;
  }
  const auto quiet = std::chrono::duration_cast<Duration>(now - active_);
  if (quiet >= limits_.idle) {
    finish(CloseReason::idle);
  } else {
    idle_->start(limits_.idle - quiet + Duration(1));
  }
}

void Stream::finish(CloseReason reason) {
  if (is_closed()) {
    return;
  }
  event_del(read_event_.get());
  is_reading_ = false;
  write_event_.reset();
  if (idle_) {
    idle_->cancel();
  }
  socket_.reset();
  output_ = std::string();
  sent_ = 0;
  if (callbacks_.on_closed) {
    closing_ = std::make_shared<Closing>(Closing{std::move(callbacks_.on_closed)});
    loop_.defer([closing = closing_, reason] {
      if (const auto call = std::exchange(closing->call, nullptr)) {
        call(reason);
      }
    });
  }
}

}  // namespace loop
