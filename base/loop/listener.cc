// base/loop/listener.cc -- addresses, sockets, and accepting without falling over at EMFILE.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/listener.hh"

#include <array>
#include <cerrno>
#include <cstring>
#include <variant>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/loop/events.hh"
#include "base/text.hh"

namespace loop {

namespace {

constexpr int backlog = 1024;
constexpr int accepts_at_once = 64;  // then other descriptors get their turn
constexpr Duration retry_after{100};
constexpr std::chrono::seconds complaint_interval{60};
constexpr std::string_view address_hint =
    "write unix:/path, inet:127.0.0.1:PORT or inet:[::1]:PORT";

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;

  sockaddr* raw() { return reinterpret_cast<sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

base::Result<SocketAddress> socket_address(const Address& address) {
  SocketAddress out;
  if (address.is_unix) {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    if (address.path.size() >= sizeof(to.sun_path)) {
      return base::make_error(base::Errc::malformed, "socket path too long: " + address.path,
                              "a path of at most 107 bytes");
    }
    std::memcpy(to.sun_path, address.path.data(), address.path.size());
    out.size = sizeof(to);
    std::memcpy(&out.storage, &to, sizeof(to));
    return out;
  }
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    out.size = sizeof(v4);
    std::memcpy(&out.storage, &v4, sizeof(v4));
    return out;
  }
  if (::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    out.size = sizeof(v6);
    std::memcpy(&out.storage, &v6, sizeof(v6));
    return out;
  }
  return base::make_error(base::Errc::malformed,
                          "not a numeric address: " + base::printable(address.host, 64),
                          std::string(address_hint));
}

Peer peer_of(int fd, SocketAddress& from) {
  Peer peer;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (from.family() == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &from.storage, sizeof(v4));
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    peer.port = ntohs(v4.sin_port);
  } else if (from.family() == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &from.storage, sizeof(v6));
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    peer.port = ntohs(v6.sin6_port);
  } else {
    peer.is_unix = true;
    ucred who{};
    socklen_t size = sizeof(who);
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0) {
      peer.uid = who.uid;
    }
    return peer;
  }
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  peer.address = text.data();
  return peer;
}

// Makes way for a new socket file, unless someone serves the old one.
base::Result<void> remove_stale(const Address& address) {
  struct stat info {};
  if (::lstat(address.path.c_str(), &info) != 0) {
    return errno == ENOENT ? base::Result<void>()
                           : base::Result<void>(base::errno_error(address.path, errno));
  }
  if (!S_ISSOCK(info.st_mode)) {
    return base::make_error(base::Errc::exists, address.path + ": exists and is not a socket",
                            "remove it, or listen elsewhere");
  }
  if (connect_to(address)) {
    return base::make_error(base::Errc::exists, address.path + ": another process serves it",
                            "is it already running?");
  }
  if (::unlink(address.path.c_str()) != 0 && errno != ENOENT) {
    return base::errno_error(address.path, errno);
  }
  return {};
}

base::Result<void> bind_to(int fd, const Address& address, SocketAddress& to, mode_t mode) {
  if (!address.is_unix) {
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
  } else if (auto free = remove_stale(address); !free) {
    return free.error();
  }
  if (::bind(fd, to.raw(), to.size) != 0) {
    const int err = errno;
    return base::errno_error(address.text(), err,
                             err == EADDRINUSE ? "is it already running?" : "");
  }
  // Before listen(): nobody connects under the wrong mode.
  if (address.is_unix && ::chmod(address.path.c_str(), mode) != 0) {
    return base::errno_error(address.path, errno);
  }
  if (::listen(fd, backlog) != 0) {
    return base::errno_error(address.text(), errno);
  }
  return {};
}

std::uint16_t bound_port(int fd) {
  SocketAddress own;
  own.size = sizeof(own.storage);
  ::getsockname(fd, own.raw(), &own.size);
  sockaddr_in v4{};  // the port stands at the same place for both families
  std::memcpy(&v4, &own.storage, sizeof(v4));
  return ntohs(v4.sin_port);
}

}  // namespace

