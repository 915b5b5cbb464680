// webmail-cgi/jmap/methods.cc -- the table of all JMAP methods, and Core/echo.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/method.hh"

namespace webmail::jmap {

namespace {

// RFC 8620 s4.
base::Result<void> core_echo(MethodCall& call, base::JsonWriter& response) {
  response.raw(simdjson::minify(call.arguments()));
  return {};
}

constexpr Method table[] = {
    {"Core/echo", core_capability, false, core_echo},
};

}  // namespace

std::span<const Method> methods() {
  return table;
}

}  // namespace webmail::jmap
