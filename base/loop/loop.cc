// base/loop/loop.cc -- libevent behind Loop, Timer and FdWatch.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/loop.hh"

#include <cerrno>
#include <string>

#include <sys/eventfd.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/loop/events.hh"
#include "base/metrics.hh"
#include "base/must.hh"

namespace loop {

namespace {

base::Counter stalls("loop_callback_stalls", "Callbacks that held an event loop over 20 ms.");
base::Counter bugs("loop_callback_bugs", "Callbacks left by an unexpected exception.");

timeval timeval_of(Duration time) {
  const auto ms = std::max<std::int64_t>(time.count(), 0);
  return {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

}  // namespace

void EventFree::operator()(event* what) const {
  event_free(what);
}

void EventBaseFree::operator()(event_base* what) const {
  event_base_free(what);
}

base::Result<std::unique_ptr<Loop>> Loop::make(base::Log& log) {
  // No locks inside: other threads reach us through the eventfd alone.
  event_config* config = event_config_new();
  base::must(config != nullptr, "memory for a loop");
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_base* raw = event_base_new_with_config(config);
  event_config_free(config);
  if (raw == nullptr) {
    return base::make_error(base::Errc::unavailable, "no event loop: out of descriptors or memory");
  }
  std::unique_ptr<Loop> made(new Loop(log, raw));
  if (auto opened = made->open(); !opened) {
    return opened.error();
  }
  return made;
}

Loop::Loop(base::Log& log, event_base* raw) : log_(log), base_(raw) {}

Loop::~Loop() {
  // What tasks own may itself hold events of this loop: let go of it before the base.
  signals_.clear();
  deferred_.clear();
  posted_.clear();
}

base::Result<void> Loop::open() {
  wake_fd_ = base::Fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake_fd_.is_open()) {
    return base::errno_error("eventfd", errno);
  }
  wake_event_.reset(
      event_new(base_.get(), wake_fd_.get(), EV_READ | EV_PERSIST, &Loop::woken, this));
  defer_event_.reset(event_new(base_.get(), -1, 0, &Loop::deferral, this));
  if (!wake_event_ || !defer_event_ || event_add(wake_event_.get(), nullptr) != 0) {
    return base::make_error(base::Errc::unavailable, "cannot watch the wake-up descriptor");
  }
  stall_.attach();
  return {};
}

void Loop::run() {
  stall_.attach();
  if (!is_stopping_.exchange(false)) {
    event_base_loop(base_.get(), EVLOOP_NO_EXIT_ON_EMPTY);
    is_stopping_.store(false);
  }
}

void Loop::stop() {
  is_stopping_.store(true);
  wake();
}

void Loop::wake() {
  const std::uint64_t one = 1;
  // Only a full counter can fail, and then a wake-up is pending already.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_.get(), &one, sizeof(one));
}

void Loop::defer(Task task) {
  if (deferred_.empty()) {
    event_active(defer_event_.get(), EV_TIMEOUT, 0);
  }
  deferred_.push_back(std::move(task));
}

void Loop::post(Task task) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (was_empty) {
    wake();
  }
}

base::Result<void> Loop::on_signal(int signal, Task task) {
  auto entry = std::make_unique<Signal>(Signal{this, std::move(task), nullptr});
  entry->event.reset(evsignal_new(base_.get(), signal, &Loop::signalled, entry.get()));
  if (!entry->event || event_add(entry->event.get(), nullptr) != 0) {
    return base::make_error(base::Errc::internal, "cannot catch signal " + std::to_string(signal));
  }
  signals_.push_back(std::move(entry));
  return {};
}

void Loop::run_posted() {
  std::vector<Task> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(posted_);
  }
  for (Task& task : tasks) {
    guard("posted task", task);
    task = nullptr;
  }
}

void Loop::run_deferred() {
  // Tasks deferred by these run in the next round.
  std::vector<Task> tasks;
  tasks.swap(deferred_);
  for (Task& task : tasks) {
    guard("deferred task", task);
    task = nullptr;
  }
}

void Loop::woken(int fd, short /*what*/, void* self) {
  auto* loop = static_cast<Loop*>(self);
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(fd, &count, sizeof(count));
  loop->run_posted();
  if (loop->is_stopping_.load()) {
    event_base_loopbreak(loop->base_.get());
  }
}

void Loop::deferral(int /*fd*/, short /*what*/, void* self) {
  static_cast<Loop*>(self)->run_deferred();
}

void Loop::signalled(int /*fd*/, short /*what*/, void* self) {
  auto* entry = static_cast<Signal*>(self);
  entry->loop->guard("signal", entry->task);
}

void Loop::report_bug(std::string_view what, std::string_view error) {
  bugs.add();
  log_.write(loop_bug, {{"callback", what}, {"error", error}});
}

void Loop::report_stall(std::string_view what, std::chrono::microseconds took) {
  stalls.add();
  log_.write(loop_stall, {{"callback", what}, {"ms", std::to_string(took.count() / 1000)}});
}

Timer::Timer(Loop& loop, Task fire)
    : loop_(loop), fire_(std::move(fire)), event_(event_new(loop.raw(), -1, 0, &fired, this)) {
  base::must(event_ != nullptr, "memory for a timer");
}

Timer::~Timer() {
  base::must(!is_firing_, "no Timer dies in its own callback");
}

void Timer::start(Duration delay) {
  period_ = {};
  const timeval time = timeval_of(delay);
  base::must(event_add(event_.get(), &time) == 0, "memory for a timer");
}

void Timer::repeat(Duration period) {
  start(period);
  period_ = period;
}

void Timer::cancel() {
  period_ = {};
  event_del(event_.get());
}

bool Timer::is_pending() const {
  return event_pending(event_.get(), EV_TIMEOUT, nullptr) != 0;
}

void Timer::fired(int /*fd*/, short /*what*/, void* self) {
  auto* timer = static_cast<Timer*>(self);
  if (timer->period_.count() > 0) {
    timer->repeat(timer->period_);
  }
  timer->is_firing_ = true;
  timer->loop_.guard("timer", timer->fire_);
  timer->is_firing_ = false;
}

FdWatch::FdWatch(Loop& loop, int fd, For what, Task ready)
    : loop_(loop),
      ready_(std::move(ready)),
      event_(event_new(loop.raw(), fd,
                       static_cast<short>((what == For::reading ? EV_READ : EV_WRITE) | EV_PERSIST),
                       &fired, this)) {
  base::must(event_ != nullptr, "memory for a watch");
}

FdWatch::~FdWatch() {
  base::must(!is_firing_, "no FdWatch dies in its own callback");
}

void FdWatch::enable() {
  base::must(event_add(event_.get(), nullptr) == 0, "an open descriptor can be watched");
}

void FdWatch::disable() {
  event_del(event_.get());
}

void FdWatch::fired(int /*fd*/, short /*what*/, void* self) {
  auto* watch = static_cast<FdWatch*>(self);
  watch->is_firing_ = true;
  watch->loop_.guard("descriptor", watch->ready_);
  watch->is_firing_ = false;
}

}  // namespace loop
