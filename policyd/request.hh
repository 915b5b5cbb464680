// policyd/request.hh -- the Postfix policy protocol: bytes in, requests out, no I/O.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Postfix SMTPD_POLICY_README, "Protocol description". The grammar:
//   request   = *( name "=" value LF ) LF
//   name      = 1*( any byte but "=", LF, NUL )
//   value     = *( any byte but LF, NUL )
// One attribute must be `request=smtpd_access_policy`. Order is free, unknown names are skipped, of
// a name that is given twice the last counts. After a broken request the rest of the stream cannot
// be trusted: the connection is closed without an answer, and Postfix takes its default action.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hh"

namespace policy {

// The attributes we keep. A new one is a new row of `names` in request.cc.
enum class Attribute {
  request,
  protocol_state,
  protocol_name,
  helo_name,
  queue_id,
  sender,
  recipient,
  recipient_count,
  client_address,
  client_name,
  reverse_client_name,
  instance,
  size,
  sasl_username,
  encryption_protocol,
};
inline constexpr std::size_t attribute_count = 15;

// What one client may send. Postfix itself cuts lines at 2048 bytes and sends some 30 attributes.
struct RequestLimits {
  std::size_t line = 8192;
  std::size_t attributes = 128;
  std::size_t total = 65536;
};

// One request: views into its reader's buffer, valid until the reader is used again. What the
// client did not send is empty.
class Request {
 public:
  std::string_view operator[](Attribute name) const {
    return values_[static_cast<std::size_t>(name)];
  }
  void set(Attribute name, std::string_view value) {
    values_[static_cast<std::size_t>(name)] = value;
  }

 private:
  std::array<std::string_view, attribute_count> values_{};
};

// A copy that owns its text.
class KeptRequest {
 public:
  explicit KeptRequest(const Request& request);
  KeptRequest(const KeptRequest&) = delete;
  KeptRequest& operator=(const KeptRequest&) = delete;
  ~KeptRequest() = default;

  const Request& request() const { return request_; }

 private:
  std::string text_{};
  Request request_{};
};

// The names of the attributes, in their order.
std::span<const std::string_view> attribute_names();

// The attribute of that name, if it is one we keep.
std::optional<Attribute> attribute_of(std::string_view name);

// Cuts the bytes of one connection into requests. One thread.
class RequestReader {
 public:
  RequestReader() = default;
  explicit RequestReader(RequestLimits limits) : limits_(limits) {}

  // Takes bytes as they come. Ends the life of requests given out before.
  void append(std::string_view bytes);

  // The next whole request; nothing when more bytes are needed; malformed when what is there can
  // be no request, and from then on for ever. Memory stays below the limits plus one append().
  base::Result<std::optional<Request>> next();

  // True when part of a request has arrived.
  bool is_midway() const { return start_ < buffer_.size(); }

 private:
  base::Result<bool> take_line(std::string_view line);
  base::Result<std::optional<Request>> fail(std::string what);

  RequestLimits limits_{};
  std::string buffer_{};
  std::size_t start_ = 0;    // where the request being read begins
  std::size_t line_ = 0;     // where its first line not yet taken begins
  std::size_t scanned_ = 0;  // no line end before this
  std::size_t attributes_ = 0;
  struct Place {
    std::size_t offset = 0;
    std::size_t size = 0;
  };
  std::array<Place, attribute_count> places_{};
  std::string broken_{};
};

}  // namespace policy
