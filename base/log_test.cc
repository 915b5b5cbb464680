// base/log_test.cc -- the form of a log line, thresholds, and files after rotation.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/log.hh"

#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/clock.hh"
#include "base/complaint.hh"
#include "base/files.hh"

namespace {

constexpr base::Event defer{"policyd.greylist.defer", base::Level::info, "client sender", "None."};
constexpr base::Event detail{"policyd.request", base::Level::debug, "bytes", "None."};

}  // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(values_that_need_it_are_quoted_and_hostile_bytes_escaped) {
  BOOST_TEST(
      base::format_event(defer, {{"client", "192.0.2.1"}, {"sender", "a b=\"c\"@x"}}, "4Qx1") ==
      "4Qx1: policyd.greylist.defer client=192.0.2.1 sender=\"a b=\\\"c\\\"@x\"");
  BOOST_TEST(base::format_event(defer, {{"client", ""}, {"sender", "x\ny"}}, "") ==
             "policyd.greylist.defer client=\"\" sender=\"x\\x0ay\"");
}

BOOST_AUTO_TEST_CASE(a_value_cannot_fill_the_line) {
  const std::string line = base::format_event(defer, {{"client", std::string(5000, 'x')}}, "");
  BOOST_TEST(line.size() < 400U);
  BOOST_TEST(line.ends_with("..."));
}

BOOST_AUTO_TEST_CASE(events_below_the_threshold_are_not_written) {
  std::string text;
  base::Log log("policyd", base::memory_log_sink(text), base::Level::info);
  log.write(detail, {{"bytes", "3"}});
  log.write(defer, {{"client", "c"}});
  BOOST_TEST(text == "policyd.greylist.defer client=c\n");
  log.set_threshold(base::Level::debug);
  log.write(detail, {{"bytes", "3"}});
  BOOST_TEST(text.ends_with("policyd.request bytes=3\n"));
}

BOOST_AUTO_TEST_CASE(a_rotated_file_is_opened_anew) {
  std::string pattern = "/tmp/base-log.XXXXXX";
  const std::string folder = ::mkdtemp(pattern.data());
  const std::string file = folder + "/log";
  auto sink = base::open_log_sink("policyd", file);
  BOOST_REQUIRE(sink);
  base::Log log("policyd", std::move(*sink), base::Level::info);
  log.write(defer, {{"client", "one"}});
  BOOST_REQUIRE(std::rename(file.c_str(), (file + ".1").c_str()) == 0);
  BOOST_REQUIRE(log.reopen());
  log.write(defer, {{"client", "two"}});
  BOOST_TEST(base::read_file(file + ".1").value().ends_with("client=one\n"));
  const std::string fresh = base::read_file(file).value();
  BOOST_TEST(fresh.ends_with("client=two\n"));
  BOOST_TEST(fresh.find(" policyd[") != std::string::npos);
  ::unlink((file + ".1").c_str());
  ::unlink(file.c_str());
  ::rmdir(folder.c_str());
}

BOOST_AUTO_TEST_CASE(a_destination_is_known_or_an_absolute_path) {
  BOOST_TEST(!base::open_log_sink("x", "somewhere"));
  BOOST_TEST(!base::open_log_sink("x", "/nonexistent/log"));
  BOOST_TEST(base::open_log_sink("x", "stderr").has_value());
  BOOST_TEST(!base::parse_level("loud"));
}

BOOST_AUTO_TEST_CASE(a_complaint_is_due_once_a_minute_and_counts_the_rest) {
  base::Complaint complaint;
  base::ManualClock clock{base::WallTime(std::chrono::seconds(1000))};
  BOOST_TEST(complaint.due(clock.now()).value_or(-1) == 0);
  clock.advance(std::chrono::seconds(59));
  BOOST_TEST(!complaint.due(clock.now()));
  BOOST_TEST(!complaint.due(clock.now()));
  clock.advance(std::chrono::seconds(1));
  BOOST_TEST(complaint.due(clock.now()).value_or(-1) == 2);
  clock.advance(std::chrono::seconds(-500));  // the clock was set back
  BOOST_TEST(complaint.due(clock.now()).value_or(-1) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
