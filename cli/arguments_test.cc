// cli/arguments_test.cc -- command lines, right and wrong.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.hh"

#include <array>

#include <boost/test/unit_test.hpp>

namespace {

constexpr std::array<cli::Option, 3> options{{
    {"quota", "SIZE", ""},
    {"disable", "SERVICE", "", true},
    {"no-password", "", ""},
}};

base::Result<cli::Arguments> parse(std::vector<std::string_view> given) {
  return cli::parse_arguments(options, 1, 2, given);
}

BOOST_AUTO_TEST_SUITE(arguments)

BOOST_AUTO_TEST_CASE(options_and_words_may_stand_in_any_order) {
  const auto parsed =
      parse({"--quota", "2G", "alice", "--disable=pop3,imap", "--json", "--disable", "sieve"});
  BOOST_REQUIRE(parsed.has_value());
  BOOST_TEST(parsed->words.size() == 1);
  BOOST_TEST(*parsed->value("quota") == "2G");
  BOOST_TEST((parsed->values("disable") == std::vector<std::string>{"pop3", "imap", "sieve"}));
  BOOST_TEST(parsed->has("json"));
  BOOST_TEST(!parsed->has("no-password"));
  BOOST_TEST(!parsed->value("config"));
}

BOOST_AUTO_TEST_CASE(two_hyphens_end_the_options_and_one_alone_is_a_word) {
  const auto parsed = parse({"--", "--quota", "-"});
  BOOST_REQUIRE(parsed.has_value());
  BOOST_TEST((parsed->words == std::vector<std::string>{"--quota", "-"}));
}

BOOST_AUTO_TEST_CASE(an_empty_value_is_a_value) {
  BOOST_TEST(parse({"a", "--quota="})->value("quota")->empty());
  BOOST_TEST(parse({"a", "--quota", ""})->value("quota")->empty());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_refused) {
  const std::vector<std::vector<std::string_view>> wrong{{},
                                                         {"a", "b", "c"},
                                                         {"a", "--quota"},
                                                         {"a", "--quota", "1", "--quota", "2"},
                                                         {"a", "--no-password=x"},
                                                         {"a", "--unknown"},
                                                         {"a", "-x"},
                                                         {"a", "--quotas", "1"},
                                                         {"a", "--=x"}};
  for (const auto& given : wrong) {
    BOOST_TEST(!parse(given));
  }
}

BOOST_AUTO_TEST_CASE(help_needs_no_words) {
  BOOST_TEST(parse({"--help"})->has("help"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
