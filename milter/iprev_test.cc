// milter/iprev_test.cc -- the five results, from a name server on the test's own loop.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "milter/iprev.hh"

#include <map>
#include <optional>

#include <netinet/in.h>

#include "base/loop/test_packet.hh"
#include "base/loop/test_stage.hh"

using loop::DnsType;
using loop::FdWatch;
using milter::Iprev;
using milter::IprevResult;

namespace {

// Names that answer; all others do not exist. An empty list is a server failure.
const std::map<std::string, std::vector<std::string>> zone{
    {"1.0.0.10.in-addr.arpa", {"good.test"}},
    {"2.0.0.10.in-addr.arpa", {"bad.test"}},
    {"3.0.0.10.in-addr.arpa", {"broken.test"}},
    {"4.0.0.10.in-addr.arpa", {"bad.test", "none.test", "four.test"}},
    {"5.0.0.10.in-addr.arpa", {}},
    {"6.0.0.10.in-addr.arpa", {"none.test"}},
    {"good.test", {std::string("\x0A\x00\x00\x01", 4)}},
    {"bad.test", {std::string("\x01\x01\x01\x01", 4)}},
    {"four.test", {std::string("\x0A\x00\x00\x04", 4)}},
    {"broken.test", {}},
};

class NameServer {
 public:
  explicit NameServer(loop::TestStage& stage)
      : socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
        watch_(stage.loop(), socket_.get(), FdWatch::For::reading, [this] { answer(); }) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(own);
    BOOST_REQUIRE_EQUAL(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&own), size), 0);
    ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&own), &size);
    address = "127.0.0.1@" + std::to_string(ntohs(own.sin_port));
    watch_.enable();
  }
  std::string address;

 private:
  void answer() {
    char query[512];
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    const ssize_t got = ::recvfrom(socket_.get(), query, sizeof(query), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
    std::string packet(query, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (packet.size() < 17) {
      return;
    }
    std::string name;
    std::size_t at = 12;
    while (at < packet.size() && packet[at] != 0) {
      name +=
          (name.empty() ? "" : ".") + packet.substr(at + 1, static_cast<std::size_t>(packet[at]));
      at += static_cast<std::size_t>(packet[at]) + 1;
    }
    const auto found = zone.find(base::to_lower(name));
    const bool is_reverse = name.ends_with("arpa");
    std::string records;
    unsigned rcode = found == zone.end() ? 3U : found->second.empty() ? 2U : 0U;
    unsigned count = 0;
    for (const std::string& data :
         found == zone.end() ? std::vector<std::string>() : found->second) {
      records += loop::wire_record("\xC0\x0C", is_reverse ? DnsType::ptr : DnsType::a,
                                   is_reverse ? loop::wire_name(data) : data);
      ++count;
    }
    std::string reply = packet.substr(0, at + 5) + records;
    reply.replace(2, 10,
                  loop::wire16(0x8180U | rcode) + loop::wire16(1) + loop::wire16(count) +
                      loop::wire16(0) + loop::wire16(0));
    ::sendto(socket_.get(), reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from),
             size);
  }

  base::Fd socket_;
  FdWatch watch_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(iprev)

BOOST_AUTO_TEST_CASE(each_result_of_rfc_8601_is_told_for_its_reason) {
  loop::TestStage stage;
  NameServer server(stage);
  const auto resolver = loop::Resolver::make(stage.loop(), {server.address, ""});
  BOOST_REQUIRE(resolver);
  const struct {
    const char* address;
    Iprev outcome;
    const char* name;
  } cases[] = {
      {"10.0.0.1", Iprev::pass, "good.test"},
      {"10.0.0.2", Iprev::fail, "bad.test"},
      {"10.0.0.3", Iprev::temperror, "broken.test"},
      {"10.0.0.4", Iprev::pass, "four.test"},
      {"10.0.0.5", Iprev::temperror, ""},
      {"10.0.0.6", Iprev::fail, "none.test"},
      {"10.0.0.7", Iprev::permerror, ""},
      {"2001:db8::1", Iprev::permerror, ""},
      {"nonsense", Iprev::none, ""},
  };
  for (const auto& [address, outcome, name] : cases) {
    std::optional<IprevResult> got;
    milter::check_iprev(**resolver, address, loop::Duration(5000),
                        [&](IprevResult result) { got = std::move(result); });
    stage.run_until([&] { return got.has_value(); });
    BOOST_REQUIRE(got);
    BOOST_TEST(milter::iprev_name(got->outcome) == milter::iprev_name(outcome), address);
    BOOST_TEST(got->name == name, address);
  }
}

BOOST_AUTO_TEST_SUITE_END()
