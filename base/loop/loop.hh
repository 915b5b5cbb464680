// base/loop/loop.hh -- the event loop of a daemon: timers, watched descriptors, signals, tasks.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One Loop belongs to one thread, the one that calls run(); everything made on it is used and
// destroyed on that thread, before the Loop. Only post() and stop() may be called from elsewhere.
// A callback never waits: one that takes more than 20 ms is logged as loop.stall and counted. An
// exception that escapes a callback is logged as loop.bug and counted, and the loop goes on.
// No object dies inside its own callback (that aborts): let Loop::defer() destroy it.
#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/handle.hh"
#include "base/log.hh"
#include "base/loop/stall.hh"
#include "base/result.hh"

struct event;
struct event_base;

namespace loop {

using Duration = std::chrono::milliseconds;
using Task = std::function<void()>;

struct EventFree {
  void operator()(event* what) const;
};
struct EventBaseFree {
  void operator()(event_base* what) const;
};
using EventHandle = std::unique_ptr<event, EventFree>;

class Loop {
 public:
  // unavailable when the kernel gives no epoll or eventfd. `log` must outlive the Loop.
  static base::Result<std::unique_ptr<Loop>> make(base::Log& log);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  Loop(Loop&&) = delete;
  Loop& operator=(Loop&&) = delete;
  ~Loop();

  // Serves until stop(); the calling thread becomes the loop's. May be called again.
  void run();

  // Lets run() return after the current callback; before run(), run() returns at once. Any thread.
  void stop();

  // Runs `task` after the current callback, from the top of the loop. Loop thread only.
  void defer(Task task);

  // Runs `task` on the loop thread soon. Any thread, in order for one thread.
  void post(Task task);

  // Calls `task` on the loop thread for each arrival of `signal`. One Loop of the process may own
  // signals. internal when the signal cannot be caught.
  base::Result<void> on_signal(int signal, Task task);

  // Runs a callback under the loop rule; false when an exception escaped it. `what` names it in
  // the log and lives as long as the process. For the wrappers of base/loop.
  template <typename F>
  bool guard(std::string_view what, F&& callback) {
    stall_.begin();
    bool is_good = true;
    try {
      std::forward<F>(callback)();
    } catch (const std::exception& err) {
      is_good = false;
      report_bug(what, err.what());
    } catch (...) {
      is_good = false;
      report_bug(what, "not a std::exception");
    }
    if (const auto took = stall_.end(); took.count() > 0) {
      report_stall(what, took);
    }
    return is_good;
  }

  base::SteadyTime ticks() const { return base::system_clock().ticks(); }
  base::Log& log() const { return log_; }
  event_base* raw() const { return base_.get(); }

 private:
  struct Signal {
    Loop* loop;
    Task task;
    EventHandle event;
  };

  Loop(base::Log& log, event_base* raw);
  base::Result<void> open();
  void wake();
  void run_posted();
  void run_deferred();
  void report_bug(std::string_view what, std::string_view error);
  void report_stall(std::string_view what, std::chrono::microseconds took);
  static void woken(int fd, short what, void* self);
  static void deferral(int fd, short what, void* self);
  static void signalled(int fd, short what, void* self);

  base::Log& log_;
  std::unique_ptr<event_base, EventBaseFree> base_;
  StallWatch stall_;
  base::Fd wake_fd_;
  EventHandle wake_event_;
  EventHandle defer_event_;
  std::vector<Task> deferred_;
  std::vector<std::unique_ptr<Signal>> signals_;
  std::atomic<bool> is_stopping_{false};
  std::mutex mutex_;  // guards posted_
  std::vector<Task> posted_;
};

// Calls `fire` once after a delay, or again and again. Starting it again replaces the old time.
class Timer {
 public:
  Timer(Loop& loop, Task fire);  // `loop` must outlive it
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  Timer(Timer&&) = delete;
  Timer& operator=(Timer&&) = delete;
  ~Timer();

  void start(Duration delay);
  void repeat(Duration period);
  void cancel();
  bool is_pending() const;

 private:
  static void fired(int fd, short what, void* self);

  Loop& loop_;
  Task fire_;
  EventHandle event_;
  Duration period_{};  // zero: one shot
  bool is_firing_ = false;
};

// Calls `ready` whenever `fd` can be read or written, until disabled. Does not own `fd`, which must
// stay open as long as the watch.
class FdWatch {
 public:
  enum class For { reading, writing };

  FdWatch(Loop& loop, int fd, For what, Task ready);  // starts disabled
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  FdWatch(FdWatch&&) = delete;
  FdWatch& operator=(FdWatch&&) = delete;
  ~FdWatch();

  void enable();
  void disable();

 private:
  static void fired(int fd, short what, void* self);

  Loop& loop_;
  Task ready_;
  EventHandle event_;
  bool is_firing_ = false;
};

}  // namespace loop
