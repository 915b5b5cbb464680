// base/loop/test_stage.hh -- a loop with a log in memory and a scratch folder, for unit tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/handle.hh"
#include "base/log.hh"
#include "base/loop/loop.hh"

namespace loop {

// Each test ends with no callback stalled and no exception escaped, unless it says so.
class TestStage {
 public:
  TestStage() : log_("test", base::memory_log_sink(text_), base::Level::debug) {
    auto made = Loop::make(log_);
    BOOST_REQUIRE(made);
    loop_ = std::move(*made);
    std::string pattern = "/tmp/posthouse-loop-XXXXXX";
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder_ = pattern;
  }
  TestStage(const TestStage&) = delete;
  TestStage& operator=(const TestStage&) = delete;
  TestStage(TestStage&&) = delete;
  TestStage& operator=(TestStage&&) = delete;
  ~TestStage() {
    BOOST_CHECK_EQUAL(text_.find("loop.stall"), std::string::npos);
    BOOST_CHECK(expects_bug_ == (text_.find("loop.bug") != std::string::npos));
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  Loop& loop() { return *loop_; }
  base::Log& log() { return log_; }
  const std::string& logged() const { return text_; }
  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  void expect_bug() { expects_bug_ = true; }

  // Runs the loop until `done` says so; a test that takes over 10 s has failed.
  void run_until(const std::function<bool()>& done) {
    Timer poll(*loop_, [&] {
      if (done()) {
        loop_->stop();
      }
    });
    Timer give_up(*loop_, [&] {
      BOOST_ERROR("the loop ran for 10 s without an end");
      loop_->stop();
    });
    poll.repeat(Duration(2));
    give_up.start(Duration(10'000));
    loop_->run();
  }
  void run_for(Duration time) {
    Timer end(*loop_, [&] { loop_->stop(); });
    end.start(time);
    loop_->run();
  }

 private:
  std::string text_;
  base::Log log_;
  std::unique_ptr<Loop> loop_;
  std::string folder_;
  bool expects_bug_ = false;
};

struct SocketPair {
  SocketPair() {
    int fds[2] = {-1, -1};
    BOOST_REQUIRE_EQUAL(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds),
                        0);
    near = base::Fd(fds[0]);
    far = base::Fd(fds[1]);
  }
  base::Fd near;
  base::Fd far;
};

// All that can be read from `fd` now; adds "<EOF>" at its end.
inline std::string read_now(int fd) {
  std::string out;
  for (;;) {
    char buffer[4096];
    const ssize_t got = ::recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);
    if (got <= 0) {
      return got == 0 ? out + "<EOF>" : out;
    }
    out.append(buffer, static_cast<std::size_t>(got));
  }
}

}  // namespace loop
