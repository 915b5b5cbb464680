// webmail-cgi/jmap/method.hh -- what a JMAP method is: a name, and a blocking function.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A method runs on a worker thread and may block on disk. Calls of one account never run at the
// same time; calls of different accounts do, so a method keeps no state of its own without a lock.
// RFC 8620 s3.2 to s3.7. The table is in webmail-cgi/jmap/methods.cc.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.hh"
#include "base/json.hh"
#include "base/json_writer.hh"
#include "base/result.hh"

#include "webmail-cgi/account.hh"

namespace webmail::jmap {

// The limits a client reads in the Session object (RFC 8620 s2).
struct Limits {
  std::size_t max_size_request = 10U << 20U;
  std::size_t max_concurrent_requests = 4;
  std::size_t max_calls_in_request = 32;
  std::size_t max_objects_in_get = 1000;
  std::size_t max_objects_in_set = 1000;
};

// One method call, its back references already replaced and its `accountId`, where the method asks
// for one, already checked to be `account.id`.
class MethodCall {
 public:
  MethodCall(const Account& account, const base::JsonValue& arguments, const Limits& limits,
             base::SteadyTime deadline)
      : account_(account), arguments_(arguments), limits_(limits), deadline_(deadline) {}

  const Account& account() const { return account_; }
  // Always a JSON object. Views into it live as long as the call.
  const base::JsonValue& arguments() const { return arguments_; }
  const Limits& limits() const { return limits_; }
  // A long loop stops here with Errc::timeout.
  base::SteadyTime deadline() const { return deadline_; }

  // A method-level error of an explicit type (RFC 8620 s3.6.2, RFC 8621): `return
  // call.refuse("unsupportedFilter", "text is not indexed");`. The client sees both. Any other
  // Error becomes the type base/reply.hh has for its code, and the client sees no detail of it.
  base::Error refuse(std::string_view type, std::string_view description) {
    refusal_.emplace(Refusal{std::string(type), std::string(description)});
    return base::make_error(base::Errc::malformed, refusal_->description);
  }

  struct Refusal {
    std::string type;
    std::string description;
  };
  const std::optional<Refusal>& refusal() const { return refusal_; }

 private:
  const Account& account_;
  const base::JsonValue& arguments_;
  const Limits& limits_;
  base::SteadyTime deadline_;
  std::optional<Refusal> refusal_;
};

// Writes exactly one JSON object, the response's arguments, into `response`, which is empty. On an
// error whatever was written is thrown away.
using MethodFunction = base::Result<void> (*)(MethodCall& call, base::JsonWriter& response);

struct Method {
  std::string_view name;        // "Email/get"
  std::string_view capability;  // must stand in the request's `using`
  bool needs_account;           // `accountId` is demanded and checked before the call
  MethodFunction run;
};

inline constexpr std::string_view core_capability = "urn:ietf:params:jmap:core";
inline constexpr std::string_view mail_capability = "urn:ietf:params:jmap:mail";

// All methods of this server.
std::span<const Method> methods();

}  // namespace webmail::jmap
