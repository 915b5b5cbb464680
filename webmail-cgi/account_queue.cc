// webmail-cgi/account_queue.cc -- a line of jobs for each account with work under way.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/account_queue.hh"

#include <algorithm>
#include <atomic>
#include <exception>

#include "base/metrics.hh"

namespace webmail {

namespace {

base::Counter timeouts("webmail_request_timeouts", "Requests on an account that took too long.");
base::Counter overflows("webmail_request_overflows",
                        "Requests refused because too many of the account waited.");

}  // namespace

struct AccountQueue::Job {
  enum State { queued, running, dropped };

  Work work;
  Done done;  // empty once answered
  std::unique_ptr<loop::Timer> deadline;
  base::SteadyTime until;
  // Who comes first: the worker that begins, or the loop that gives up.
  std::atomic<State> state{queued};
};

AccountQueue::AccountQueue(loop::Loop& loop, loop::Workers& workers, std::size_t max_waiting)
    : loop_(loop),
      workers_(workers),
      max_waiting_(max_waiting),
      self_(std::make_shared<AccountQueue*>(this)) {}

AccountQueue::~AccountQueue() {
  // Workers may hold jobs a little longer; what belongs to the loop dies here.
  for (auto& [account_id, line] : lines_) {
    if (line.running) {
      line.waiting.push_back(line.running);
    }
    for (const JobPtr& job : line.waiting) {
      job->done = nullptr;
      job->deadline.reset();
    }
  }
}

void AccountQueue::submit(const std::string& account_id, loop::Duration deadline, Work work,
                          Done done) {
  Line& line = lines_[account_id];
  if (line.waiting.size() >= max_waiting_) {
    overflows.add();
    return done(base::make_error(base::Errc::over_quota, "too many requests of this account wait"));
  }
  const auto job = std::make_shared<Job>();
  job->work = std::move(work);
  job->done = std::move(done);
  job->until = loop_.ticks() + deadline;
  job->deadline = std::make_unique<loop::Timer>(loop_, [this, weak = std::weak_ptr<Job>(job)] {
    if (const auto late = weak.lock()) {
      answer(late, base::make_error(base::Errc::timeout, "the request took too long"));
    }
  });
  job->deadline->start(deadline);
  line.waiting.push_back(job);
  if (!line.running) {
    start_next(account_id);
  }
}

void AccountQueue::start_next(const std::string& account_id) {
  const auto at = lines_.find(account_id);
  Line& line = at->second;
  while (!line.waiting.empty() && !line.waiting.front()->done) {
    line.waiting.pop_front();  // timed out while it waited
  }
  if (line.waiting.empty()) {
    lines_.erase(at);
    return;
  }
  const JobPtr job = line.waiting.front();
  line.waiting.pop_front();
  line.running = job;
  const auto left = std::chrono::duration_cast<loop::Duration>(job->until - loop_.ticks());
  workers_.submit<std::shared_ptr<web::Response>>(
      std::max(left, loop::Duration(1)),
      [job, loop = &loop_, weak = std::weak_ptr<AccountQueue*>(self_), account_id]() -> Outcome {
        auto expected = Job::queued;
        if (!job->state.compare_exchange_strong(expected, Job::running)) {
          return base::make_error(base::Errc::timeout, "given up before it began");
        }
        Outcome outcome = base::make_error(base::Errc::internal, "an exception in a request");
        try {
          outcome = std::make_shared<web::Response>(job->work());
        } catch (const std::exception& err) {
          outcome = base::make_error(base::Errc::internal, err.what());
        }
        // Answered before the next job starts, or that one might be answered first.
        loop->post([job, weak, account_id, outcome] {
          if (const auto self = weak.lock()) {
            (*self)->answer(job, outcome);
            (*self)->ended(account_id, job);
          }
        });
        return outcome;
      },
      [this, job, weak = std::weak_ptr<AccountQueue*>(self_), account_id](const Outcome& outcome) {
        if (!weak.lock()) {
          return;
        }
        answer(job, outcome);  // if it never ran
        auto expected = Job::queued;
        if (job->state.compare_exchange_strong(expected, Job::dropped)) {
          ended(account_id, job);  // it never ran and never will
        }
      });
}

void AccountQueue::ended(const std::string& account_id, const JobPtr& job) {
  const auto at = lines_.find(account_id);
  if (at == lines_.end() || at->second.running != job) {
    return;
  }
  at->second.running.reset();
  start_next(account_id);
}

void AccountQueue::answer(const JobPtr& job, const Outcome& outcome) {
  if (!job->done) {
    return;
  }
  const Done done = std::exchange(job->done, nullptr);
  // The timer may be the one that fires now, and the job may die on a worker: it goes later, here.
  job->deadline->cancel();
  loop_.defer([timer = std::shared_ptr<loop::Timer>(std::move(job->deadline))] {});
  if (!outcome && outcome.error().code == base::Errc::timeout) {
    timeouts.add();
  }
  done(outcome);
}

}  // namespace webmail
