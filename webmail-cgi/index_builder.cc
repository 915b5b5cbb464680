// webmail-cgi/index_builder.cc -- first builds of indexes, in slices between the user's requests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/index_builder.hh"

#include "webmail-cgi/events.hh"
#include "webmail-cgi/jmap/store.hh"

namespace webmail {

namespace {

constexpr std::chrono::milliseconds slice_time{60};  // what a request of the account waits at most
constexpr loop::Duration deadline{60'000};

}  // namespace

IndexBuilder::IndexBuilder(base::Log& log, AccountQueue& queue, std::size_t at_a_time)
    : log_(log), queue_(queue), at_a_time_(at_a_time) {}

void IndexBuilder::look(const Account& account) {
  if (jmap::is_index_unfinished(account) && known_.insert(account.id).second) {
    waiting_.push_back(account);
    start();
  }
}

void IndexBuilder::start() {
  while (running_ < at_a_time_ && !waiting_.empty()) {
    const Account account = std::move(waiting_.front());
    waiting_.pop_front();
    ++running_;
    slice(account);
  }
}

void IndexBuilder::slice(const Account& account) {
  auto work = [account, &log = log_] {
    const auto built = jmap::build_index(account, slice_time);
    if (!built) {
      log.write(index_stopped, {{"user", account.username}, {"reason", built.error().text()}});
    }
    return web::Response(built ? 204 : 500);
  };
  queue_.submit(
      account.id, deadline, std::move(work), [this, account](const AccountQueue::Outcome& outcome) {
        if (outcome && (*outcome)->status() == 204 && jmap::is_index_unfinished(account)) {
          return slice(account);
        }
        --running_;
        known_.erase(account.id);  // after a failure the next request tries again
        start();
      });
}

}  // namespace webmail
