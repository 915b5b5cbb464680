// web-lib/response.cc -- headers as text, and the few header values with a grammar of their own.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/response.hh"

#include <algorithm>

#include "base/json_writer.hh"
#include "base/must.hh"
#include "base/text.hh"

#include "web-lib/request.hh"

namespace web {

namespace {

constexpr std::size_t file_name_max = 200;

bool is_token(std::string_view text) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    const char low = base::lower(c);
    return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') ||
           marks.find(c) != std::string_view::npos;
  });
}

struct Reason {
  int status;
  std::string_view text;
};
constexpr Reason reasons[] = {
    {200, "OK"},
    {204, "No Content"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {413, "Content Too Large"},
    {415, "Unsupported Media Type"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
};

std::string_view reason_of(int status) {
  for (const Reason& row : reasons) {
    if (row.status == status) {
      return row.text;
    }
  }
  return "Other";
}

}  // namespace

Response& Response::header(std::string_view name, std::string_view value) {
  base::must(is_token(name), "header names are written in our code");
  std::string clean(value);
  std::replace_if(
      clean.begin(), clean.end(),
      [](char c) { return static_cast<std::uint8_t>(c) < 0x20 || c == 0x7F; }, ' ');
  for (auto& [key, old] : headers_) {
    if (base::iequals(key, name)) {
      old = std::move(clean);
      return *this;
    }
  }
  headers_.emplace_back(name, std::move(clean));
  return *this;
}

Response& Response::body(std::string_view type, Body content) {
  body_ = std::move(content);
  return header("Content-Type", type);
}

std::string_view Response::header_value(std::string_view name) const {
  for (const auto& [key, value] : headers_) {
    if (base::iequals(key, name)) {
      return value;
    }
  }
  return {};
}

std::uint64_t Response::size() const {
  const auto* text = std::get_if<std::string>(&body_);
  return text != nullptr ? text->size() : std::get<FileBody>(body_).size;
}

std::string Response::head() const {
  std::string out = "Status: " + std::to_string(status_) + " ";
  out += reason_of(status_);
  out += "\r\n";
  for (const auto& [name, value] : headers_) {
    out.append(name).append(": ").append(value).append("\r\n");
  }
  if (status_ != 204) {
    out += "Content-Length: " + std::to_string(size()) + "\r\n";
  }
  return out += "\r\n";
}

Response problem(int status, std::string_view detail, std::string_view type,
                 std::string_view limit) {
  base::JsonWriter json;
  json.begin_object().key("type").string(type).key("status").number(status);
  if (!limit.empty()) {
    json.key("limit").string(limit);
  }
  json.key("detail").string(detail).end_object();
  Response response(status);
  response.body("application/problem+json", json.take());
  return response;
}

std::string safe_media_type(std::string_view type) {
  const auto parts = base::split(type, ';');
  std::string essence = base::to_lower(base::trim(parts.front()));
  const std::size_t slash = essence.find('/');
  if (essence.size() > 127 || slash == std::string::npos ||
      !is_token(std::string_view(essence).substr(0, slash)) ||
      !is_token(std::string_view(essence).substr(slash + 1))) {
    return "application/octet-stream";
  }
  for (const std::string_view part : parts) {
    const std::string_view parameter = base::trim(part);
    if (base::istarts_with(parameter, "charset=") && parameter.size() < 60 &&
        is_token(parameter.substr(8))) {
      return essence + "; " + std::string(parameter);
    }
  }
  return essence;
}

std::string attachment_disposition(std::string_view name) {
  std::string clean;
  for (const char c : name.substr(name.find_last_of("/\\") + 1).substr(0, file_name_max)) {
    if (static_cast<std::uint8_t>(c) >= 0x20 && c != 0x7F) {
      clean += c;
    }
  }
  while (!clean.empty() && !base::is_utf8(clean)) {
    clean.pop_back();  // cut inside a character, or never UTF-8
  }
  if (clean.empty() || clean == "." || clean == "..") {
    return "attachment";
  }
  std::string plain = clean;
  std::replace_if(
      plain.begin(), plain.end(),
      [](char c) {
        return static_cast<std::uint8_t>(c) >= 0x80 || c == '"' || c == '\\' || c == '%';
      },
      '_');
  return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + percent_encode(clean);
}

}  // namespace web
