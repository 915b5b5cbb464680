// test/fuzz/fuzz_jmap_request.cc -- any body posted to /jmap/api, answered with Core/echo alone.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <cstdint>

#include "webmail-cgi/jmap/api.hh"

namespace {

base::Result<void> echo(webmail::jmap::MethodCall& call, base::JsonWriter& response) {
  response.raw(simdjson::minify(call.arguments()));
  return {};
}

constexpr webmail::jmap::Method table[] = {
    {"Core/echo", webmail::jmap::core_capability, false, echo},
    {"Email/get", webmail::jmap::mail_capability, true, echo},
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const webmail::Account account{"a@example.org", "a1", "/m/a", "/m/a/Maildir"};
  const webmail::jmap::Limits limits{.max_size_request = 65536, .max_calls_in_request = 16};
  const base::ManualClock clock(base::WallTime(std::chrono::milliseconds(1)));
  const auto response = webmail::jmap::answer_request(
      {account, limits, clock, clock.ticks() + std::chrono::seconds(1), "s", table,
       [](std::string_view, const base::Error&) {}},
      body);
  base::JsonParser parser;
  // An answer may nest deeper than we read ourselves, but a plain one must be JSON.
  const auto* text = std::get_if<std::string>(&response.content());
  if (text == nullptr || (response.status() == 400 && !parser.parse(*text))) {
    __builtin_trap();
  }
  return 0;
}
