// cli/policyd.hh -- asking policyd by its control socket, for all verbs whose state it owns.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "cli/verb.hh"

namespace cli {

// For the options of each such verb.
inline constexpr Option policyd_socket_option{"socket", "PATH", "Control socket of policyd."};

// The members of a control request's JSON object.
class Members {
 public:
  void text(std::string_view key, std::string_view value);
  void texts(std::string_view key, std::span<const std::string> values);
  void number(std::string_view key, std::int64_t value);
  void flag(std::string_view key, bool value);
  const std::string& json() const { return json_; }

 private:
  void add(std::string_view key, std::string_view json);
  std::string json_{};
};

// Calls `on_row` with the JSON of each row; the last line of the answer. unavailable when policyd
// does not run; what it answers as error otherwise.
base::Result<std::string> ask_policyd(const Call& call, std::string_view verb,
                                      const Members& members,
                                      const std::function<void(std::string_view json)>& on_row);

}  // namespace cli
