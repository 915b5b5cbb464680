// web-lib/fastcgi_server_test.cc -- answers over a socket: in pieces, from files, to slow readers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/fastcgi_server.hh"

#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"
#include "base/log.hh"

namespace {

using namespace std::chrono_literals;

std::string request_bytes(std::string_view path) {
  std::string params;
  web::append_fastcgi_pair(params, "REQUEST_METHOD", "GET");
  web::append_fastcgi_pair(params, "REQUEST_URI", path);
  std::string out;
  web::append_fastcgi_record(out, 1, 1, std::string_view("\0\1\1\0\0\0\0\0", 8));
  web::append_fastcgi_record(out, 4, 1, params);
  web::append_fastcgi_record(out, 4, 1, "");
  web::append_fastcgi_record(out, 5, 1, "");
  return out;
}

// Takes the whole records off the front of `bytes`; the FCGI_STDOUT content, and whether the end
// of the request was among them.
std::pair<std::string, bool> take_output(std::string& bytes) {
  std::string text;
  bool is_over = false;
  while (bytes.size() >= 8) {
    const auto byte = [&bytes](std::size_t i) {
      return std::size_t{static_cast<std::uint8_t>(bytes[i])};
    };
    const std::size_t content = byte(4) * 256 + byte(5);
    const std::size_t whole = 8 + content + byte(6);
    if (bytes.size() < whole) {
      break;
    }
    text += byte(1) == 6 ? bytes.substr(8, content) : "";
    is_over = is_over || byte(1) == 3;
    bytes.erase(0, whole);
  }
  return {text, is_over};
}

struct Fixture {
  std::string folder = [] {
    char path[] = "/tmp/posthouse-fastcgi-XXXXXX";
    return std::string(::mkdtemp(path));
  }();
  std::string lines;
  base::Log log{"test", base::memory_log_sink(lines), base::Level::debug};
  std::unique_ptr<loop::Loop> loop = std::move(*loop::Loop::make(log));
  std::unique_ptr<loop::Workers> workers = std::move(*loop::Workers::make(*loop, {.threads = 2}));
  loop::Address address{.is_unix = true, .path = folder + "/socket", .host = "", .port = 0};
  std::vector<std::string> complaints;
  web::ExchangePtr kept;
  std::unique_ptr<web::FastcgiServer> server = open();

  Fixture() = default;
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  Fixture(Fixture&&) = delete;
  Fixture& operator=(Fixture&&) = delete;
  ~Fixture() {
    server.reset();
    ::unlink((folder + "/file").c_str());
    ::rmdir(folder.c_str());
  }

  std::unique_ptr<web::FastcgiServer> open() {
    web::FastcgiServerOptions options;
    options.send = 400ms;
    options.receive = 300ms;
    options.held = 5000;
    web::FastcgiCallbacks callbacks;
    callbacks.handle = [this](const web::ExchangePtr& exchange) { handle(exchange); };
    callbacks.finish = [](const web::Request*, web::Response& response) {
      response.header("X-Always", "yes");
    };
    callbacks.complain = [this](const base::Error& why) { complaints.push_back(why.detail); };
    return std::move(
        *web::FastcgiServer::open(*loop, *workers, address, 0600, options, std::move(callbacks)));
  }

  void handle(const web::ExchangePtr& exchange) {
    const std::string& what = exchange->request().segments().front();
    if (what == "drop") {
      return;
    }
    if (what == "keep") {
      kept = exchange;
      return;
    }
    web::Response response(200);
    if (what == "file") {
      auto file = base::open_file(folder + "/file", O_RDONLY);
      response.body("x/y", web::FileBody{std::move(*file), 3, 3'000'000});
    } else {
      response.body("x/y", std::string(what == "big" ? 8'000'000 : 5, 'b'));
    }
    exchange->respond(std::move(response));
  }

