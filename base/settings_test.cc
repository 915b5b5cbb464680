// base/settings_test.cc -- values with units, and mistakes told by line with advice.
// hints. SPDX-License-Identifier: GPL-3.0-or-later
#include "base/settings.hh"

#include <boost/test/unit_test.hpp>

#include "base/json.hh"

namespace {

struct Sample {
  bool active = false;
  std::int64_t prefix = 0;
  base::Duration delay{};
  base::Bytes map_size;
  std::string action;
  std::string reply;
  base::Words networks;
};

constexpr base::Setting<Sample> table[] = {
    {"active", &Sample::active, "yes", "", base::Reload::live, "Whether it acts at all."},
    {"prefix", &Sample::prefix, "24", "8..32", base::Reload::live,
     "Bits of an address that count."},
    {"delay", &Sample::delay, "5m", "1s..1d", base::Reload::live, "How long a sender waits."},
    {"map_size", &Sample::map_size, "1G", "1M..64G", base::Reload::restart, "Most bytes of state."},
    {"action", &Sample::action, "defer", "dunno|defer", base::Reload::live, "What to do in doubt."},
    {"reply", &Sample::reply, "try again", "", base::Reload::live,
     "The text of \\ the reply. Short."},
    {"networks", &Sample::networks, "127.0.0.0/8, ::1", "", base::Reload::live,
     "Own networks here."},
};
static_assert(base::is_documented(table));

std::string problems_of(std::string_view text) {
  const auto settings = base::settings_from_text(table, "s.conf", text);
  return settings ? "" : settings.error().detail;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(settings)

BOOST_AUTO_TEST_CASE(an_empty_file_gives_the_defaults) {
  const Sample s = base::settings_from_text(table, "s.conf", "").value();
  BOOST_TEST(s.active);
  BOOST_TEST(s.prefix == 24);
  BOOST_TEST((s.delay == std::chrono::minutes(5)));
  BOOST_TEST(s.map_size.count == 1ULL << 30U);
  BOOST_TEST(s.networks.size() == 2U);
}

BOOST_AUTO_TEST_CASE(lines_continue_comments_are_skipped_and_crlf_is_taken) {
  const Sample s = base::settings_from_text(table, "s.conf",
                                            "# head\r\nactive = no\r\nnetworks = 10.0.0.0/8,\n"
                                            "# between\n   192.0.2.0/24\n\t\nreply=a = b\n"
                                            "delay = 90s\n")
                       .value();
  BOOST_TEST(!s.active);
  BOOST_TEST(s.networks.size() == 2U);
  BOOST_TEST(s.networks[1] == "192.0.2.0/24");
  BOOST_TEST(s.reply == "a = b");
  BOOST_TEST((s.delay == std::chrono::seconds(90)));
}

BOOST_AUTO_TEST_CASE(each_mistake_is_named_with_line_and_advice) {
  BOOST_TEST(
      problems_of("delay = 300") ==
      "s.conf:1: delay: the unit is missing (write a number with a unit, such as 30s, 5m or 1h)");
  BOOST_TEST(problems_of("\ndelay = 2w") == "s.conf:2: delay: out of range (allowed is 1s..1d)");
  BOOST_TEST(problems_of("active = true") ==
             "s.conf:1: active: neither yes nor no (write yes or no)");
  BOOST_TEST(problems_of("actoin = defer") ==
             "s.conf:1: unknown setting 'actoin' (did you mean action?)");
  BOOST_TEST(problems_of("zzzzzzzzzzzz = 1") ==
             "s.conf:1: unknown setting 'zzzzzzzzzzzz' (--settings=conf lists all settings)");
  BOOST_TEST(problems_of("action = drop") ==
             "s.conf:1: action: 'drop' is not one of the choices (write one of dunno|defer)");
  BOOST_TEST(problems_of("prefix = 99999999999999999999").find("not a whole number") !=
             std::string::npos);
  BOOST_TEST(problems_of("map_size = 99999999999999G").find("too large") != std::string::npos);
  BOOST_TEST(problems_of("reply = \xFF").find("not UTF-8") != std::string::npos);
  BOOST_TEST(
      problems_of("active = no\nactive = no").find("s.conf:2: active is set a second time") == 0U);
}

BOOST_AUTO_TEST_CASE(what_is_no_setting_at_all_is_said_so) {
  BOOST_TEST(problems_of("  prefix = 24").find("nothing to continue") != std::string::npos);
  BOOST_TEST(problems_of("prefix 24\n 25").find("no '='") != std::string::npos);
  BOOST_TEST(problems_of(std::string_view("active = no\n\0", 13)).find(":2: a NUL byte") !=
             std::string::npos);
  BOOST_TEST(problems_of(std::string((1U << 20U) + 1, '#')).find("larger than") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_told_at_once_in_order) {
  const std::string text = problems_of("prefix = 0\nnonsense\ndelay = x");
  BOOST_TEST(text.find(":1:") < text.find(":2:"));
  BOOST_TEST(text.find(":2:") < text.find(":3:"));
}

BOOST_AUTO_TEST_CASE(the_printed_file_reads_back_as_the_defaults) {
  std::string conf = base::print_settings(base::rows_of(table), base::SettingsForm::conf);
  // Uncomment every setting line.
  for (const auto& row : table) {
    const std::string commented = "\n#" + std::string(row.name) + " =";
    const std::size_t at = conf.find(commented);
    BOOST_REQUIRE(at != std::string::npos);
    conf.erase(at + 1, 1);
  }
  BOOST_TEST(base::settings_from_text(table, "s.conf", conf).has_value());
}

BOOST_AUTO_TEST_CASE(the_other_printed_forms_are_well_formed) {
  base::JsonParser parser;
  BOOST_TEST(parser.parse(base::print_settings(base::rows_of(table), base::SettingsForm::json))
                 .has_value());
  const std::string man = base::print_settings(base::rows_of(table), base::SettingsForm::man);
  BOOST_TEST(man.find(".It Cm prefix = 24\n") != std::string::npos);
  BOOST_TEST(man.find("The text of \\e the reply.\nShort.") != std::string::npos);
  BOOST_TEST(!base::parse_settings_form("xml"));
}

BOOST_AUTO_TEST_SUITE_END()
