// test/fuzz/fuzz_dovecot_auth.cc -- any bytes as the answers of Dovecot's two auth sockets.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "base/text.hh"

#include "webmail-cgi/dovecot_auth.hh"

namespace {

void ask(webmail::DovecotAuth::Kind kind, std::string_view bytes) {
  webmail::DovecotAuth auth(kind, 1);
  for (int i = 0; i < 3; ++i) {
    if (kind == webmail::DovecotAuth::Kind::client) {
      (void)auth.ask_password("alice@example.org", "secret", "192.0.2.1");
    } else {
      (void)auth.look_up("alice@example.org");
    }
  }
  const std::size_t half = bytes.size() / 2;
  if (!auth.receive(bytes.substr(0, half)) || !auth.receive(bytes.substr(half))) {
    return;
  }
  std::size_t replies = 0;
  while (const auto reply = auth.next_reply()) {
    ++replies;
    if (reply->verdict == webmail::AuthReply::Verdict::ok && reply->user.empty()) {
      __builtin_trap();
    }
  }
  if (replies > 3) {
    __builtin_trap();  // more answers than questions
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  ask(webmail::DovecotAuth::Kind::client, bytes);
  ask(webmail::DovecotAuth::Kind::userdb, bytes);
  const std::string escaped = webmail::escape_auth_field(bytes);
  if (escaped.find_first_of("\t\n") != std::string::npos ||
      webmail::unescape_auth_field(escaped) != bytes) {
    __builtin_trap();
  }
  return 0;
}
