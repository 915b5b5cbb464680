// base/loop/loop_test.cc -- tasks, timers, signals, and what a bad callback does not break.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/loop.hh"

#include <csignal>
#include <stdexcept>
#include <thread>

#include "base/loop/test_stage.hh"

using loop::Duration;
using loop::TestStage;
using loop::Timer;

BOOST_AUTO_TEST_SUITE(the_loop)

BOOST_AUTO_TEST_CASE(a_stop_before_run_lets_run_return_at_once) {
  TestStage stage;
  stage.loop().stop();
  stage.loop().run();
  BOOST_TEST(true);
}

BOOST_AUTO_TEST_CASE(a_deferred_task_runs_after_the_callback_that_deferred_it) {
  TestStage stage;
  std::string order;
  stage.loop().defer([&] {
    order += "a";
    stage.loop().defer([&] { order += "c"; });
    order += "b";
  });
  stage.run_until([&] { return order.size() == 3; });
  BOOST_TEST(order == "abc");
}

BOOST_AUTO_TEST_CASE(tasks_posted_by_a_thread_run_in_order_on_the_loop_thread) {
  TestStage stage;
  std::vector<int> seen;
  const auto loop_thread = std::this_thread::get_id();
  std::thread poster([&] {
    for (int i = 0; i < 1000; ++i) {
      stage.loop().post([&, i] {
        BOOST_CHECK(std::this_thread::get_id() == loop_thread);
        seen.push_back(i);
      });
    }
  });
  stage.run_until([&] { return seen.size() == 1000; });
  poster.join();
  BOOST_TEST(std::is_sorted(seen.begin(), seen.end()));
}

BOOST_AUTO_TEST_CASE(a_timer_fires_once_and_a_repeating_one_until_cancelled) {
  TestStage stage;
  int once = 0;
  int often = 0;
  Timer single(stage.loop(), [&] { ++once; });
  Timer repeating(stage.loop(), [&] {
    if (++often == 3) {
      repeating.cancel();
    }
  });
  single.start(Duration(5));
  repeating.repeat(Duration(5));
  BOOST_TEST(single.is_pending());
  stage.run_until([&] { return often == 3; });
  stage.run_for(Duration(30));
  BOOST_TEST(once == 1);
  BOOST_TEST(often == 3);
  BOOST_TEST(!repeating.is_pending());
}

BOOST_AUTO_TEST_CASE(an_exception_in_a_callback_is_logged_and_the_loop_goes_on) {
  TestStage stage;
  stage.expect_bug();
  bool went_on = false;
  Timer bad(stage.loop(), [] { throw std::runtime_error("out of luck"); });
  Timer good(stage.loop(), [&] { went_on = true; });
  bad.start(Duration(1));
  good.start(Duration(10));
  stage.run_until([&] { return went_on; });
  BOOST_TEST(stage.logged().find("loop.bug callback=timer error=\"out of luck\"") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_callback_that_sleeps_is_logged_as_a_stall) {
  std::string text;
  base::Log log("test", base::memory_log_sink(text), base::Level::info);
  auto made = loop::Loop::make(log);
  BOOST_REQUIRE(made);
  (*made)->defer([&] {
    std::this_thread::sleep_for(Duration(60));
    (*made)->stop();
  });
  (*made)->run();
  BOOST_TEST(text.find("loop.stall callback=\"deferred task\" ms=") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_signal_becomes_a_callback) {
  TestStage stage;
  int seen = 0;
  BOOST_REQUIRE(stage.loop().on_signal(SIGUSR1, [&] { ++seen; }));
  ::raise(SIGUSR1);
  stage.run_until([&] { return seen == 1; });
  BOOST_TEST(seen == 1);
}

BOOST_AUTO_TEST_SUITE_END()
