// web-lib/fastcgi.cc -- the record parser and the life of a request.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/fastcgi.hh"

#include <algorithm>

#include "base/must.hh"

namespace web {

namespace {

constexpr std::uint8_t fastcgi_version = 1;
constexpr std::size_t header_size = 8;
constexpr std::size_t content_max = 65535;
// Full records of a multiple of 8 bytes need no padding.
constexpr std::size_t content_chunk = 65528;

enum RecordType : std::uint8_t {
  begin_request = 1,
  abort_request = 2,
  end_request_type = 3,
  params_type = 4,
  stdin_type = 5,
  stdout_type = 6,
  data_type = 8,
  get_values = 9,
  get_values_result = 10,
  unknown_type = 11,
};

constexpr std::uint16_t responder_role = 1;
constexpr std::uint8_t keep_conn_flag = 1;
constexpr std::size_t begin_body_size = 8;

enum ProtocolStatus : std::uint8_t {
  request_complete = 0,
  cant_multiplex = 1,
  unknown_role = 3,
};

std::uint8_t byte_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

std::uint16_t number_at(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint16_t>(byte_at(bytes, i) << 8U | byte_at(bytes, i + 1));
}

// Takes one length off the front of `stream`.
base::Result<std::size_t> take_length(std::string_view& stream) {
  const auto cut = [] {
    return base::make_error(base::Errc::malformed, "FastCGI parameters end inside a length");
  };
  if (stream.empty()) {
    return cut();
  }
  const std::uint8_t first = byte_at(stream, 0);
  if (first < 0x80) {
    stream.remove_prefix(1);
    return std::size_t{first};
  }
  if (stream.size() < 4) {
    return cut();
  }
  const std::size_t length = (std::size_t{first} & 0x7FU) << 24U |
                             std::size_t{byte_at(stream, 1)} << 16U |
                             std::size_t{byte_at(stream, 2)} << 8U | byte_at(stream, 3);
  stream.remove_prefix(4);
  return length;
}

void append_length(std::string& out, std::size_t length) {
  if (length >= 0x80) {
    out += static_cast<char>(length >> 24U | 0x80U);
    out += static_cast<char>(length >> 16U & 0xFFU);
    out += static_cast<char>(length >> 8U & 0xFFU);
  }
  out += static_cast<char>(length & 0xFFU);
}

}  // namespace

base::Result<FastcgiParams> parse_fastcgi_params(std::string_view stream) {
  FastcgiParams params;
  while (!stream.empty()) {
    const auto name = take_length(stream);
    if (!name) {
      return name.error();
    }
    const auto value = take_length(stream);
    if (!value) {
      return value.error();
    }
    if (*name > stream.size() || *value > stream.size() - *name) {
      return base::make_error(base::Errc::malformed, "a FastCGI parameter runs over the end");
    }
    params.emplace_back(stream.substr(0, *name), stream.substr(*name, *value));
    stream.remove_prefix(*name + *value);
  }
  return params;
}

void append_fastcgi_record(std::string& out, std::uint8_t type, std::uint16_t request_id,
                           std::string_view content) {
  base::must(content.size() <= content_max, "callers cut content into records");
  const std::size_t padding = (8 - content.size() % 8) % 8;
  const char header[header_size] = {
      fastcgi_version,
      static_cast<char>(type),
      static_cast<char>(request_id >> 8U),
      static_cast<char>(request_id & 0xFFU),
      static_cast<char>(content.size() >> 8U),
      static_cast<char>(content.size() & 0xFFU),
      static_cast<char>(padding),
      0,
  };
  out.append(header, header_size);
  out += content;
  out.append(padding, '\0');
}

void append_fastcgi_pair(std::string& out, std::string_view name, std::string_view value) {
  append_length(out, name.size());
  append_length(out, value.size());
  out += name;
  out += value;
}

base::Result<void> FastcgiConnection::receive(std::string_view bytes) {
  // Whole records are read where they lie; only the rest of one is kept.
  const bool has_kept = !input_.empty();
  if (has_kept) {
    input_ += bytes;
  }
  std::string_view rest = has_kept ? std::string_view(input_) : bytes;
  while (rest.size() >= header_size) {
    if (byte_at(rest, 0) != fastcgi_version) {
      return base::make_error(base::Errc::malformed,
                              "FastCGI version " + std::to_string(byte_at(rest, 0)) +
                                  ": not FastCGI, or the record before it lied about its length");
    }
    const std::size_t content = number_at(rest, 4);
    const std::size_t whole = header_size + content + byte_at(rest, 6);
    if (rest.size() < whole) {
      break;
    }
    auto taken =
        take_record({byte_at(rest, 1), number_at(rest, 2), rest.substr(header_size, content)});
    if (!taken) {
      return taken;
    }
    rest.remove_prefix(whole);
  }
  // What is left is less than one record: at most 65,798 bytes.
  if (!has_kept) {
    input_ = rest;
  } else if (rest.empty()) {
    input_ = {};  // an idle connection holds no memory
  } else {
    input_.erase(0, input_.size() - rest.size());
  }
  return {};
}

base::Result<void> FastcgiConnection::take_record(const Record& record) {
  if (record.request_id == 0) {
    take_management(record);
    return {};
  }
  if (record.type == begin_request) {
    return take_begin(record);
  }
  // Records of a request that has ended are still under way when it ends early: they are ignored
  // (FastCGI 1.0 s3.3), and so is FCGI_DATA, which is for filters.
  if (record.request_id != request_id_ || state_ == State::idle) {
    return {};
  }
  switch (record.type) {
    case abort_request:
      take_abort();
      return {};
    case params_type:
      return take_params(record);
    case stdin_type:
      return take_body(record);
    default:
      return {};
  }
}

base::Result<void> FastcgiConnection::take_begin(const Record& record) {
  if (record.content.size() != begin_body_size) {
    return base::make_error(base::Errc::malformed, "FCGI_BEGIN_REQUEST of the wrong length");
  }
  const bool keep = (byte_at(record.content, 2) & keep_conn_flag) != 0;
  if (state_ != State::idle) {
    if (record.request_id == request_id_) {
      return base::make_error(base::Errc::malformed, "FCGI_BEGIN_REQUEST for an active request");
    }
    end_request(record.request_id, cant_multiplex);
    return {};
  }
  if (number_at(record.content, 0) != responder_role) {
    end_request(record.request_id, unknown_role);
    wants_close_ = wants_close_ || !keep;
    return {};
  }
  state_ = State::params;
  request_id_ = record.request_id;
  keep_connection_ = keep;
  is_aborted_ = false;
  return {};
}

base::Result<void> FastcgiConnection::take_params(const Record& record) {
  if (state_ != State::params) {
    return {};  // after the end of a stream, or of a request already refused
  }
  if (!record.content.empty()) {
    if (params_.size() + record.content.size() > limits_.params) {
      complete(FastcgiFault::params_too_large);
    } else {
      params_ += record.content;
    }
    return {};
  }
  auto params = parse_fastcgi_params(params_);
  params_.clear();
  if (!params) {
    complete(FastcgiFault::bad_params);
    return {};
  }
  request_.params = std::move(*params);
  state_ = State::body;
  return {};
}

base::Result<void> FastcgiConnection::take_body(const Record& record) {
  if (state_ != State::body) {
    return {};
  }
  if (record.content.empty()) {
    complete(FastcgiFault::none);
  } else if (request_.body.size() + record.content.size() > limits_.body) {
    complete(FastcgiFault::body_too_large);
  } else {
    request_.body += record.content;
  }
  return {};
}

void FastcgiConnection::complete(FastcgiFault fault) {
  request_.fault = fault;
  if (fault != FastcgiFault::none) {
    request_.body = {};
    params_ = {};
  }
  state_ = State::complete;
}

void FastcgiConnection::take_abort() {
  is_aborted_ = true;
  if (state_ != State::answering) {
    request_ = {};
    params_ = {};
    end_request(request_id_, request_complete);
    wants_close_ = !keep_connection_;
    state_ = State::idle;
  }
}

void FastcgiConnection::take_management(const Record& record) {
  if (record.type != get_values) {
    const char body[8] = {static_cast<char>(record.type)};
    append_fastcgi_record(output_, unknown_type, 0, {body, sizeof body});
    return;
  }
  const auto asked = parse_fastcgi_params(record.content);
  std::string values;
  for (const auto& [name, unused] : asked ? *asked : FastcgiParams{}) {
    if (name == "FCGI_MPXS_CONNS") {
      append_fastcgi_pair(values, name, "0");
    } else if (name == "FCGI_MAX_CONNS" || name == "FCGI_MAX_REQS") {
      append_fastcgi_pair(values, name, "10000");
    }
    if (values.size() > 256) {
      break;  // the same name over and over
    }
  }
  append_fastcgi_record(output_, get_values_result, 0, values);
}

std::optional<FastcgiRequest> FastcgiConnection::next_request() {
  if (state_ != State::complete) {
    return std::nullopt;
  }
  state_ = State::answering;
  return std::exchange(request_, {});
}

void FastcgiConnection::respond(std::string_view bytes) {
  base::must(state_ == State::answering, "answers belong to a request that was handed out");
  if (is_aborted_) {
    return;
  }
  while (!bytes.empty()) {
    const std::string_view chunk = bytes.substr(0, content_chunk);
    append_fastcgi_record(output_, stdout_type, request_id_, chunk);
    bytes.remove_prefix(chunk.size());
  }
}

void FastcgiConnection::finish() {
  base::must(state_ == State::answering, "a request is finished once");
  if (!is_aborted_) {
    append_fastcgi_record(output_, stdout_type, request_id_, {});
  }
  end_request(request_id_, request_complete);
  wants_close_ = !keep_connection_;
  state_ = State::idle;
}

void FastcgiConnection::end_request(std::uint16_t request_id, std::uint8_t protocol_status) {
  const char body[8] = {0, 0, 0, 0, static_cast<char>(protocol_status)};
  append_fastcgi_record(output_, end_request_type, request_id, {body, sizeof body});
}

}  // namespace web
