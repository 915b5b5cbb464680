// webmail-cgi/jmap/arguments.hh -- reading a method's arguments; a wrong type is invalidArguments.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

#include "webmail-cgi/jmap/method.hh"
#include "webmail-cgi/jmap/store.hh"

namespace webmail::jmap {

// Absent and null are nothing; another type is an error that names the argument.
base::Result<std::optional<std::vector<std::string>>> list_argument(MethodCall& call,
                                                                    std::string_view key);
base::Result<std::optional<std::string>> text_argument(MethodCall& call, std::string_view key);
base::Result<std::optional<std::int64_t>> number_argument(MethodCall& call, std::string_view key);
base::Result<bool> bool_argument(MethodCall& call, std::string_view key, bool fallback);

// `ids` of a /get call, each once, in the order asked for; nothing for null. requestTooLarge beyond
// the limit.
base::Result<std::optional<std::vector<std::string>>> ids_argument(MethodCall& call);

// `ids`, or for null those of all Emails behind `letter`, newest first; requestTooLarge when they
// are more than the limit.
base::Result<std::vector<std::string>> ids_or_all(MethodCall& call,
                                                  std::optional<std::vector<std::string>> ids,
                                                  const Store& store, char letter);

base::Error invalid_argument(MethodCall& call, std::string_view key, std::string_view why);

}  // namespace webmail::jmap
