// test/fuzz/fuzz_http_request.cc -- any text as path, query, cookies and headers of a request.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Input: lines NAME=VALUE, each a CGI parameter.
#include <algorithm>
#include <cstdint>

#include "base/text.hh"

#include "web-lib/request.hh"
#include "web-lib/response.hh"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  web::FastcgiParams params;
  for (const std::string_view line : base::split(text, '\n')) {
    const std::size_t equals = std::min(line.find('='), line.size());
    params.emplace_back(line.substr(0, equals), line.substr(std::min(equals + 1, line.size())));
  }
  const auto request = web::Request::from_cgi(params, "");
  web::Response response(200);
  response.header("X-Any", text);
  response.header("Content-Disposition", web::attachment_disposition(text));
  response.header("Content-Type", web::safe_media_type(text));
  const std::string head = response.head();
  std::size_t lines = 0;
  for (const char c : head) {
    lines += c == '\n' ? 1 : 0;
  }
  if (lines != 6) {
    __builtin_trap();  // a header was injected
  }
  if (request) {
    (void)request->cookie("__Host-sid");
    (void)request->query("type");
    for (const std::string& segment : request->segments()) {
      if (segment == ".." || !base::is_utf8(segment)) {
        __builtin_trap();
      }
    }
  }
  return 0;
}