  // Runs the loop while `client` speaks from a thread of its own.
  void with_client(const std::function<void(int fd)>& client) {
    std::thread thread([&] {
      const auto fd = loop::connect_to(address);
      client(fd->get());
      loop->stop();
    });
    loop->run();
    thread.join();
  }
};

std::string ask(int fd, std::string_view path, std::chrono::milliseconds pause = 0ms) {
  const std::string request = request_bytes(path);
  BOOST_TEST_REQUIRE(base::write_all(fd, request, "request").has_value());
  std::string bytes;
  std::string text;
  std::vector<char> piece(300'000);
  for (bool is_over = false; !is_over;) {
    std::this_thread::sleep_for(pause);
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got <= 0) {
      return text + "CLOSED";
    }
    bytes.append(piece.data(), static_cast<std::size_t>(got));
    const auto [more, end] = take_output(bytes);
    text += more;
    is_over = end;
  }
  return text;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(answers_follow_each_other_on_a_kept_connection, Fixture) {
  std::vector<std::string> answers;
  with_client([&](int fd) {
    for (const char* path : {"/small", "/drop", "/a/../b", "/small"}) {
      answers.push_back(ask(fd, path));
    }
  });
  BOOST_TEST(
      answers[0] ==
      "Status: 200 OK\r\nContent-Type: x/y\r\nX-Always: yes\r\nContent-Length: 5\r\n\r\nbbbbb");
  BOOST_TEST(answers[1].substr(0, 11) == "Status: 500");
  BOOST_TEST(answers[2].substr(0, 11) == "Status: 400");
  BOOST_TEST(answers[3] == answers[0]);
}

BOOST_FIXTURE_TEST_CASE(a_slow_reader_gets_all_of_a_large_answer, Fixture) {
  std::string answer;
  with_client([&](int fd) { answer = ask(fd, "/big", 2ms); });
  BOOST_TEST(answer.size() > 8'000'000U);
  BOOST_TEST(answer.substr(answer.size() - 3) == "bbb");
}

BOOST_FIXTURE_TEST_CASE(a_reader_that_stops_is_closed_at_its_deadline, Fixture) {
  with_client([&](int fd) {
    BOOST_TEST_REQUIRE(base::write_all(fd, request_bytes("/big"), "request").has_value());
    std::this_thread::sleep_for(900ms);
  });
  BOOST_TEST_REQUIRE(complaints.size() == 1U);
  BOOST_TEST(complaints[0] == "the web server does not take an answer");
}

BOOST_FIXTURE_TEST_CASE(a_request_that_stops_is_closed_and_an_idle_connection_is_not, Fixture) {
  std::string answer;
  with_client([&](int fd) {
    const auto half = loop::connect_to(address);
    const std::string begun = request_bytes("/small").substr(0, 30);
    BOOST_TEST_REQUIRE(base::write_all(half->get(), begun, "request").has_value());
    std::this_thread::sleep_for(700ms);
    answer = ask(fd, "/small");
  });
  BOOST_TEST(complaints.size() == 1U);
  BOOST_TEST(answer.substr(0, 11) == "Status: 200");
}

BOOST_FIXTURE_TEST_CASE(requests_coming_in_share_a_limit_of_memory, Fixture) {
  std::string answer;
  with_client([&](int fd) {
    const auto other = loop::connect_to(address);
    std::string begun = request_bytes("/small").substr(0, 16);
    web::append_fastcgi_record(begun, 4, 1, std::string(3000, 'x'));
    BOOST_TEST_REQUIRE(base::write_all(fd, begun, "request").has_value());
    BOOST_TEST_REQUIRE(base::write_all(other->get(), begun, "request").has_value());
    std::this_thread::sleep_for(100ms);
    const auto third = loop::connect_to(address);
    answer = ask(third->get(), "/small");
  });
  BOOST_TEST(complaints.size() == 1U);
  BOOST_TEST(answer.substr(0, 11) == "Status: 200");
}

BOOST_FIXTURE_TEST_CASE(a_file_is_sent_from_its_offset, Fixture) {
  std::string content = "..." + std::string(2'999'999, 'f') + "!more";
  BOOST_TEST_REQUIRE(base::replace_file(folder + "/file", content).has_value());
  std::string answer;
  with_client([&](int fd) { answer = ask(fd, "/file", 1ms); });
  BOOST_TEST(answer.find("Content-Length: 3000000\r\n\r\nfff") != std::string::npos);
  BOOST_TEST(answer.back() == '!');
}

BOOST_FIXTURE_TEST_CASE(a_file_that_became_shorter_cuts_the_connection, Fixture) {
  BOOST_TEST_REQUIRE(base::replace_file(folder + "/file", "short").has_value());
  std::string answer;
  with_client([&](int fd) { answer = ask(fd, "/file"); });
  BOOST_TEST(answer.substr(answer.size() - 6) == "CLOSED");
}

BOOST_FIXTURE_TEST_CASE(an_answer_to_nobody_is_no_harm, Fixture) {
  with_client([&](int fd) {
    BOOST_TEST_REQUIRE(base::write_all(fd, request_bytes("/keep"), "request").has_value());
    ::shutdown(fd, SHUT_RDWR);
    std::this_thread::sleep_for(100ms);
  });
  BOOST_TEST_REQUIRE(kept != nullptr);
  BOOST_TEST(kept->is_orphan());
  kept->respond(web::Response(204));
  BOOST_TEST(server->connections() == 0U);
}
