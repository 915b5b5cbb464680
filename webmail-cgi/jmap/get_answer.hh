// webmail-cgi/jmap/get_answer.hh -- the answer of every /get method (RFC 8620 s5.1).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_writer.hh"
#include "base/result.hh"

#include "webmail-cgi/jmap/method.hh"

namespace webmail::jmap {

// Appends the object of an id; false when there is none of that id.
using WriteOne = std::function<base::Result<bool>(const std::string& id, base::JsonWriter& out)>;

// accountId, state, list and notFound. timeout when the call's deadline passes on the way.
base::Result<void> answer_get(MethodCall& call, std::string_view state,
                              const std::vector<std::string>& ids, const WriteOne& write_one,
                              base::JsonWriter& response);

}  // namespace webmail::jmap
