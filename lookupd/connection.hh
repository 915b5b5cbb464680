// lookupd/connection.hh -- one client of the socket: requests in, replies out in their order.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "base/handle.hh"
#include "base/loop/stream.hh"

#include "directory-lib/socketmap.hh"

#include "lookupd/server.hh"

namespace lookup {

// The word of a status for the log and the metrics.
std::string_view status_name(directory::SocketmapStatus status);

class Connection {
 public:
  // `server` must outlive it.
  Connection(Server& server, std::uint64_t id, base::Fd socket, const loop::StreamLimits& limits);

  // The answer to a question that waits; sent by send_answers(). True for the first since then.
  bool answer(std::uint64_t slot, const directory::SocketmapReply& reply);
  void send_answers();

 private:
  // A question's place among the replies: filled while it waits for those before it.
  struct Slot {
    std::string frame{};
    bool is_ready = false;
  };

  std::size_t read(std::string_view bytes);
  void question(std::string_view payload);
  void refuse(const base::Error& why);
  void write(const directory::SocketmapReply& reply);
  void send();

  Server& server_;
  std::uint64_t id_;
  loop::Stream stream_;
  std::deque<Slot> slots_{};  // of the questions not yet answered, and those behind them
  std::uint64_t first_ = 0;   // the number of the first slot
  bool has_answers_ = false;  // to be sent by send_answers()
  bool is_full_ = false;      // reads no further, because too many questions wait
  bool ends_ = false;         // broke the protocol: hung up on when all is answered
};

}  // namespace lookup
