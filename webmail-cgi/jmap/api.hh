// webmail-cgi/jmap/api.hh -- POST /jmap/api: a JMAP request in, a response or a problem out.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// RFC 8620 s3.3 to s3.7. It blocks as its methods do: worker threads only, one request of an
// account at a time. Its own limits keep references from growing without bound.
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "base/clock.hh"
#include "base/result.hh"

#include "web-lib/response.hh"

#include "webmail-cgi/account.hh"
#include "webmail-cgi/jmap/method.hh"

namespace webmail::jmap {

struct ApiContext {
  const Account& account;
  const Limits& limits;
  const base::Clock& clock;
  base::SteadyTime deadline;        // the calls after it answer serverUnavailable
  std::string_view session_state;   // the Session object's
  std::span<const Method> methods;  // methods(), or a test's
  // Gets each failure that is not the client's, for the log.
  std::function<void(std::string_view method, const base::Error& why)> report;
};

web::Response answer_request(const ApiContext& context, std::string_view body);

}  // namespace webmail::jmap
