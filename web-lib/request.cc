// web-lib/request.cc -- from CGI parameters to a request.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/request.hh"

#include <algorithm>

#include "base/text.hh"

namespace web {

namespace {

constexpr std::size_t segments_max = 16;
constexpr std::size_t fields_max = 64;  // of a query, of a cookie header

bool is_control(char c) {
  return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char low = base::lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

Method method_of(std::string_view name) {
  if (name == "GET") {
    return Method::get;
  }
  if (name == "HEAD") {
    return Method::head;
  }
  return name == "POST" ? Method::post : Method::other;
}

std::optional<std::string_view> first_of(
    const std::vector<std::pair<std::string, std::string>>& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) {
      return value;
    }
  }
  return std::nullopt;
}

// "HTTP_X_REQUESTED_WITH" -> "x-requested-with".
std::string header_name(std::string_view cgi_name) {
  std::string name = base::to_lower(cgi_name.substr(5));
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

base::Result<std::string> read_segment(std::string_view raw) {
  auto segment = percent_decode(raw, false);
  if (!segment) {
    return segment;
  }
  if (*segment == "." || *segment == ".." || !base::is_utf8(*segment) ||
      std::any_of(segment->begin(), segment->end(), is_control)) {
    return base::make_error(base::Errc::malformed, "a path with a part that is not allowed");
  }
  return segment;
}

}  // namespace

base::Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return base::make_error(base::Errc::malformed, "a broken %-escape");
      }
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const char low = base::lower(c);
    if ((low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' ||
        c == '~') {
      out += c;
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      out += '%';
      out += digits[byte >> 4U];
      out += digits[byte & 15U];
    }
  }
  return out;
}

base::Result<Request> Request::from_cgi(const FastcgiParams& params, std::string body) {
  Request request;
  std::string_view target;
  std::string_view method;
  for (const auto& [name, value] : params) {
    if (name == "REQUEST_METHOD") {
      method = value;
    } else if (name == "REQUEST_URI") {
      target = value;
    } else if (name == "REMOTE_ADDR") {
      request.client_ = base::printable(value, 64);
    } else if (name == "CONTENT_TYPE") {
      request.content_type_ =
          base::to_lower(base::trim(std::string_view(value).substr(0, value.find(';'))));
    } else if (name == "HTTP_COOKIE") {
      request.read_cookies(value);
    } else if (name.rfind("HTTP_", 0) == 0) {
      request.headers_.emplace_back(header_name(name), value);
    }
  }
  if (method.empty()) {
    return base::make_error(base::Errc::malformed, "no REQUEST_METHOD");
  }
  request.method_ = method_of(method);
  if (const auto read = request.read_target(target); !read) {
    return read.error();
  }
  request.body_ = std::move(body);
  return request;
}

base::Result<void> Request::read_target(std::string_view target) {
  const std::size_t mark = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, mark);
  const bool is_plain = std::all_of(path.begin(), path.end(), [](char c) {
    return static_cast<std::uint8_t>(c) > 0x20 && static_cast<std::uint8_t>(c) < 0x7F;
  });
  if (path.empty() || path.front() != '/' || !is_plain) {
    return base::make_error(base::Errc::malformed, "a path that is not absolute or not ASCII");
  }
  path_ = path;
  for (const std::string_view raw : base::split(path.substr(1), '/')) {
    auto segment = read_segment(raw);
    if (!segment) {
      return segment.error();
    }
    segments_.push_back(std::move(*segment));
    if (segments_.size() > segments_max) {
      return base::make_error(base::Errc::malformed, "a path of too many parts");
    }
  }
  if (mark < target.size()) {
    read_query(target.substr(mark + 1));
  }
  return {};
}

void Request::read_query(std::string_view text) {
  for (const std::string_view field : base::split(text, '&')) {
    const std::size_t equals = std::min(field.find('='), field.size());
    const auto name = percent_decode(field.substr(0, equals), true);
    const auto value = percent_decode(field.substr(std::min(equals + 1, field.size())), true);
    // A field that breaks the grammar is as good as absent: nothing here depends on unknown ones.
    if (name && value && !name->empty() && query_.size() < fields_max) {
      query_.emplace_back(*name, *value);
    }
  }
}

void Request::read_cookies(std::string_view text) {
  for (const std::string_view pair : base::split(text, ';')) {
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || cookies_.size() >= fields_max) {
      continue;
    }
    cookies_.emplace_back(base::trim(pair.substr(0, equals)), base::trim(pair.substr(equals + 1)));
  }
}

std::optional<std::string_view> Request::query(std::string_view name) const {
  return first_of(query_, name);
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
  std::optional<std::string_view> found;
  for (const auto& [key, value] : cookies_) {
    if (key == name) {
      if (found && *found != value) {
        return std::nullopt;
      }
      found = value;
    }
  }
  return found;
}

std::string_view Request::header(std::string_view name) const {
  return first_of(headers_, base::to_lower(name)).value_or(std::string_view());
}

}  // namespace web
