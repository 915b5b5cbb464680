// cli/verb.hh -- what a verb of the posthouse command is; each room of verbs has a table of them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// To add verbs: a file cli/ROOM.cc with a constexpr table and a function ROOM_verbs(), declared
// below and named in main.cc.
#pragma once

#include <span>
#include <string_view>

#include "base/result.hh"

#include "cli/arguments.hh"
#include "cli/output.hh"

namespace cli {

struct Call {
  const Arguments& arguments;
  Output& output;
};

struct Verb {
  std::string_view name;      // "user add"; one or two words
  std::string_view synopsis;  // the words it takes: "ADDRESS"
  std::string_view summary;   // one sentence
  std::size_t least_words;
  std::size_t most_words;
  std::span<const Option> options;  // besides common_options()
  // The error is printed and gives the exit code (exit_code.hh).
  base::Result<void> (*run)(Call& call);
};

std::span<const Verb> directory_verbs();  // domain, user, alias
std::span<const Verb> greylist_verbs();   // greylist
std::span<const Verb> policy_verbs();     // policy

}  // namespace cli
