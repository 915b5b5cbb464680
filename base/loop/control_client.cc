// base/loop/control_client.cc -- a blocking client with one deadline for the whole answer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/loop/control_client.hh"

#include <array>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/json.hh"
#include "base/json_writer.hh"
#include "base/loop/listener.hh"

namespace loop {

namespace {

using Moment = std::chrono::steady_clock::time_point;

constexpr std::size_t line_limit = 64U << 20U;

base::Result<void> await(int fd, short what, Moment until) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    if (left.count() <= 0) {
      return base::make_error(base::Errc::timeout, "the daemon did not answer in time");
    }
    pollfd watched{.fd = fd, .events = what, .revents = 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(left.count()));
    if (ready > 0) {
      return {};
    }
    if (ready < 0 && errno != EINTR) {
      return base::errno_error("poll", errno);
    }
  }
}

base::Errc errc_of(std::string_view name) {
  for (int code = 0; code <= static_cast<int>(base::Errc::internal); ++code) {
    if (base::errc_name(static_cast<base::Errc>(code)) == name) {
      return static_cast<base::Errc>(code);
    }
  }
  return base::Errc::internal;
}

base::Error protocol_error(std::string_view line) {
  return base::make_error(base::Errc::corrupt,
                          "not an answer of a control socket: " + std::string(line.substr(0, 80)));
}

// The last line: its object, or the error the daemon means.
base::Result<std::string> last_line(std::string line) {
  base::JsonParser parser;
  const auto value = parser.parse(line);
  if (!value) {
    return protocol_error(line);
  }
  if (const auto error = base::json_member(*value, "error")) {
    return base::make_error(errc_of(base::json_text(*error, "code").value_or("internal")),
                            std::string(base::json_text(*error, "detail").value_or("")),
                            std::string(base::json_text(*error, "hint").value_or("")));
  }
  if (!base::json_bool(*value, "ok").value_or(false)) {
    return protocol_error(line);
  }
  return line;
}

}  // namespace

base::Result<ControlClient> ControlClient::connect(const std::string& path,
                                                   std::chrono::milliseconds deadline) {
  auto socket = connect_to({.is_unix = true, .path = path});
  if (!socket) {
    base::Error error = socket.error();
    if (error.code != base::Errc::denied) {
      error.hint = "is the daemon running, and is this its control_socket?";
    }
    return error;
  }
  ::fcntl(socket->get(), F_SETFL, ::fcntl(socket->get(), F_GETFL) | O_NONBLOCK);
  return ControlClient(std::move(*socket), deadline);
}

base::Result<void> ControlClient::send_line(std::string_view line, Moment until) {
  while (!line.empty()) {
    const ssize_t sent = ::send(socket_.get(), line.data(), line.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      line.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (auto ready = await(socket_.get(), POLLOUT, until); !ready) {
        return ready.error();
      }
    } else if (errno != EINTR) {
      return base::errno_error("control socket", errno);
    }
  }
  return {};
}

base::Result<std::string> ControlClient::read_line(Moment until) {
  std::size_t searched = 0;
  for (;;) {
    if (const std::size_t end = buffer_.find('\n', searched); end != std::string::npos) {
      std::string line = buffer_.substr(0, end);
      buffer_.erase(0, end + 1);
      return line;
    }
    searched = buffer_.size();
    if (searched > line_limit) {
      return base::make_error(base::Errc::over_quota, "an endless answer of the control socket");
    }
    std::array<char, 65536> chunk{};
    const ssize_t got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
    if (got > 0) {
      buffer_.append(chunk.data(), static_cast<std::size_t>(got));
    } else if (got == 0) {
      return base::make_error(base::Errc::unavailable, "the daemon closed the connection");
    } else if (errno == EAGAIN) {
      if (auto ready = await(socket_.get(), POLLIN, until); !ready) {
        return ready.error();
      }
    } else if (errno != EINTR) {
      return base::errno_error("control socket", errno);
    }
  }
}

base::Result<std::string> ControlClient::ask(std::string_view verb, std::string_view members,
                                             const std::function<void(std::string_view)>& on_row) {
  constexpr std::string_view row_head = "{\"row\":";
  const Moment until = std::chrono::steady_clock::now() + deadline_;
  std::string request = "{\"verb\":" + base::json_string(verb);
  if (!members.empty()) {
    request.append(",").append(members);
  }
  // A daemon that refuses us answers and closes without reading: its answer says more than EPIPE.
  const auto sent = send_line(request.append("}\n"), until);
  for (;;) {
    auto line = read_line(until);
    if (!line) {
      return sent ? line.error() : sent.error();
    }
    if (!line->starts_with(row_head) || !line->ends_with('}')) {
      return last_line(std::move(*line));
    }
    if (on_row) {
      const std::string_view row = *line;
      on_row(row.substr(row_head.size(), row.size() - row_head.size() - 1));
    }
  }
}

}  // namespace loop
