// webmail-cgi/account_queue.hh -- work on an account, one piece at a time, on the workers.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Pieces of one account run in the order they came and never at the same time, even when one
// overran its deadline and still hangs: then those behind it time out, and other accounts go on.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/loop/loop.hh"
#include "base/loop/workers.hh"
#include "base/result.hh"

#include "web-lib/response.hh"

namespace webmail {

// Loop thread.
class AccountQueue {
 public:
  using Outcome = base::Result<std::shared_ptr<web::Response>>;
  // Runs on a worker and may block; owns all it touches.
  using Work = std::function<web::Response()>;
  // Gets the response; over_quota when too many wait already, timeout when the deadline passed
  // (waiting included), unavailable when the workers are full, internal for an exception.
  using Done = std::function<void(const Outcome& outcome)>;

  // All references must outlive it.
  AccountQueue(loop::Loop& loop, loop::Workers& workers, std::size_t max_waiting);
  AccountQueue(const AccountQueue&) = delete;
  AccountQueue& operator=(const AccountQueue&) = delete;
  AccountQueue(AccountQueue&&) = delete;
  AccountQueue& operator=(AccountQueue&&) = delete;
  ~AccountQueue();

  void submit(const std::string& account_id, loop::Duration deadline, Work work, Done done);

 private:
  struct Job;
  using JobPtr = std::shared_ptr<Job>;
  struct Line {
    JobPtr running;
    std::deque<JobPtr> waiting;
  };

  void start_next(const std::string& account_id);
  void ended(const std::string& account_id, const JobPtr& job);
  void answer(const JobPtr& job, const Outcome& outcome);

  loop::Loop& loop_;
  loop::Workers& workers_;
  std::size_t max_waiting_;
  std::unordered_map<std::string, Line> lines_;
  std::shared_ptr<AccountQueue*> self_;
};

}  // namespace webmail
