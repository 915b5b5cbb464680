// webmail-cgi/jmap/reference.hh -- back references: "#ids" arguments filled from earlier responses.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// RFC 8620 s3.7: {"resultOf": call id, "name": method, "path": JSON pointer (RFC 6901) in which "*"
// stands for every item of an array, whose results are joined into one array}.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hh"
#include "base/result.hh"

namespace webmail::jmap {

// One entry of the request's methodResponses so far.
struct MethodResponse {
  std::string name;       // "error" when the call failed
  std::string arguments;  // JSON text of an object
  std::string call_id;
};

// The value a path names in `document`, as JSON text. not_found when the path leads nowhere,
// over_quota when the text would be longer than `limit`.
base::Result<std::string> evaluate_path(const base::JsonValue& document, std::string_view path,
                                        std::size_t limit);

// True when an argument's name starts with "#".
bool has_references(const base::JsonObject& arguments);

// `arguments` with every reference replaced, as JSON text. exists when an argument is given both
// ways (invalidArguments); any other error means invalidResultReference.
base::Result<std::string> resolve_references(const base::JsonObject& arguments,
                                             std::span<const MethodResponse> responses,
                                             std::size_t limit);

}  // namespace webmail::jmap
