// cli/verb_test.cc -- the table of verbs is whole, and the completion made from it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/verb.hh"

#include <cstdio>
#include <cstdlib>
#include <set>

#include <boost/test/unit_test.hpp>

namespace {

const cli::Verb& verb_of(std::string_view name) {
  for (const cli::Verb* verb : cli::all_verbs()) {
    if (verb->name == name) {
      return *verb;
    }
  }
  BOOST_FAIL("no verb " << name);
  return *cli::all_verbs().front();
}

base::Result<cli::Arguments> parse(std::string_view name, std::vector<std::string_view> given) {
  return cli::parse_call(verb_of(name), given);
}

BOOST_AUTO_TEST_SUITE(verbs)

BOOST_AUTO_TEST_CASE(every_verb_is_explained_and_has_no_option_twice) {
  std::set<std::string_view> names;
  for (const cli::Verb* verb : cli::all_verbs()) {
    BOOST_TEST(names.insert(verb->name).second);
    BOOST_TEST(verb->summary.back() == '.');
    BOOST_TEST(verb->least_words <= verb->most_words);
    std::set<std::string_view> options;
    for (const cli::Option& option : cli::options_of(*verb)) {
      BOOST_TEST(options.insert(option.name).second, verb->name << " --" << option.name);
      BOOST_TEST(option.help.back() == '.');
    }
  }
}

BOOST_AUTO_TEST_CASE(words_stand_in_the_file_when_there_is_one) {
  BOOST_TEST(parse("user add", {"a@b.example"}).has_value());
  BOOST_TEST(parse("user add", {"--csv", "-", "--atomic"}).has_value());
  BOOST_TEST(!parse("user add", {}));
  BOOST_TEST(!parse("user add", {"a@b.example", "--csv=-"}));
  BOOST_TEST(!parse("user add", {"a@b.example", "--atomic"}));
  BOOST_TEST(!parse("user list", {"--csv=-"}));
  BOOST_TEST(!parse("user list", {"--dry-run"}));
  BOOST_TEST(parse("user list", {"--as", "m@b.example"}).has_value());
  BOOST_TEST(!parse("greylist list", {"--as", "m@b.example"}));
}

BOOST_AUTO_TEST_CASE(completion_names_every_verb_and_option) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  cli::Output output(stream, false, false);
  const cli::Verb& verb = verb_of("completion");
  const auto arguments = parse("completion", {"bash"});
  cli::Call call{verb, *arguments, output};
  BOOST_TEST(verb.run(call).has_value());
  BOOST_TEST(output.flush());
  std::fclose(stream);
  const std::string script(text, size);
  ::free(text);
  for (const cli::Verb* one : cli::all_verbs()) {
    BOOST_TEST(script.find("'" + std::string(one->name) + "'") != std::string::npos);
    for (const cli::Option& option : cli::options_of(*one)) {
      BOOST_TEST(script.find("--" + std::string(option.name)) != std::string::npos);
    }
  }
  BOOST_TEST(script.find('@') == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
