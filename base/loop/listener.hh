// base/loop/listener.hh -- listening sockets: unix:/path and inet:HOST:PORT.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/handle.hh"
#include "base/loop/loop.hh"
#include "base/result.hh"

namespace loop {

// Where a daemon listens, or a client connects.
struct Address {
  bool is_unix = false;
  std::string path;        // unix
  std::string host;        // inet: a numeric IPv4 or IPv6 address
  std::uint16_t port = 0;  // inet; 0 lets the kernel choose

  // "unix:/path", "inet:127.0.0.1:10030", "inet:[::1]:10030". malformed with a hint otherwise.
  static base::Result<Address> parse(std::string_view text);
  std::string text() const;
};

// Connects, waiting at most for the kernel (unix, loopback); for clients and tests, never on a loop
// thread. errno_error() codes.
base::Result<base::Fd> connect_to(const Address& address);

// Who connected.
struct Peer {
  bool is_unix = false;
  std::string address;                 // numeric; empty for unix
  std::uint16_t port = 0;              // inet
  uid_t uid = static_cast<uid_t>(-1);  // unix: SO_PEERCRED; else (uid_t)-1
};

// The same on a loop thread: does not wait. An inet connection may still fail; then what reads or
// writes it is told.
base::Result<base::Fd> begin_connect(const Address& address);

class Listener {
 public:
  // Gets each new connection: non-blocking, close-on-exec, TCP_NODELAY. Loop thread.
  using Accept = std::function<void(base::Fd connection, const Peer& peer)>;

  // Listens from now on. A socket file nobody answers on is replaced; a live one gives exists
  // ("is it already running?"). `mode` is the unix socket's. Blocks a little; call it at start.
  static base::Result<std::unique_ptr<Listener>> open(Loop& loop, const Address& address,
                                                      mode_t mode, Accept accept);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  Listener(Listener&&) = delete;
  Listener& operator=(Listener&&) = delete;
  ~Listener();  // removes its own socket file

  // With the port the kernel chose.
  const Address& address() const { return address_; }

  // Connections wait in the backlog while paused: for a daemon at its limit.
  void pause();
  void resume();

 private:
  Listener(Loop& loop, Address address, base::Fd socket, Accept accept);
  void accept_all();
  void rest(int err);

  Loop& loop_;
  Address address_;
  base::Fd socket_;
  Accept accept_;
  FdWatch watch_;
  Timer retry_;
  bool is_paused_ = false;
  base::SteadyTime complained_;
  dev_t device_ = 0;  // of the socket file
  ino_t inode_ = 0;
};

}  // namespace loop
