// web-lib/fastcgi.hh -- one FastCGI 1.0 connection as a protocol, without I/O.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// No I/O and no clock: web-lib/fastcgi_server.hh owns the socket. We are a responder and serve one
// request a connection at a time (FCGI_MPXS_CONNS is 0), which is how nginx and Apache speak; a
// second one is told FCGI_CANT_MPX_CONN. A record is
//   version(1)=1 type(1) request_id(2) content_length(2) padding_length(1) reserved(1)
//   content, padding
// and FCGI_PARAMS content is pairs of name_length value_length name value, a length being one byte
// below 128 or four bytes with the top bit set. Pairs may be split anywhere between records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hh"

namespace web {

struct FastcgiLimits {
  std::size_t params = std::size_t{64} << 10U;  // all names and values of one request
  std::size_t body = std::size_t{10} << 20U;    // FCGI_STDIN of one request
};

using FastcgiParams = std::vector<std::pair<std::string, std::string>>;

// A request with a fault is answered with that status and nothing else is looked at.
enum class FastcgiFault { none, bad_params, params_too_large, body_too_large };

struct FastcgiRequest {
  FastcgiParams params;  // in the order sent
  std::string body;
  FastcgiFault fault = FastcgiFault::none;
};

class FastcgiConnection {
 public:
  explicit FastcgiConnection(const FastcgiLimits& limits) : limits_(limits) {}

  // Takes what came from the web server. malformed: this is not FastCGI (wrong version, a record
  // whose length cannot be right); the connection is to be closed.
  base::Result<void> receive(std::string_view bytes);

  // The request that is complete now. It is answered by respond() ... finish(); the next one comes
  // only after that.
  std::optional<FastcgiRequest> next_request();

  // More bytes of the response (CGI headers, blank line, body). Ignored when the request was
  // aborted meanwhile.
  void respond(std::string_view bytes);
  void finish();

  // Bytes for the web server, moved out.
  std::string take_output() { return std::exchange(output_, {}); }

  // The answer is complete (or the request refused) and the web server did not ask to keep the
  // connection: close it once the output is sent.
  bool wants_close() const { return wants_close_; }
  // Between FCGI_BEGIN_REQUEST and the last byte of FCGI_STDIN: a deadline should run.
  bool is_receiving() const { return state_ == State::params || state_ == State::body; }
  // A request was handed out and waits for finish().
  bool is_answering() const { return state_ == State::answering; }
  // Bytes of a request that is not complete yet.
  std::size_t held() const { return input_.size() + params_.size() + request_.body.size(); }
  // The web server no longer wants the answer (its client went away).
  bool is_aborted() const { return is_aborted_; }

 private:
  enum class State { idle, params, body, complete, answering };

  struct Record {
    std::uint8_t type;
    std::uint16_t request_id;
    std::string_view content;
  };

  base::Result<void> take_record(const Record& record);
  base::Result<void> take_begin(const Record& record);
  base::Result<void> take_params(const Record& record);
  base::Result<void> take_body(const Record& record);
  void take_abort();
  void take_management(const Record& record);
  void complete(FastcgiFault fault);
  void end_request(std::uint16_t request_id, std::uint8_t protocol_status);

  FastcgiLimits limits_;
  State state_ = State::idle;
  std::string input_;  // the start of a record that is not complete
  std::string output_;
  std::string params_;  // FCGI_PARAMS as one stream
  FastcgiRequest request_;
  std::uint16_t request_id_ = 0;
  bool keep_connection_ = false;
  bool is_aborted_ = false;
  bool wants_close_ = false;
};

// The pairs of a whole FCGI_PARAMS stream (or of FCGI_GET_VALUES). malformed when a length runs
// over the end.
base::Result<FastcgiParams> parse_fastcgi_params(std::string_view stream);

// For the tests' client: the same grammar the other way round.
void append_fastcgi_record(std::string& out, std::uint8_t type, std::uint16_t request_id,
                           std::string_view content);
void append_fastcgi_pair(std::string& out, std::string_view name, std::string_view value);

}  // namespace web
