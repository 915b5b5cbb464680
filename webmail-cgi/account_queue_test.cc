// webmail-cgi/account_queue_test.cc -- order within an account, freedom between accounts.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/account_queue.hh"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include <boost/test/unit_test.hpp>

#include "base/log.hh"

namespace {

using namespace std::chrono_literals;

struct Fixture {
  std::string lines;
  base::Log log{"test", base::memory_log_sink(lines), base::Level::error};
  std::unique_ptr<loop::Loop> loop = std::move(*loop::Loop::make(log));
  std::unique_ptr<loop::Workers> workers = std::move(*loop::Workers::make(*loop, {.threads = 3}));
  webmail::AccountQueue queue{*loop, *workers, 4};
  int open = 0;
  std::string seen;

  // Sleeps, then says `status`; 'T', 'O' and 'E' stand for errors.
  void ask(const std::string& account, std::chrono::milliseconds sleep, char name,
           loop::Duration deadline = 20s) {
    ++open;
    queue.submit(
        account, deadline,
        [sleep, name] {
          std::this_thread::sleep_for(sleep);
          if (name == 'x') {
            throw std::runtime_error("x");
          }
          return web::Response(200);
        },
        [this, name](const webmail::AccountQueue::Outcome& outcome) {
          seen += outcome                                          ? name
                  : outcome.error().code == base::Errc::timeout    ? 'T'
                  : outcome.error().code == base::Errc::over_quota ? 'O'
                                                                   : 'E';
          if (--open == 0) {
            loop->stop();
          }
        });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(one_account_is_served_in_order_and_others_meanwhile, Fixture) {
  ask("slow", 200ms, 'a');
  ask("slow", 0ms, 'b');
  ask("slow", 0ms, 'c');
  ask("fast", 0ms, '1');
  loop->run();
  BOOST_TEST(seen == "1abc");
}

BOOST_FIXTURE_TEST_CASE(what_hangs_holds_up_its_own_account_alone, Fixture) {
  ask("hung", 600ms, 'a', 100ms);
  ask("hung", 0ms, 'b', 200ms);
  ask("hung", 0ms, 'c', 10s);
  ask("free", 0ms, '1');
  loop->run();
  BOOST_TEST(seen == "1TTc");
}

BOOST_FIXTURE_TEST_CASE(too_many_waiting_are_refused_and_exceptions_are_errors, Fixture) {
  ask("many", 100ms, 'x');
  for (int i = 0; i < 5; ++i) {
    ask("many", 0ms, 'b');
  }
  loop->run();
  BOOST_TEST(seen == "OEbbbb");
}
