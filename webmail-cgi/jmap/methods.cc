// webmail-cgi/jmap/methods.cc -- the table of all JMAP methods, and Core/echo.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/jmap/mail_methods.hh"

namespace webmail::jmap {

namespace {

// RFC 8620 s4.
base::Result<void> core_echo(MethodCall& call, base::JsonWriter& response) {
  response.raw(simdjson::minify(call.arguments()));
  return {};
}

constexpr Method table[] = {
    {"Core/echo", core_capability, false, core_echo},
    {"Mailbox/get", mail_capability, true, mailbox_get},
    {"Mailbox/changes", mail_capability, true, mailbox_changes},
    {"Thread/get", mail_capability, true, thread_get},
    {"Email/get", mail_capability, true, email_get},
    {"Email/changes", mail_capability, true, email_changes},
    {"Email/query", mail_capability, true, email_query},
};

}  // namespace

std::span<const Method> methods() {
  return table;
}

}  // namespace webmail::jmap
