// base/loop/stream.hh -- one buffered connection on the loop.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Cheap where it counts: bytes are read into one buffer of the thread and handed over in place;
// only what the owner does not consume is copied, and an idle connection holds no buffer at all.
// Answers written during on_data leave in one send. Nothing grows without bound: while more than
// `output_high` bytes wait for a slow reader, no input is read.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/handle.hh"
#include "base/loop/loop.hh"

namespace loop {

struct StreamLimits {
  std::size_t input = 64 * 1024;          // unconsumed bytes; more closes (input_limit)
  std::size_t output_high = 256 * 1024;   // unsent bytes from which reading rests
  std::size_t output_limit = 16U << 20U;  // unsent bytes; more closes (output_limit)
  Duration idle{0};  // closes when the peer does nothing so long; 0 never. Time in which reading
                     // is paused and all is sent does not count: then the peer waits for us.
};

enum class CloseReason {
  peer,          // the peer closed, or reset
  here,          // close() or close_after_write()
  idle,          // the idle deadline passed
  input_limit,   // the peer sent more than the owner could take
  output_limit,  // the owner wrote more than the peer took
  error,         // a socket error
  bug,           // an exception escaped a callback
};
std::string_view close_reason_name(CloseReason reason);

class Stream {
 public:
  // All on the loop thread. They may call anything of the Stream but must not destroy it, except
  // on_closed, which may.
  struct Callbacks {
    // Bytes that came, with those left over; returns how many were consumed. Called again when
    // more have come. Must consume all it can.
    std::function<std::size_t(std::string_view bytes)> on_data;
    // After write() said false: the peer has taken three quarters of output_high. Optional.
    std::function<void()> on_drained;
    // The peer sends no more; what is unconsumed never will be complete. Without it the stream
    // closes once all is sent.
    std::function<void()> on_end;
    // The stream is closed; called once, as a deferred task, and not if it was destroyed first.
    std::function<void(CloseReason reason)> on_closed;
  };

  // Reads from now on. `loop` must outlive it.
  Stream(Loop& loop, base::Fd socket, const StreamLimits& limits, Callbacks callbacks);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  Stream(Stream&&) = delete;
  Stream& operator=(Stream&&) = delete;
  ~Stream();  // closes at once, unsent bytes are lost

  // Sends, or keeps what the kernel does not take. False: more than output_high waits, so a
  // producer should rest until on_drained. After a close the bytes vanish.
  bool write(std::string_view bytes);
  std::size_t unsent() const { return output_.size() - sent_; }

  // While paused no on_data comes; resume() gives what is left over again, as a deferred task.
  void pause();
  void resume();

  void end_output();         // half close, after all is sent
  void close_after_write();  // reads no more, closes when all is sent
  void close();              // now
  bool is_closed() const { return !socket_.is_open(); }

 private:
  struct Closing;

  static void readable(int fd, short what, void* self);
  static void writable(int fd, short what, void* self);
  static void redeliver(const std::weak_ptr<Stream*>& self);
  void read_some();
  void deliver_fresh(std::string_view fresh);
  std::size_t deliver(std::string_view bytes);
  void ended();
  void flush();
  void drained();
  void await_writing();
  void sent_all();
  void update_reading();
  void check_idle();
  void finish(CloseReason reason);

  Loop& loop_;
  base::Fd socket_;
  StreamLimits limits_;
  Callbacks callbacks_;
  EventHandle read_event_;
  EventHandle write_event_;      // made when first needed
  std::unique_ptr<Timer> idle_;  // likewise
  std::string input_;            // left over by on_data
  std::string output_;
  std::size_t sent_ = 0;  // bytes at the front of output_ that are gone
  base::SteadyTime active_;
  std::shared_ptr<Closing> closing_;
  std::shared_ptr<Stream*> redelivery_;  // a resume() under way
  bool is_reading_ = false;
  bool is_paused_ = false;
  bool is_corked_ = false;
  bool is_busy_ = false;  // inside one of its callbacks
  bool is_full_ = false;  // write() said false
  bool has_ended_ = false;
  bool ends_output_ = false;
  bool closes_after_write_ = false;
};

}  // namespace loop
