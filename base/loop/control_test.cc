// base/loop/control_test.cc -- verbs now and later, many requests at once, and who is not heard.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/control.hh"

#include <optional>
#include <thread>

#include "base/files.hh"
#include "base/loop/control_client.hh"
#include "base/loop/test_stage.hh"

using base::Errc;
using loop::ControlClient;
using loop::ControlReply;
using loop::ControlRequest;
using loop::ControlServer;
using loop::Duration;
using loop::TestStage;

namespace {

struct Server {
  explicit Server(TestStage& stage) : path(stage.path("control")) {
    auto opened = ControlServer::open(stage.loop(), path, {});
    BOOST_REQUIRE(opened);
    control = std::move(*opened);
    control->add("count", "Counts to n.", [](const ControlRequest& request, ControlReply reply) {
      for (int i = 0; i < base::json_number(request.arguments, "n").value_or(0); ++i) {
        reply.row(std::to_string(i));
      }
      reply.ok("\"more\":false");
    });
    control->add("later", "Answers later.", [&](const ControlRequest&, ControlReply reply) {
      kept.emplace(std::move(reply));
    });
    control->add("drop", "Forgets to answer.", [](const ControlRequest&, ControlReply) {});
    control->add("refuse", "Fails.", [](const ControlRequest&, ControlReply reply) {
      reply.fail(base::make_error(Errc::over_quota, "too \"much\"", "ask for less"));
    });
  }
  std::string path;
  std::optional<ControlReply> kept;
  std::unique_ptr<ControlServer> control;
};

// Runs `talk` on a thread of its own, the loop meanwhile.
void converse(TestStage& stage, const std::function<void()>& talk) {
  std::atomic<bool> is_done{false};
  std::thread client([&] {
    talk();
    is_done = true;
  });
  stage.run_until([&] { return is_done.load(); });
  client.join();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_control_socket)

BOOST_AUTO_TEST_CASE(a_client_gets_rows_and_the_last_line_again_and_again) {
  TestStage stage;
  const Server server(stage);
  std::string rows;
  std::string last;
  converse(stage, [&] {
    auto client = ControlClient::connect(server.path, Duration(5000));
    BOOST_REQUIRE(client);
    for (int i = 0; i < 3; ++i) {
      const auto answer =
          client->ask("count", "\"n\":3", [&](std::string_view row) { rows += row; });
      BOOST_REQUIRE(answer);
      last = *answer;
    }
  });
  BOOST_TEST(rows == "012012012");
  BOOST_TEST(last == R"({"ok":true,"more":false})");
}

BOOST_AUTO_TEST_CASE(requests_in_one_packet_are_answered_in_order) {
  TestStage stage;
  Server server(stage);
  const auto client = loop::connect_to(*loop::Address::parse("unix:" + server.path));
  BOOST_REQUIRE(client);
  const std::string_view requests =
      "{\"verb\":\"later\"}\n{\"verb\":\"count\",\"n\":1}\nnonsense\n";
  BOOST_REQUIRE(base::write_all(client->get(), requests, "socket"));
  stage.run_until([&] { return server.kept.has_value(); });
  stage.run_for(Duration(10));
  BOOST_TEST(loop::read_now(client->get()).empty());
  server.kept->ok();
  std::string got;
  stage.run_until([&] {
    got += loop::read_now(client->get());
    return got.find("malformed") != std::string::npos;
  });
  BOOST_TEST(
      got.starts_with("{\"ok\":true}\n{\"row\":0}\n{\"ok\":true,\"more\":false}\n{\"error\":"));
}

BOOST_AUTO_TEST_CASE(errors_arrive_as_they_were_meant) {
  TestStage stage;
  const Server server(stage);
  std::vector<base::Error> errors;
  converse(stage, [&] {
    auto client = ControlClient::connect(server.path, Duration(5000));
    BOOST_REQUIRE(client);
    for (const char* verb : {"refuse", "drop", "unheard of"}) {
      errors.push_back(client->ask(verb).error());
    }
  });
  BOOST_CHECK(errors[0].code == Errc::over_quota);
  BOOST_TEST(errors[0].detail == "too \"much\"");
  BOOST_TEST(errors[0].hint == "ask for less");
  BOOST_CHECK(errors[1].code == Errc::internal);
  BOOST_CHECK(errors[2].code == Errc::not_found);
}

BOOST_AUTO_TEST_CASE(a_client_waits_no_longer_than_its_deadline) {
  TestStage stage;
  const Server server(stage);
  std::optional<base::Error> error;
  converse(stage, [&] {
    auto client = ControlClient::connect(server.path, Duration(50));
    BOOST_REQUIRE(client);
    error = client->ask("later").error();
  });
  BOOST_CHECK(error->code == Errc::timeout);
}

BOOST_AUTO_TEST_CASE(an_answer_to_a_client_that_has_gone_goes_nowhere) {
  TestStage stage;
  Server server(stage);
  {
    const auto client = loop::connect_to(*loop::Address::parse("unix:" + server.path));
    BOOST_REQUIRE(base::write_all(client->get(), "{\"verb\":\"later\"}\n", "socket"));
    stage.run_until([&] { return server.kept.has_value(); });
  }
  server.kept->row("1");
  server.kept->ok();
  stage.run_until([&] { return server.kept->is_orphan(); });
  server.control.reset();
}

BOOST_AUTO_TEST_CASE(verbs_and_metrics_are_built_in) {
  TestStage stage;
  const Server server(stage);
  std::string verbs;
  std::string metrics;
  converse(stage, [&] {
    auto client = ControlClient::connect(server.path, Duration(5000));
    BOOST_REQUIRE(client);
    BOOST_TEST(
        static_cast<bool>(client->ask("verbs", {}, [&](std::string_view row) { verbs += row; })));
    metrics = *client->ask("metrics");
  });
  BOOST_TEST(verbs.find(R"({"verb":"count","help":"Counts to n."})") != std::string::npos);
  BOOST_TEST(metrics.find("loop_callback_stalls_total") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_endless_request_line_closes_the_connection) {
  TestStage stage;
  const Server server(stage);
  const auto client = loop::connect_to(*loop::Address::parse("unix:" + server.path));
  BOOST_REQUIRE(client);
  const std::string part(64 * 1024, 'x');
  bool is_closed = false;
  loop::Timer writer(stage.loop(), [&] {
    is_closed = ::send(client->get(), part.data(), part.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
                errno == EPIPE;
  });
  writer.repeat(Duration(1));
  stage.run_until([&] { return is_closed; });
}

BOOST_AUTO_TEST_CASE(an_unknown_user_in_the_list_is_a_mistake_and_no_daemon_is_no_socket) {
  TestStage stage;
  const auto opened = ControlServer::open(stage.loop(), stage.path("x"), {"no-such-user-here"});
  BOOST_REQUIRE(!opened);
  BOOST_CHECK(opened.error().code == Errc::malformed);
  const auto client = ControlClient::connect(stage.path("none"), Duration(100));
  BOOST_REQUIRE(!client);
  BOOST_CHECK(client.error().code == Errc::not_found);
  BOOST_TEST(client.error().hint.find("running") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
