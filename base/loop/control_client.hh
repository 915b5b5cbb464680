// base/loop/control_client.hh -- asks a daemon's control socket and waits for the answer.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// For commands and other programs without a loop; it blocks. Protocol: base/loop/control.hh.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/handle.hh"
#include "base/result.hh"

namespace loop {

class ControlClient {
 public:
  // not_found: no socket, so the daemon does not run or listens elsewhere; denied; unavailable.
  static base::Result<ControlClient> connect(const std::string& path,
                                             std::chrono::milliseconds deadline);

  // `members` are the request's members besides verb: `"sender":"a@b","days":3`, or nothing.
  // Gives each row's JSON to `on_row` (may be empty) and returns the last line's JSON object.
  // An error the daemon answers comes back as it was meant. timeout: no full answer within the
  // deadline; corrupt: not the protocol. After an error of its own the client is of no more use.
  base::Result<std::string> ask(std::string_view verb, std::string_view members = {},
                                const std::function<void(std::string_view)>& on_row = {});

 private:
  ControlClient(base::Fd socket, std::chrono::milliseconds deadline)
      : socket_(std::move(socket)), deadline_(deadline) {}
  base::Result<std::string> read_line(std::chrono::steady_clock::time_point until);
  base::Result<void> send_line(std::string_view line, std::chrono::steady_clock::time_point until);

  base::Fd socket_;
  std::chrono::milliseconds deadline_;
  std::string buffer_;
};

}  // namespace loop
