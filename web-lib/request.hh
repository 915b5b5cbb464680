// web-lib/request.hh -- an HTTP request as a FastCGI responder gets it: read once, strictly.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The web server has parsed HTTP; what it passes on is still the client's text. RFC 3875 names
// the parameters, RFC 9110 and RFC 6265 s5.4 the grammars. No I/O.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hh"

#include "web-lib/fastcgi.hh"

namespace web {

enum class Method { get, head, post, other };

class Request {
 public:
  // From CGI parameters. malformed: no or broken REQUEST_METHOD or REQUEST_URI, a path that is not
  // absolute, has "." or ".." parts or broken %-escapes, or decodes to a control byte or to what is
  // not UTF-8.
  static base::Result<Request> from_cgi(const FastcgiParams& params, std::string body);

  Method method() const { return method_; }
  // The path's parts, decoded: "/jmap/download/a/b%2Fc" -> {"jmap", "download", "a", "b/c"}. A
  // final "/" makes an empty last part.
  const std::vector<std::string>& segments() const { return segments_; }
  // The path as it was sent, without the query; printable ASCII.
  const std::string& path() const { return path_; }

  // The first query field of that name, decoded.
  std::optional<std::string_view> query(std::string_view name) const;
  // The one cookie of that name; nothing when it is sent twice with different values, which only
  // an attacker's foreign cookie can cause.
  std::optional<std::string_view> cookie(std::string_view name) const;
  // A header by its name in any case ("X-Requested-With"); empty text when absent.
  std::string_view header(std::string_view name) const;

  // Without parameters, lower case: "application/json".
  const std::string& content_type() const { return content_type_; }
  // REMOTE_ADDR: the client's address, as the web server saw it.
  const std::string& client() const { return client_; }
  const std::string& body() const { return body_; }
  std::string take_body() { return std::move(body_); }

 private:
  using Fields = std::vector<std::pair<std::string, std::string>>;

  base::Result<void> read_target(std::string_view target);
  void read_cookies(std::string_view text);
  void read_query(std::string_view text);

  Method method_ = Method::other;
  std::string path_;
  std::vector<std::string> segments_;
  Fields query_;
  Fields cookies_;
  Fields headers_;  // lower case names
  std::string content_type_;
  std::string client_;
  std::string body_;
};

// %-decoding; `plus_is_space` as in a query. malformed on a broken escape.
base::Result<std::string> percent_decode(std::string_view text, bool plus_is_space);
// Everything but RFC 3986's unreserved characters as %XX.
std::string percent_encode(std::string_view text);

}  // namespace web
