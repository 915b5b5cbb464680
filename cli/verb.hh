// cli/verb.hh -- what a verb of the posthouse command is; each room of verbs has a table of them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// To add verbs: a file cli/ROOM.cc with a constexpr table and a function ROOM_verbs(), declared
// below and named in verb.cc. Help, shell completion and the checks of a command line come from the
// tables.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.hh"

#include "cli/arguments.hh"
#include "cli/output.hh"

namespace cli {

struct Verb;

struct Call {
  const Verb& verb;
  const Arguments& arguments;
  Output& output;
};

// What a verb does to the directory, which gives it options beside its own.
enum class Effect {
  none,    // nothing
  reads,   // --as
  writes,  // --as, --dry-run
  bulk,    // these and --csv, --atomic
};

struct Verb {
  std::string_view name;      // "user add"; one or two words
  std::string_view synopsis;  // the words it takes: "ADDRESS"
  std::string_view summary;   // one sentence
  std::size_t least_words;
  std::size_t most_words;
  std::span<const Option> options;  // besides those of its effect and common_options()
  // The error is printed and gives the exit code (exit_code.hh).
  base::Result<void> (*run)(Call& call);
  Effect effect = Effect::none;
};

std::span<const Verb> domain_verbs();
std::span<const Verb> user_verbs();
std::span<const Verb> alias_verbs();
std::span<const Verb> store_verbs();
std::span<const Verb> manager_verbs();
std::span<const Verb> app_password_verbs();
std::span<const Verb> directory_verbs();
std::span<const Verb> mail_verbs();
std::span<const Verb> lists_verbs();
std::span<const Verb> greylist_verbs();
std::span<const Verb> policy_verbs();
std::span<const Verb> rate_verbs();
std::span<const Verb> trap_verbs();
std::span<const Verb> spf_verbs();
std::span<const Verb> webmail_verbs();
std::span<const Verb> completion_verbs();

// All of them, in the order of the help.
std::span<const Verb* const> all_verbs();

// The options of a verb and of its effect.
std::vector<Option> options_of(const Verb& verb);

// The words behind a verb's name; malformed as parse_arguments(). With --csv they stand in the
// file.
base::Result<Arguments> parse_call(const Verb& verb, std::span<const std::string_view> given);

}  // namespace cli
