// web-lib/response.hh -- an HTTP response: status, headers that cannot be injected into, a body.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/handle.hh"
#include "base/result.hh"

namespace web {

// A stretch of an open regular file, read piece by piece while it is sent.
struct FileBody {
  base::Fd file;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

using Body = std::variant<std::string, FileBody>;

class Response {
 public:
  explicit Response(int status) : status_(status) {}

  // Sets or replaces a header. The name is ours and must be a token; the value may come from
  // outside: control bytes in it, line ends above all, become spaces.
  Response& header(std::string_view name, std::string_view value);
  Response& body(std::string_view type, Body content);

  int status() const { return status_; }
  std::string_view header_value(std::string_view name) const;
  std::uint64_t size() const;  // of the body
  // "Status: 200 OK", the headers, the blank line (RFC 3875 s6.3).
  std::string head() const;
  const Body& content() const { return body_; }
  Body take_content() { return std::move(body_); }

 private:
  int status_;
  std::vector<std::pair<std::string, std::string>> headers_;
  Body body_;
};

// RFC 7807: `type` is "about:blank" or a URI; `detail` may be shown to the user.
Response problem(int status, std::string_view detail, std::string_view type = "about:blank",
                 std::string_view limit = {});

// A media type that is safe to send back: "type/subtype" of token characters, lower case, its
// charset kept when it is a token. Anything else is "application/octet-stream".
std::string safe_media_type(std::string_view type);

// RFC 6266: `attachment` with the file name in both forms. The name loses folders and controls.
std::string attachment_disposition(std::string_view name);

}  // namespace web
