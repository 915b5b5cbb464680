// base/loop/workers_test.cc -- results, deadlines, full queues, cancelling, and an early end.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Clean under the thread sanitizer too: meson setup build-tsan -Dtests=true -Db_sanitize=thread
#include "base/loop/workers.hh"

#include <atomic>
#include <optional>
#include <stdexcept>
#include <thread>

#include "base/loop/test_stage.hh"

using base::Errc;
using base::Result;
using loop::Duration;
using loop::TestStage;
using loop::Workers;

namespace {

std::unique_ptr<Workers> make_workers(TestStage& stage, std::size_t threads, std::size_t queue,
                                      Duration grace = Duration(2000)) {
  auto made = Workers::make(stage.loop(), {"test", threads, queue, grace});
  BOOST_REQUIRE(made);
  return std::move(*made);
}

void wait_for(const std::atomic<bool>& flag) {
  while (!flag) {
    std::this_thread::sleep_for(Duration(1));
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_workers)

BOOST_AUTO_TEST_CASE(results_and_errors_of_many_jobs_come_back_on_the_loop_thread) {
  TestStage stage;
  const auto workers = make_workers(stage, 4, 1000);
  const auto loop_thread = std::this_thread::get_id();
  int sum = 0;
  int failed = 0;
  for (int i = 0; i < 500; ++i) {
    workers->submit<int>(
        Duration(10'000),
        [i]() -> Result<int> {
          return i % 10 == 0 ? Result<int>(base::make_error(Errc::not_found, "no"))
                             : Result<int>(i);
        },
        [&](const Result<int>& result) {
          BOOST_CHECK(std::this_thread::get_id() == loop_thread);
          result ? sum += *result : ++failed;
        });
  }
  stage.run_until([&] { return workers->pending() == 0; });
  BOOST_TEST(failed == 50);
  BOOST_TEST(sum == 499 * 500 / 2 - 10 * 49 * 50 / 2);
}

BOOST_AUTO_TEST_CASE(the_deadline_is_kept_even_when_the_work_hangs_and_its_late_result_is_dropped) {
  TestStage stage;
  const auto release = std::make_shared<std::atomic<bool>>(false);
  const auto workers = make_workers(stage, 1, 10);
  std::vector<Errc> errors;
  const auto hang = [release]() -> Result<int> {
    wait_for(*release);
    return 1;
  };
  const auto note = [&](const Result<int>& result) {
    BOOST_REQUIRE(!result);
    errors.push_back(result.error().code);
  };
  const auto start = stage.loop().ticks();
  workers->submit<int>(Duration(50), hang, note);
  workers->submit<int>(Duration(50), hang, note);  // waits in the queue behind the first
  stage.run_until([&] { return errors.size() == 2; });
  BOOST_TEST((stage.loop().ticks() - start < std::chrono::seconds(2)));
  BOOST_CHECK(errors[0] == Errc::timeout && errors[1] == Errc::timeout);
  *release = true;
  stage.run_for(Duration(30));
  BOOST_TEST(errors.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_full_queue_is_unavailable) {
  TestStage stage;
  const auto release = std::make_shared<std::atomic<bool>>(false);
  const auto started = std::make_shared<std::atomic<bool>>(false);
  const auto workers = make_workers(stage, 1, 1);
  std::optional<Errc> third;
  int good = 0;
  const auto hang = [release, started]() -> Result<int> {
    *started = true;
    wait_for(*release);
    return 1;
  };
  workers->submit<int>(Duration(10'000), hang, [&](const Result<int>& r) { good += r ? 1 : 0; });
  wait_for(*started);
  workers->submit<int>(Duration(10'000), hang, [&](const Result<int>& r) { good += r ? 1 : 0; });
  bool is_inside = true;
  workers->submit<int>(Duration(10'000), hang, [&](const Result<int>& r) {
    BOOST_TEST(!is_inside);
    third = r ? Errc::internal : r.error().code;
  });
  is_inside = false;
  stage.run_until([&] { return third.has_value(); });
  BOOST_CHECK(third == Errc::unavailable);
  *release = true;
  stage.run_until([&] { return good == 2; });
}

BOOST_AUTO_TEST_CASE(an_exception_in_the_work_is_an_internal_error) {
  TestStage stage;
  const auto workers = make_workers(stage, 1, 1);
  std::optional<base::Error> error;
  workers->submit<int>(
      Duration(5000), []() -> Result<int> { throw std::runtime_error("odd"); },
      [&](const Result<int>& result) { error = result.error(); });
  stage.run_until([&] { return error.has_value(); });
  BOOST_CHECK(error->code == Errc::internal);
  BOOST_TEST(error->detail.find("odd") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_cancelled_job_is_never_answered) {
  TestStage stage;
  const auto workers = make_workers(stage, 1, 10);
  bool is_answered = false;
  const auto id = workers->submit<int>(
      Duration(20), []() -> Result<int> { return 1; },
      [&](const Result<int>&) { is_answered = true; });
  workers->cancel(id);
  stage.run_for(Duration(60));
  BOOST_TEST(!is_answered);
}

BOOST_AUTO_TEST_CASE(destruction_with_jobs_under_way_calls_nobody) {
  TestStage stage;
  bool is_answered = false;
  for (int round = 0; round < 20; ++round) {
    auto workers = make_workers(stage, 2, 100);
    for (int i = 0; i < 50; ++i) {
      workers->submit<int>(
          Duration(5000), []() -> Result<int> { return 1; },
          [&](const Result<int>&) { is_answered = true; });
    }
    workers.reset();
    stage.run_for(Duration(2));
  }
  BOOST_TEST(!is_answered);
}

BOOST_AUTO_TEST_CASE(a_thread_that_hangs_at_the_end_is_left_behind_and_named) {
  const auto release = std::make_shared<std::atomic<bool>>(false);
  const auto is_over = std::make_shared<std::atomic<bool>>(false);
  {
    TestStage stage;
    auto workers = make_workers(stage, 1, 10, Duration(30));
    workers->submit<int>(
        Duration(5000),
        [release, is_over]() -> Result<int> {
          wait_for(*release);
          *is_over = true;
          return 1;
        },
        [](const Result<int>&) { BOOST_ERROR("answered after the end"); });
    stage.run_for(Duration(20));
    workers.reset();
    BOOST_TEST(stage.logged().find("loop.workers.abandoned pool=test threads=1") !=
               std::string::npos);
  }
  *release = true;
  wait_for(*is_over);
}

BOOST_AUTO_TEST_SUITE_END()
