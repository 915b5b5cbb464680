// test/fuzz/fuzz_fastcgi.cc -- any bytes from a web server, whole and split, and what is in them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <cstdint>

#include "web-lib/fastcgi.hh"
#include "web-lib/request.hh"

namespace {

// Feeds `bytes` in pieces of `step` and answers what comes; how many requests came.
std::size_t serve(std::string_view bytes, std::size_t step) {
  web::FastcgiConnection connection({4096, 4096});
  std::size_t requests = 0;
  while (!bytes.empty()) {
    if (!connection.receive(bytes.substr(0, step))) {
      break;
    }
    bytes.remove_prefix(std::min(step, bytes.size()));
    if (auto request = connection.next_request()) {
      ++requests;
      if (request->body.size() > 4096) {
        __builtin_trap();
      }
      (void)web::Request::from_cgi(request->params, std::move(request->body));
      connection.respond("Status: 200 OK\r\n\r\nx");
      connection.finish();
    }
    (void)connection.take_output();
  }
  return requests;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  (void)serve(bytes, bytes.size());
  (void)serve(bytes, 1);
  (void)serve(bytes, 9);
  return 0;
}
