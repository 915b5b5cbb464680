// directory-lib/socketmap.hh -- the socketmap protocol of Postfix, without I/O.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// socketmap_table(5). Requests and replies are netstrings, `LENGTH:PAYLOAD,`, LENGTH decimal
// without leading zeros. One reply follows each request, in order:
//   request   NAME SP KEY          NAME has no space; KEY may hold any byte
//   reply     OK SP DATA | NOTFOUND SP | TEMP SP REASON | TIMEOUT SP REASON | PERM SP REASON
// Postfix takes a NOTFOUND for the truth and rejects mail on it; after any other reply but OK, and
// after a lost connection, it tries again later.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace directory {

// What Postfix accepts in a reply (socketmap_max_reply_size); we hold requests to the same.
inline constexpr std::size_t socketmap_limit = 100'000;

struct Netstring {
  std::string_view payload;  // a view into the buffer it was read from
  std::size_t size;          // bytes of the buffer it took, frame included
};

// The first netstring of `buffer`; nothing while it is incomplete. malformed when what stands there
// can never become a netstring of at most `limit` bytes: the stream cannot be read any further.
// Cost does not grow with the buffer.
base::Result<std::optional<Netstring>> read_netstring(std::string_view buffer,
                                                      std::size_t limit = socketmap_limit);

std::string write_netstring(std::string_view payload);

struct SocketmapRequest {
  std::string_view map;
  std::string_view key;
};

// malformed without a space, with an empty name or an empty key; the frame was right, so the
// connection may go on. Views into `payload`.
base::Result<SocketmapRequest> parse_socketmap_request(std::string_view payload);

enum class SocketmapStatus {
  ok,         // `text` is the value
  not_found,  // certain: no such key
  temp,       // cannot know now
  timeout,    // did not learn in time
  perm,       // the question or the answer is wrong; no repetition helps
};

struct SocketmapReply {
  SocketmapStatus status = SocketmapStatus::temp;
  std::string text;  // the value, or plain words for Postfix's log; of not_found none

  friend bool operator==(const SocketmapReply&, const SocketmapReply&) = default;
};

// The reply as one netstring. An ok whose payload would exceed `limit` becomes a perm that says so;
// reasons are made printable and cut.
std::string write_socketmap_reply(const SocketmapReply& reply, std::size_t limit = socketmap_limit);

// The same, behind what `out` holds already.
void append_socketmap_reply(std::string& out, const SocketmapReply& reply,
                            std::size_t limit = socketmap_limit);

// The other direction, for clients and tests. malformed for anything but the five replies.
base::Result<SocketmapReply> parse_socketmap_reply(std::string_view payload);

}  // namespace directory
