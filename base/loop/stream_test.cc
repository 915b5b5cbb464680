// base/loop/stream_test.cc -- requests in pieces, slow readers, limits, and every way to close.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/stream.hh"

#include <optional>
#include <stdexcept>

#include "base/loop/test_stage.hh"

using loop::CloseReason;
using loop::Duration;
using loop::SocketPair;
using loop::Stream;
using loop::StreamLimits;
using loop::TestStage;

namespace {

// Answers each line with "<line>\n".
struct Echo {
  explicit Echo(TestStage& stage, const StreamLimits& limits = {}) {
    stream = std::make_unique<Stream>(
        stage.loop(), std::move(pair.near), limits,
        Stream::Callbacks{.on_data = [this](std::string_view bytes) { return read(bytes); },
                          .on_drained = [this] { ++drained; },
                          .on_end = {},
                          .on_closed = [this](CloseReason why) { closed = why; }});
  }
  std::size_t read(std::string_view bytes) {
    ++calls;
    std::size_t done = 0;
    for (std::size_t end = 0; (end = bytes.find('\n', done)) != std::string_view::npos;
         done = end + 1) {
      const std::string_view line = bytes.substr(done, end - done);
      lines.emplace_back(line);
      if (line == "throw") {
        throw std::runtime_error("asked to");
      }
      if (line == "pause") {
        stream->pause();
        return end + 1;
      }
      stream->write("<" + std::string(line) + ">\n");
      if (line == "quit") {
        stream->close_after_write();
      }
    }
    return done;
  }
  void send(std::string_view bytes) const {
    BOOST_REQUIRE_EQUAL(::send(pair.far.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                        static_cast<ssize_t>(bytes.size()));
  }

  SocketPair pair;
  std::unique_ptr<Stream> stream;
  std::vector<std::string> lines;
  int calls = 0;
  int drained = 0;
  std::optional<CloseReason> closed;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(the_stream)

BOOST_AUTO_TEST_CASE(a_request_in_pieces_arrives_whole_and_answers_of_one_read_leave_together) {
  TestStage stage;
  Echo echo(stage);
  echo.send("on");
  stage.run_until([&] { return echo.calls == 1; });
  BOOST_TEST(echo.lines.empty());
  echo.send("e\ntwo\nthr");
  stage.run_until([&] { return echo.lines.size() == 2; });
  BOOST_TEST(loop::read_now(echo.pair.far.get()) == "<one>\n<two>\n");
  echo.send("ee\n");
  stage.run_until([&] { return echo.lines.size() == 3; });
  BOOST_TEST(echo.lines.back() == "three");
}

BOOST_AUTO_TEST_CASE(an_owner_that_pauses_gets_the_rest_when_it_resumes) {
  TestStage stage;
  Echo echo(stage);
  echo.send("pause\nafter\n");
  stage.run_until([&] { return !echo.lines.empty(); });
  stage.run_for(Duration(20));
  BOOST_TEST(echo.lines.size() == 1U);
  echo.stream->resume();
  stage.run_until([&] { return echo.lines.size() == 2; });
  BOOST_TEST(echo.lines.back() == "after");
}

BOOST_AUTO_TEST_CASE(input_that_is_never_complete_closes_at_the_limit) {
  TestStage stage;
  Echo echo(stage, {.input = 100});
  echo.send(std::string(150, 'x'));
  stage.run_until([&] { return echo.closed.has_value(); });
  BOOST_CHECK(echo.closed == CloseReason::input_limit);
  BOOST_TEST(echo.stream->is_closed());
}

BOOST_AUTO_TEST_CASE(a_peer_that_reads_nothing_stops_being_read_and_is_served_when_it_reads) {
  TestStage stage;
  Echo echo(stage, {.input = 1U << 20U, .output_high = 64 * 1024});
  const std::string big(60 * 1024, 'x');
  while (echo.stream->write(big)) {}
  const std::size_t unsent = echo.stream->unsent();
  BOOST_TEST(unsent > 64U * 1024U);
  echo.send("ignored while full\n");
  stage.run_for(Duration(30));
  BOOST_TEST(echo.lines.empty());
  stage.run_until([&] {
    loop::read_now(echo.pair.far.get());
    return !echo.lines.empty();
  });
  BOOST_TEST(echo.drained == 1);
}

BOOST_AUTO_TEST_CASE(an_owner_that_writes_without_end_is_stopped) {
  TestStage stage;
  Echo echo(stage, {.output_limit = 1U << 20U});
  const std::string big(300 * 1024, 'x');
  for (int i = 0; i < 10; ++i) {
    echo.stream->write(big);
  }
  stage.run_until([&] { return echo.closed.has_value(); });
  BOOST_CHECK(echo.closed == CloseReason::output_limit);
}

BOOST_AUTO_TEST_CASE(an_idle_peer_is_closed_but_not_one_that_waits_for_us) {
  TestStage stage;
  Echo idle(stage, {.idle = Duration(40)});
  Echo waiting(stage, {.idle = Duration(40)});
  waiting.send("pause\n");
  stage.run_until([&] { return idle.closed.has_value(); });
  BOOST_CHECK(idle.closed == CloseReason::idle);
  stage.run_for(Duration(60));
  BOOST_CHECK(!waiting.closed.has_value());
}

BOOST_AUTO_TEST_CASE(a_half_closed_peer_still_gets_its_answers) {
  TestStage stage;
  Echo echo(stage);
  echo.send("last words\n");
  ::shutdown(echo.pair.far.get(), SHUT_WR);
  stage.run_until([&] { return echo.closed.has_value(); });
  BOOST_CHECK(echo.closed == CloseReason::here);
  BOOST_TEST(loop::read_now(echo.pair.far.get()) == "<last words>\n<EOF>");
}

BOOST_AUTO_TEST_CASE(close_after_write_sends_all_first) {
  TestStage stage;
  Echo echo(stage);
  echo.send("quit\nignored\n");
  stage.run_until([&] { return echo.closed.has_value(); });
  BOOST_TEST(loop::read_now(echo.pair.far.get()).starts_with("<quit>\n"));
}

BOOST_AUTO_TEST_CASE(end_output_closes_one_direction_only) {
  TestStage stage;
  Echo echo(stage);
  echo.stream->write("bye\n");
  echo.stream->end_output();
  BOOST_TEST(loop::read_now(echo.pair.far.get()) == "bye\n<EOF>");
  echo.send("still read\n");
  stage.run_until([&] { return !echo.lines.empty(); });
  BOOST_CHECK(!echo.closed.has_value());
  BOOST_TEST(!echo.stream->write("lost"));
}

BOOST_AUTO_TEST_CASE(an_exception_closes_that_connection_alone) {
  TestStage stage;
  stage.expect_bug();
  Echo bad(stage);
  Echo good(stage);
  bad.send("throw\n");
  good.send("fine\n");
  stage.run_until([&] { return bad.closed.has_value() && !good.lines.empty(); });
  BOOST_CHECK(bad.closed == CloseReason::bug);
  BOOST_CHECK(!good.closed.has_value());
}

BOOST_AUTO_TEST_CASE(on_closed_may_destroy_the_stream_and_is_not_called_after_its_end) {
  TestStage stage;
  SocketPair pair;
  std::unique_ptr<Stream> stream;
  bool is_told = false;
  stream = std::make_unique<Stream>(
      stage.loop(), std::move(pair.near), StreamLimits{},
      Stream::Callbacks{.on_data = [](std::string_view bytes) { return bytes.size(); },
                        .on_drained = {},
                        .on_end = {},
                        .on_closed =
                            [&](CloseReason) {
                              stream.reset();
                              is_told = true;
                            }});
  pair.far.reset();
  stage.run_until([&] { return is_told; });
  BOOST_TEST(!stream);

  Echo echo(stage);
  echo.stream->close();
  echo.stream.reset();
  stage.run_for(Duration(20));
  BOOST_CHECK(!echo.closed.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
