// base/loop/resolver_test.cc -- questions to a server of our own: answers, deadlines, trouble.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/resolver.hh"

#include <optional>

#include <netinet/in.h>

#include "base/loop/listener.hh"
#include "base/loop/test_packet.hh"
#include "base/loop/test_stage.hh"

using base::Errc;
using loop::DnsAnswer;
using loop::DnsType;
using loop::Duration;
using loop::FdWatch;
using loop::Resolver;
using loop::TestPacket;
using loop::TestStage;

namespace {

// Answers by UDP on the test's own loop. good.test has an address, mute.test no answer at all.
class NameServer {
 public:
  explicit NameServer(TestStage& stage)
      : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
        watch_(stage.loop(), socket_.get(), FdWatch::For::reading, [this] { answer(); }) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(own);
    BOOST_REQUIRE_EQUAL(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&own), size), 0);
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &size);
    port = ntohs(own.sin_port);
    watch_.enable();
  }
  std::string address() const { return "127.0.0.1@" + std::to_string(port); }

  std::uint16_t port = 0;
  int asked = 0;

 private:
  void answer() {
    char query[512];
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    const ssize_t got = ::recvfrom(socket_.get(), query, sizeof(query), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
    const std::string packet(query, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    ++asked;
    if (packet.size() < 13 || packet.find("mute") != std::string::npos) {
      return;
    }
    const std::size_t name_end = packet.find('\0', 12);
    std::string reply = packet.substr(0, name_end + 5);
    const bool is_good = packet.find("good") != std::string::npos;
    const unsigned rcode = packet.find("bad") != std::string::npos ? 2U : is_good ? 0U : 3U;
    reply.replace(2, 10,
                  loop::wire16(0x8180U | rcode) + loop::wire16(1) + loop::wire16(is_good ? 1 : 0) +
                      loop::wire16(0) + loop::wire16(0));
    if (is_good) {
      reply += loop::wire_record("\xC0\x0C", DnsType::a, {"\x0A\x00\x00\x01", 4});
    }
    ::sendto(socket_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from),
             size);
  }

  base::Fd socket_;
  FdWatch watch_;
};

base::Result<DnsAnswer> ask(TestStage& stage, Resolver& resolver, std::string_view name,
                            Duration deadline = Duration(5000)) {
  std::optional<base::Result<DnsAnswer>> got;
  bool is_inside = true;
  resolver.resolve(name, DnsType::a, deadline, [&](base::Result<DnsAnswer> answer) {
    BOOST_TEST(!is_inside);
    got = std::move(answer);
  });
  is_inside = false;
  stage.run_until([&] { return got.has_value(); });
  return got ? *got : base::Result<DnsAnswer>(base::make_error(Errc::internal, "no answer"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_resolver)

BOOST_AUTO_TEST_CASE(a_forwarder_is_asked_once_and_the_cache_knows_then) {
  TestStage stage;
  NameServer server(stage);
  const auto resolver = Resolver::make(stage.loop(), {server.address(), ""});
  BOOST_REQUIRE(resolver);
  for (int i = 0; i < 3; ++i) {
    const auto answer = ask(stage, **resolver, "Good.Test");
    BOOST_REQUIRE(answer);
    BOOST_TEST(answer->addresses().at(0) == "10.0.0.1");
  }
  BOOST_TEST(server.asked == 1);
}

BOOST_AUTO_TEST_CASE(no_such_name_is_an_answer_and_a_server_failure_is_not) {
  TestStage stage;
  NameServer server(stage);
  const auto resolver = Resolver::make(stage.loop(), {server.address(), ""});
  BOOST_REQUIRE(resolver);
  const auto none = ask(stage, **resolver, "none.test");
  BOOST_TEST((none && none->nxdomain));
  const auto bad = ask(stage, **resolver, "bad.test");
  BOOST_CHECK(!bad && bad.error().code == Errc::unavailable);
}

BOOST_AUTO_TEST_CASE(
    the_deadline_holds_against_a_silent_server_and_the_end_comes_with_questions_open) {
  TestStage stage;
  NameServer server(stage);
  const auto resolver = Resolver::make(stage.loop(), {server.address(), ""});
  BOOST_REQUIRE(resolver);
  const auto answer = ask(stage, **resolver, "mute.test", Duration(100));
  BOOST_CHECK(!answer && answer.error().code == Errc::timeout);
  BOOST_TEST((*resolver)->pending() == 0U);
  (*resolver)->resolve(
      "mute2.test", DnsType::a, Duration(5000),
      [](const base::Result<DnsAnswer>&) { BOOST_ERROR("answered after the end"); });
}

BOOST_AUTO_TEST_CASE(a_cancelled_question_is_not_answered) {
  TestStage stage;
  NameServer server(stage);
  const auto resolver = Resolver::make(stage.loop(), {server.address(), ""});
  BOOST_REQUIRE(resolver);
  const auto id =
      (*resolver)->resolve("good.test", DnsType::a, Duration(5000),
                           [](const base::Result<DnsAnswer>&) { BOOST_ERROR("answered"); });
  (*resolver)->cancel(id);
  stage.run_for(Duration(50));
}

BOOST_AUTO_TEST_CASE(a_receiver_may_destroy_the_resolver) {
  TestStage stage;
  NameServer server(stage);
  auto resolver = Resolver::make(stage.loop(), {server.address(), ""});
  BOOST_REQUIRE(resolver);
  bool is_gone = false;
  for (int i = 0; i < 3; ++i) {
    (*resolver)->resolve("good.test", DnsType::a, Duration(5000), [&](const auto&) {
      resolver->reset();
      is_gone = true;
    });
  }
  stage.run_until([&] { return is_gone; });
}

BOOST_AUTO_TEST_CASE(hostile_names_and_mode_off_are_errors) {
  TestStage stage;
  const auto resolver = Resolver::make(stage.loop(), {"off", ""});
  BOOST_REQUIRE(resolver);
  const auto off = ask(stage, **resolver, "good.test");
  BOOST_CHECK(!off && off.error().code == Errc::unavailable);
  const auto malformed = ask(stage, **resolver, std::string(300, 'x'));
  BOOST_CHECK(!malformed && malformed.error().code == Errc::malformed);
}

BOOST_AUTO_TEST_CASE(wrong_settings_are_explained) {
  TestStage stage;
  for (const char* bad : {"", "localhost@53", "1.2.3.4@", "1.2.3.4@x", "1.2.3.4@0", "on"}) {
    const auto resolver = Resolver::make(stage.loop(), {bad, ""});
    BOOST_TEST(!resolver, bad);
    BOOST_CHECK(!resolver && resolver.error().code == Errc::malformed);
  }
  BOOST_TEST(!Resolver::make(stage.loop(), {"recursive", stage.path("no-such-key")}));
}

BOOST_AUTO_TEST_SUITE_END()
