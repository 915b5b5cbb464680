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

// `ids`, or for null those of all Emails ('E') or all Threads ('T'), newest first; requestTooLarge
// when there are more Emails than the limit.
base::Result<std::vector<std::string>> ids_or_all(MethodCall& call,
                                                  std::optional<std::vector<std::string>> ids,
                                                  maildir::Index& index, char letter);

// Threads of all Emails, while a first build goes on; timeout when the call's deadline is too near.
base::Result<void> complete_threads(MethodCall& call, maildir::Index& index);

base::Error invalid_argument(MethodCall& call, std::string_view key, std::string_view why);

}  // namespace webmail::jmap
