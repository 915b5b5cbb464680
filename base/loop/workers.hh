// base/loop/workers.hh -- threads for work that blocks; results come back on the loop.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// submit() is called on the loop thread; `work` runs on a worker and may block; `done` runs on the
// loop thread, once, never inside submit(). It gets what `work` returned, or unavailable when the
// queue is full, timeout when the deadline passes first (even while the work hangs; its late result
// is dropped), internal when an exception escaped the work. `work` may outlive the caller and must
// own all it touches.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/loop/loop.hh"
#include "base/result.hh"

namespace loop {

struct WorkersOptions {
  std::string name = "work";  // in the log
  std::size_t threads = 4;
  std::size_t queue = 1024;  // jobs waiting for a thread
  Duration grace{2000};      // at the end: how long to wait for running work
};

// Names a submitted job. Zero is none.
using JobId = std::uint64_t;

class Workers {
 public:
  // unavailable when threads cannot be made. `loop` must outlive it.
  static base::Result<std::unique_ptr<Workers>> make(Loop& loop, const WorkersOptions& options);
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  Workers(Workers&&) = delete;
  Workers& operator=(Workers&&) = delete;
  // No `done` is called any more. Queued jobs are dropped; running ones are waited for up to the
  // grace time, then their threads are left alone (loop.workers.abandoned).
  ~Workers();

  template <typename T>
  JobId submit(Duration deadline, std::function<base::Result<T>()> work,
               std::function<void(base::Result<T>)> done) {
    return enqueue(
        deadline,
        [work = std::move(work)]() -> std::shared_ptr<void> {
          return std::make_shared<base::Result<T>>(work());
        },
        [done = std::move(done)](const Outcome& outcome) {
          if (outcome.result) {
            done(std::move(*std::static_pointer_cast<base::Result<T>>(outcome.result)));
          } else {
            done(outcome.error);
          }
        });
  }

  // `done` will not be called. Queued work is dropped, running work goes on unheard. An id that is
  // done already is fine.
  void cancel(JobId job);

  // Jobs submitted and not yet answered.
  std::size_t pending() const { return jobs_.size(); }

 private:
  // What came of a job: a Result<T> whose type submit() knows, or why there is none.
  struct Outcome {
    std::shared_ptr<void> result;
    base::Error error;
  };
  using Work = std::function<std::shared_ptr<void>()>;
  struct Shared;
  struct Job {
    std::function<void(const Outcome&)> done;
    std::unique_ptr<Timer> deadline;
  };

  Workers(Loop& loop, WorkersOptions options);
  base::Result<void> start();
  JobId enqueue(Duration deadline, Work work, std::function<void(const Outcome&)> done);
  void answer(JobId id, const Outcome& outcome);
  void drop_queued(JobId job);
  static void serve(const std::shared_ptr<Shared>& shared);

  Loop& loop_;
  WorkersOptions options_;
  std::shared_ptr<Shared> shared_;
  std::unordered_map<JobId, Job> jobs_;
  JobId last_ = 0;
};

}  // namespace loop
