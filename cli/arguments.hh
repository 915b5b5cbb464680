// cli/arguments.hh -- the words behind a verb: positional ones and options, checked by its table.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

namespace cli {

// An option of a verb. `--name VALUE` and `--name=VALUE` are the same.
struct Option {
  std::string_view name;        // without "--"
  std::string_view value_name;  // "SIZE"; empty: it takes none
  std::string_view help;        // one sentence
  bool may_repeat = false;
};

struct Arguments {
  std::vector<std::string> words;  // all that is no option
  std::map<std::string, std::vector<std::string>, std::less<>> options;

  bool has(std::string_view option) const { return options.find(option) != options.end(); }
  // Of an option that is there once.
  std::optional<std::string> value(std::string_view option) const;
  // Of an option that may repeat, each also split at commas.
  std::vector<std::string> values(std::string_view option) const;
};

// What every verb understands.
std::span<const Option> common_options();

// malformed for an unknown option, a missing or an unwanted value, an option given twice, and fewer
// or more words than the verb takes. "--" ends the options.
base::Result<Arguments> parse_arguments(std::span<const Option> options, std::size_t least_words,
                                        std::size_t most_words,
                                        std::span<const std::string_view> given);

}  // namespace cli
