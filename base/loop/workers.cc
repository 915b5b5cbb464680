// base/loop/workers.cc -- the queue, the threads, and answers that arrive in time or not at all.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/workers.hh"

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/loop/events.hh"

namespace loop {

namespace {

struct Queued {
  JobId id = 0;
  std::function<std::shared_ptr<void>()> work;
};

// Signals belong to the loop's thread; a new thread inherits the mask.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;
  SignalsBlocked(SignalsBlocked&&) = delete;
  SignalsBlocked& operator=(SignalsBlocked&&) = delete;
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

// Outlives the Workers while a thread hangs.
struct Workers::Shared {
  std::mutex mutex;
  std::condition_variable wanted;  // work came, or the end
  std::condition_variable gone;    // a thread ended
  std::deque<Queued> queue;
  std::vector<std::thread> threads;  // loop thread only
  std::size_t running = 0;           // threads not yet ended
  bool is_ending = false;
  Workers* owner = nullptr;  // null from the destructor on; written on the loop thread
};

base::Result<std::unique_ptr<Workers>> Workers::make(Loop& loop, const WorkersOptions& options) {
  std::unique_ptr<Workers> made(new Workers(loop, options));
  if (auto started = made->start(); !started) {
    return started.error();
  }
  return made;
}

Workers::Workers(Loop& loop, WorkersOptions options)
    : loop_(loop), options_(std::move(options)), shared_(std::make_shared<Shared>()) {
  shared_->owner = this;
}

base::Result<void> Workers::start() {
  const SignalsBlocked blocked;
  for (std::size_t i = 0; i < options_.threads; ++i) {
    try {
      shared_->threads.emplace_back([shared = shared_] { serve(shared); });
    } catch (const std::system_error& err) {
      return base::make_error(base::Errc::unavailable,
                              "cannot start a worker thread: " + std::string(err.what()),
                              "raise TasksMax of the service");
    }
    const std::lock_guard lock(shared_->mutex);
    ++shared_->running;
  }
  return {};
}

Workers::~Workers() {
  std::deque<Queued> dropped;
  bool has_ended = false;
  {
    std::unique_lock lock(shared_->mutex);
    shared_->owner = nullptr;
    shared_->is_ending = true;
    dropped.swap(shared_->queue);
    shared_->wanted.notify_all();
    has_ended =
        shared_->gone.wait_for(lock, options_.grace, [this] { return shared_->running == 0; });
    if (!has_ended) {
      loop_.log().write(workers_abandoned,
                        {{"pool", options_.name}, {"threads", std::to_string(shared_->running)}});
    }
  }
  for (std::thread& thread : shared_->threads) {
    if (has_ended) {
      thread.join();
    } else {
      thread.detach();
    }
  }
}

JobId Workers::enqueue(Duration deadline, Work work, std::function<void(const Outcome&)> done) {
  const JobId id = ++last_;
  Job& job = jobs_[id];
  job.done = std::move(done);
  const auto answer_later = [this, id](const base::Error& why) {
    // Through the shared part, because the Workers may be gone by then.
    loop_.defer([shared = shared_, id, why] {
      if (shared->owner != nullptr) {
        shared->owner->answer(id, {nullptr, why});
      }
    });
  };
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->queue.size() < options_.queue) {
      shared_->queue.push_back({id, std::move(work)});
      shared_->wanted.notify_one();
    } else {
      answer_later(base::make_error(base::Errc::unavailable, options_.name + ": queue full"));
      return id;
    }
  }
  job.deadline = std::make_unique<Timer>(loop_, [this, id, answer_later] {
    drop_queued(id);
    answer_later(base::make_error(base::Errc::timeout, options_.name + ": deadline passed"));
  });
  job.deadline->start(deadline);
  return id;
}

void Workers::answer(JobId id, const Outcome& outcome) {
  const auto found = jobs_.find(id);
  if (found == jobs_.end()) {
    return;  // cancelled, or answered before
  }
  const auto done = std::move(found->second.done);
  jobs_.erase(found);
  done(outcome);  // may destroy this
}

void Workers::cancel(JobId job) {
  jobs_.erase(job);
  drop_queued(job);
}

void Workers::drop_queued(JobId job) {
  Queued dropped;  // its captures die outside the lock
  const std::lock_guard lock(shared_->mutex);
  for (auto queued = shared_->queue.begin(); queued != shared_->queue.end(); ++queued) {
    if (queued->id == job) {
      dropped = std::move(*queued);
      shared_->queue.erase(queued);
      return;
    }
  }
}

void Workers::serve(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock(shared->mutex);
  for (;;) {
    shared->wanted.wait(lock, [&] { return shared->is_ending || !shared->queue.empty(); });
    if (shared->is_ending) {
      break;
    }
    Queued job = std::move(shared->queue.front());
    shared->queue.pop_front();
    lock.unlock();
    Outcome outcome;
    try {
      outcome.result = job.work();
    } catch (const std::exception& err) {
      outcome.error =
          base::make_error(base::Errc::internal, std::string("work threw: ") + err.what());
    } catch (...) {
      outcome.error = base::make_error(base::Errc::internal, "work threw what is no exception");
    }
    job.work = nullptr;
    lock.lock();
    // Under the lock, the owner and so its Loop are alive while we post.
    if (shared->owner != nullptr) {
      shared->owner->loop_.post([shared, id = job.id, outcome = std::move(outcome)] {
        if (shared->owner != nullptr) {
          shared->owner->answer(id, outcome);
        }
      });
    }
  }
  --shared->running;
  shared->gone.notify_all();
}

}  // namespace loop