base::Result<Address> Address::parse(std::string_view text) {
  const auto refuse = [text] {
    return base::make_error(base::Errc::malformed,
                            "not a socket address: " + base::printable(text, 120),
                            std::string(address_hint));
  };
  Address address;
  if (text.starts_with("unix:")) {
    address.is_unix = true;
    address.path = text.substr(5);
    return address.path.starts_with('/') ? base::Result<Address>(address) : refuse();
  }
  if (!text.starts_with("inet:")) {
    return refuse();
  }
  text.remove_prefix(5);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) {
    return refuse();
  }
  const auto port = base::parse_number<std::uint16_t>(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse();
  }
  if (!port) {
    return refuse();
  }
  address.host = host;
  address.port = *port;
  if (auto usable = socket_address(address); !usable) {
    return usable.error();
  }
  return address;
}

std::string Address::text() const {
  if (is_unix) {
    return "unix:" + path;
  }
  const bool is_v6 = host.find(':') != std::string::npos;
  return "inet:" + (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

namespace {

base::Result<base::Fd> connect_with(const Address& address, int flags) {
  auto to = socket_address(address);
  if (!to) {
    return to.error();
  }
  base::Fd fd(::socket(to->family(), SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd.is_open()) {
    return base::errno_error("socket", errno);
  }
  if (::connect(fd.get(), to->raw(), to->size) != 0 && errno != EINPROGRESS) {
    return base::errno_error(address.text(), errno);
  }
  return fd;
}

}  // namespace

base::Result<base::Fd> connect_to(const Address& address) {
  return connect_with(address, 0);
}

base::Result<base::Fd> begin_connect(const Address& address) {
  return connect_with(address, SOCK_NONBLOCK);
}

base::Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, const Address& address,
                                                       mode_t mode, Accept accept) {
  auto to = socket_address(address);
  if (!to) {
    return to.error();
  }
  base::Fd fd(::socket(to->family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.is_open()) {
    return base::errno_error("socket", errno);
  }
  if (auto bound = bind_to(fd.get(), address, *to, mode); !bound) {
    return bound.error();
  }
  std::unique_ptr<Listener> made(new Listener(loop, address, std::move(fd), std::move(accept)));
  if (address.is_unix) {
    struct stat info {};
    if (::lstat(address.path.c_str(), &info) == 0) {
      made->device_ = info.st_dev;
      made->inode_ = info.st_ino;
    }
  } else {
    made->address_.port = bound_port(made->socket_.get());
  }
  made->watch_.enable();
  return made;
}

Listener::Listener(Loop& loop, Address address, base::Fd socket, Accept accept)
    : loop_(loop),
      address_(std::move(address)),
      socket_(std::move(socket)),
      accept_(std::move(accept)),
      watch_(loop, socket_.get(), FdWatch::For::reading, [this] { accept_all(); }),
      retry_(loop, [this] {
        if (!is_paused_) {
          watch_.enable();
        }
      }) {}

Listener::~Listener() {
  struct stat info {};
  // A successor may have put its own file there.
  if (address_.is_unix && ::lstat(address_.path.c_str(), &info) == 0 && info.st_dev == device_ &&
      info.st_ino == inode_) {
    ::unlink(address_.path.c_str());
  }
}

void Listener::pause() {
  is_paused_ = true;
  watch_.disable();
}

void Listener::resume() {
  is_paused_ = false;
  watch_.enable();
}

void Listener::accept_all() {
  for (int i = 0; i < accepts_at_once && !is_paused_; ++i) {
    SocketAddress from;
    from.size = sizeof(from.storage);
    base::Fd fd(::accept4(socket_.get(), from.raw(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd.is_open()) {
      const Peer peer = peer_of(fd.get(), from);
      accept_(std::move(fd), peer);
      continue;
    }
    if (errno == EAGAIN) {
      return;
    }
    if (errno != EINTR && errno != ECONNABORTED) {
      rest(errno);
      return;
    }
  }
}

// Out of descriptors or memory: the backlog holds the clients until some are free again.
void Listener::rest(int err) {
  watch_.disable();
  retry_.start(retry_after);
  const auto now = loop_.ticks();
  if (complained_ == base::SteadyTime() || now - complained_ > complaint_interval) {
    complained_ = now;
    loop_.log().write(accept_failed,
                      {{"address", address_.text()}, {"reason", std::strerror(err)}});
  }
}

}  // namespace loop
