// cli/verb.cc -- the one table of verbs, and the command lines it takes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/verb.hh"

#include <algorithm>
#include <array>

namespace cli {

namespace {

constexpr std::array rooms{
    domain_verbs,    user_verbs, alias_verbs,   store_verbs,      manager_verbs, app_password_verbs,
    directory_verbs, mail_verbs, lists_verbs,   greylist_verbs,   policy_verbs,  rate_verbs,
    trap_verbs,      spf_verbs,  webmail_verbs, completion_verbs,
};

constexpr std::array<Option, 4> effect_options{{
    {"as", "MANAGER", "Act with the rights of this manager, and in its name."},
    {"dry-run", "", "Check everything, and change nothing."},
    {"csv", "FILE", "Do it for every line of a CSV file, or of standard input: -."},
    {"atomic", "", "With --csv: do nothing at all when any line is bad."},
}};

std::span<const Option> options_of(Effect effect) {
  const std::span<const Option> all(effect_options);
  switch (effect) {
    case Effect::none:
      return {};
    case Effect::reads:
      return all.first(1);
    case Effect::writes:
      return all.first(2);
    case Effect::bulk:
      return all;
  }
  return {};
}

}  // namespace

std::span<const Verb* const> all_verbs() {
  static const auto verbs = [] {
    std::vector<const Verb*> all;
    for (const auto verbs_of : rooms) {
      for (const Verb& verb : verbs_of()) {
        all.push_back(&verb);
      }
    }
    return all;
  }();
  return verbs;
}

std::vector<Option> options_of(const Verb& verb) {
  std::vector<Option> options(verb.options.begin(), verb.options.end());
  const auto more = options_of(verb.effect);
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

base::Result<Arguments> parse_call(const Verb& verb, std::span<const std::string_view> given) {
  const auto options = options_of(verb);
  const bool from_file = verb.effect == Effect::bulk &&
                         std::any_of(given.begin(), given.end(), [](std::string_view word) {
                           return word == "--csv" || word.starts_with("--csv=");
                         });
  auto arguments = parse_arguments(options, from_file ? 0 : verb.least_words,
                                   from_file ? 0 : verb.most_words, given);
  if (arguments && arguments->has("atomic") && !arguments->has("csv")) {
    return base::make_error(base::Errc::malformed, "--atomic needs --csv");
  }
  return arguments;
}

}  // namespace cli
