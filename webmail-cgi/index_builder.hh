// webmail-cgi/index_builder.hh -- first builds of indexes, in slices between the user's requests.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A slice is a piece of work in the account's line, so requests of the account come in between; a
// few accounts build at a time, so that the other workers stay free. Loop thread.
#pragma once

#include <deque>
#include <string>
#include <unordered_set>

#include "base/log.hh"

#include "webmail-cgi/account.hh"
#include "webmail-cgi/account_queue.hh"

namespace webmail {

class IndexBuilder {
 public:
  // All references must outlive it, and it the queue's work.
  IndexBuilder(base::Log& log, AccountQueue& queue, std::size_t at_a_time);

  // After a request of that account; does nothing when its index is whole.
  void look(const Account& account);

 private:
  void start();
  void slice(const Account& account);

  base::Log& log_;
  AccountQueue& queue_;
  std::size_t at_a_time_;
  std::size_t running_ = 0;
  std::deque<Account> waiting_;
  std::unordered_set<std::string> known_;  // waiting or running
};

}  // namespace webmail
