// cli/arguments.cc -- one pass over the words of a command line.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.hh"

#include <array>

#include "base/text.hh"

namespace cli {

namespace {

using base::Errc;

constexpr std::array<Option, 3> common{{
    {"config", "FILE", "Settings of the directory; /etc/posthouse/directory.conf otherwise."},
    {"json", "", "Print JSON for programs."},
    {"help", "", "Print how the verb is used."},
}};

const Option* find_option(std::span<const Option> options, std::string_view name) {
  for (const Option& option : options) {
    if (option.name == name) {
      return &option;
    }
  }
  return nullptr;
}

base::Error wrong(std::string detail, std::string hint = {}) {
  return base::make_error(Errc::malformed, std::move(detail), std::move(hint));
}

class Parser {
 public:
  Parser(std::span<const Option> options, std::span<const std::string_view> given)
      : options_(options), given_(given) {}

  base::Result<Arguments> run() {
    bool options_ended = false;
    while (at_ < given_.size()) {
      const std::string_view word = given_[at_++];
      if (!options_ended && word == "--") {
        options_ended = true;
      } else if (!options_ended && word.size() > 1 && word.front() == '-') {
        if (auto ok = take_option(word); !ok) {
          return ok.error();
        }
      } else {
        arguments_.words.emplace_back(word);
      }
    }
    return std::move(arguments_);
  }

 private:
  base::Result<void> take_option(std::string_view word) {
    const std::string shown = base::printable(word, 60);
    const std::size_t equals = word.find('=');
    const std::string_view name = word.substr(2, equals == word.npos ? equals : equals - 2);
    const Option* option = word.starts_with("--") ? find_option(options_, name) : nullptr;
    option = option == nullptr && word.starts_with("--") ? find_option(common, name) : option;
    if (option == nullptr) {
      return wrong("no option " + shown,
                   "--help lists them; write -- before words that begin with -");
    }
    std::string value;
    if (option->value_name.empty()) {
      if (equals != std::string_view::npos) {
        return wrong("--" + std::string(name) + " takes no value");
      }
    } else if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (at_ < given_.size()) {
      value = given_[at_++];
    } else {
      return wrong("--" + std::string(name) + " needs a value",
                   "--" + std::string(name) + " " + std::string(option->value_name));
    }
    auto& values = arguments_.options[std::string(name)];
    if (!values.empty() && !option->may_repeat) {
      return wrong("--" + std::string(name) + " is given twice");
    }
    values.push_back(std::move(value));
    return {};
  }

  std::span<const Option> options_;
  std::span<const std::string_view> given_;
  std::size_t at_ = 0;
  Arguments arguments_{};
};

}  // namespace

std::optional<std::string> Arguments::value(std::string_view option) const {
  const auto found = options.find(option);
  return found == options.end() ? std::nullopt : std::optional(found->second.front());
}

std::vector<std::string> Arguments::values(std::string_view option) const {
  std::vector<std::string> out;
  const auto found = options.find(option);
  if (found != options.end()) {
    for (const std::string& text : found->second) {
      for (const std::string_view word : base::split_words(text)) {
        out.emplace_back(word);
      }
    }
  }
  return out;
}

std::span<const Option> common_options() {
  return common;
}

base::Result<Arguments> parse_arguments(std::span<const Option> options, std::size_t least_words,
                                        std::size_t most_words,
                                        std::span<const std::string_view> given) {
  auto arguments = Parser(options, given).run();
  if (!arguments || arguments->has("help")) {
    return arguments;
  }
  if (arguments->words.size() < least_words) {
    return wrong("a word is missing");
  }
  if (arguments->words.size() > most_words) {
    return wrong("one word too many: " + base::printable(arguments->words[most_words], 60));
  }
  return arguments;
}

}  // namespace cli
