// base/loop/listener_test.cc -- addresses, stale and live socket files, running out of descriptors.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/listener.hh"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/files.hh"
#include "base/loop/test_stage.hh"

using loop::Address;
using loop::Duration;
using loop::Listener;
using loop::Peer;
using loop::TestStage;

namespace {

struct Door {
  Listener::Accept accept() {
    return [this](base::Fd socket, const Peer& peer) {
      sockets.push_back(std::move(socket));
      peers.push_back(peer);
    };
  }
  std::vector<base::Fd> sockets;
  std::vector<Peer> peers;
};

Address unix_address(const std::string& path) {
  auto address = Address::parse("unix:" + path);
  BOOST_REQUIRE(address);
  return *address;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_listener)

BOOST_AUTO_TEST_CASE(addresses_read_and_print_the_same) {
  for (const std::string text :
       {"unix:/run/x", "inet:127.0.0.1:10030", "inet:[::1]:25", "inet:0.0.0.0:0"}) {
    const auto address = Address::parse(text);
    BOOST_REQUIRE_MESSAGE(address, text);
    BOOST_TEST(address->text() == text);
  }
  for (const std::string_view bad :
       {"", "unix:", "unix:relative", "inet:localhost:25", "inet:127.0.0.1", "inet:127.0.0.1:70000",
        "inet:127.0.0.1:", "inet:::1:25", "tcp:1.2.3.4:5", "inet:[::1:25", "inet::25"}) {
    const auto address = Address::parse(bad);
    BOOST_TEST(!address, bad);
    BOOST_TEST(!address.error().hint.empty());
  }
  TestStage stage;
  Door door;
  const auto too_long =
      Listener::open(stage.loop(), unix_address("/" + std::string(200, 'x')), 0600, door.accept());
  BOOST_CHECK(!too_long && too_long.error().code == base::Errc::malformed);
}

BOOST_AUTO_TEST_CASE(a_unix_client_comes_with_its_uid_and_the_file_goes_with_the_listener) {
  TestStage stage;
  Door door;
  const Address address = unix_address(stage.path("door"));
  {
    const auto listener = Listener::open(stage.loop(), address, 0660, door.accept());
    BOOST_REQUIRE(listener);
    struct stat info {};
    BOOST_REQUIRE_EQUAL(::stat(address.path.c_str(), &info), 0);
    BOOST_TEST((info.st_mode & 0777U) == 0660U);
    const auto client = loop::connect_to(address);
    BOOST_REQUIRE(client);
    stage.run_until([&] { return door.peers.size() == 1; });
    BOOST_TEST(door.peers[0].is_unix);
    BOOST_TEST(door.peers[0].uid == ::getuid());
    BOOST_TEST((::fcntl(door.sockets[0].get(), F_GETFL) & O_NONBLOCK) != 0);
  }
  BOOST_TEST(::access(address.path.c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(an_inet_client_comes_with_its_address) {
  TestStage stage;
  Door door;
  const auto listener =
      Listener::open(stage.loop(), *Address::parse("inet:127.0.0.1:0"), 0, door.accept());
  BOOST_REQUIRE(listener);
  BOOST_TEST((*listener)->address().port != 0);
  const auto client = loop::connect_to((*listener)->address());
  BOOST_REQUIRE(client);
  stage.run_until([&] { return door.peers.size() == 1; });
  BOOST_TEST(door.peers[0].address == "127.0.0.1");
  BOOST_TEST(!door.peers[0].is_unix);
}

BOOST_AUTO_TEST_CASE(a_stale_socket_file_is_replaced_and_a_live_one_is_an_error) {
  TestStage stage;
  Door door;
  const Address address = unix_address(stage.path("door"));
  {
    // What a killed daemon leaves: a bound socket file nobody listens on.
    Door dead;
    auto listener = Listener::open(stage.loop(), address, 0600, dead.accept());
    BOOST_REQUIRE(listener);
    BOOST_REQUIRE_EQUAL(::link(address.path.c_str(), stage.path("kept").c_str()), 0);
    listener->reset();
    BOOST_REQUIRE_EQUAL(::rename(stage.path("kept").c_str(), address.path.c_str()), 0);
  }
  const auto first = Listener::open(stage.loop(), address, 0600, door.accept());
  BOOST_REQUIRE(first);
  const auto second = Listener::open(stage.loop(), address, 0600, door.accept());
  BOOST_REQUIRE(!second);
  BOOST_CHECK(second.error().code == base::Errc::exists);
  BOOST_TEST(second.error().hint == "is it already running?");
  BOOST_TEST(::access(address.path.c_str(), F_OK) == 0);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_socket_is_left_alone) {
  TestStage stage;
  Door door;
  const std::string path = stage.path("precious");
  BOOST_REQUIRE(base::replace_file(path, "data"));
  BOOST_TEST(!Listener::open(stage.loop(), unix_address(path), 0600, door.accept()));
  BOOST_TEST(*base::read_file(path) == "data");
}

BOOST_AUTO_TEST_CASE(without_descriptors_clients_wait_and_are_served_later) {
  TestStage stage;
  Door door;
  const Address address = unix_address(stage.path("door"));
  const auto listener = Listener::open(stage.loop(), address, 0600, door.accept());
  BOOST_REQUIRE(listener);
  const auto client = loop::connect_to(address);
  BOOST_REQUIRE(client);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{static_cast<rlim_t>(client->get()) + 1, before.rlim_max};
  BOOST_REQUIRE_EQUAL(::setrlimit(RLIMIT_NOFILE, &none), 0);
  stage.run_for(Duration(150));
  BOOST_TEST(door.peers.empty());
  BOOST_TEST(stage.logged().find("loop.accept.failed") != std::string::npos);
  ::setrlimit(RLIMIT_NOFILE, &before);
  stage.run_until([&] { return door.peers.size() == 1; });
}

BOOST_AUTO_TEST_CASE(a_paused_listener_leaves_clients_in_the_backlog) {
  TestStage stage;
  Door door;
  const Address address = unix_address(stage.path("door"));
  const auto listener = Listener::open(stage.loop(), address, 0600, door.accept());
  BOOST_REQUIRE(listener);
  (*listener)->pause();
  const auto client = loop::connect_to(address);
  BOOST_REQUIRE(client);
  stage.run_for(Duration(20));
  BOOST_TEST(door.peers.empty());
  (*listener)->resume();
  stage.run_until([&] { return door.peers.size() == 1; });
}

BOOST_AUTO_TEST_SUITE_END()
