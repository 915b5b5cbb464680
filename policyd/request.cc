// policyd/request.cc -- lines to attributes, and the limits a client meets.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/request.hh"

#include <algorithm>

#include "base/text.hh"

namespace policy {

namespace {

// By the value of Attribute.
constexpr std::array<std::string_view, attribute_count> names{
    "request",        "protocol_state", "protocol_name",       "helo_name",
    "queue_id",       "sender",         "recipient",           "recipient_count",
    "client_address", "client_name",    "reverse_client_name", "instance",
    "size",           "sasl_username",  "encryption_protocol",
};

constexpr std::string_view request_kind = "smtpd_access_policy";

// Postfix prints unprintable bytes as '?'; a control byte means that this is another protocol.
bool has_control_byte(std::string_view line) {
  return std::any_of(line.begin(), line.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; });
}

}  // namespace

std::span<const std::string_view> attribute_names() {
  return names;
}

std::optional<Attribute> attribute_of(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == name) {
      return static_cast<Attribute>(i);
    }
  }
  return std::nullopt;
}

KeptRequest::KeptRequest(const Request& request) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < attribute_count; ++i) {
    size += request[static_cast<Attribute>(i)].size();
  }
  text_.reserve(size);  // so that the views stay valid
  for (std::size_t i = 0; i < attribute_count; ++i) {
    const auto name = static_cast<Attribute>(i);
    const std::size_t start = text_.size();
    text_ += request[name];
    request_.set(name, std::string_view(text_).substr(start));
  }
}

void RequestReader::append(std::string_view bytes) {
  if (!broken_.empty()) {
    return;
  }
  if (start_ > 0) {
    buffer_.erase(0, start_);
    line_ -= start_;
    scanned_ -= start_;
    for (Place& place : places_) {
      place.offset -= std::min(place.offset, start_);
    }
    start_ = 0;
  }
  buffer_.append(bytes);
}

base::Result<std::optional<Request>> RequestReader::fail(std::string what) {
  broken_ = std::move(what);
  buffer_.clear();
  buffer_.shrink_to_fit();
  start_ = line_ = scanned_ = 0;
  return base::make_error(base::Errc::malformed, broken_);
}

// True when `line` ends the request.
base::Result<bool> RequestReader::take_line(std::string_view line) {
  if (line.empty()) {
    return true;
  }
  if (has_control_byte(line)) {
    return base::make_error(base::Errc::malformed, "a control byte in a request line");
  }
  const std::size_t equals = line.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    return base::make_error(base::Errc::malformed, "a request line without name=value");
  }
  if (++attributes_ > limits_.attributes) {
    return base::make_error(
        base::Errc::malformed,
        "more than " + std::to_string(limits_.attributes) + " attributes in a request");
  }
  if (const auto known = attribute_of(line.substr(0, equals)); known) {
    places_[static_cast<std::size_t>(*known)] = {line_ + equals + 1, line.size() - equals - 1};
  }
  return false;
}

base::Result<std::optional<Request>> RequestReader::next() {
  if (!broken_.empty()) {
    return base::make_error(base::Errc::malformed, broken_);
  }
  while (true) {
    const std::size_t end = buffer_.find('\n', scanned_);
    const std::size_t reached = std::min(end, buffer_.size());
    if (reached - line_ > limits_.line) {
      return fail("a request line longer than " + std::to_string(limits_.line) + " bytes");
    }
    if (reached - start_ > limits_.total) {
      return fail("a request longer than " + std::to_string(limits_.total) + " bytes");
    }
    scanned_ = reached;
    if (end == std::string::npos) {
      return std::optional<Request>();
    }
    const auto is_end = take_line(std::string_view(buffer_).substr(line_, end - line_));
    if (!is_end) {
      return fail(is_end.error().detail);
    }
    line_ = scanned_ = end + 1;
    if (*is_end) {
      break;
    }
  }
  Request request;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    request.set(static_cast<Attribute>(i),
                std::string_view(buffer_).substr(places_[i].offset, places_[i].size));
  }
  start_ = line_;
  attributes_ = 0;
  places_ = {};
  if (request[Attribute::request].empty()) {
    return fail("a request without request=" + std::string(request_kind));
  }
  if (request[Attribute::request] != request_kind) {
    return fail("an unknown request=" + base::printable(request[Attribute::request], 40));
  }
  return std::optional<Request>(request);
}

}  // namespace policy
