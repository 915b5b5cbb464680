// milter/session_test.cc -- forged fields go, others stay, and what is put on top.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "milter/session.hh"

#include <boost/test/unit_test.hpp>

using milter::Edits;
using milter::Iprev;
using milter::IprevResult;
using milter::Network;
using milter::Rules;
using milter::Session;

namespace {

std::shared_ptr<const Rules> rules(std::string id = "mx.test") {
  Rules made{std::move(id), {"other.mx.test"}, {}, base::Duration(1000)};
  made.trusted.push_back(*Network::parse("10.0.0.0/8"));
  made.trusted.push_back(*Network::parse("fd00::/8"));
  return std::make_shared<const Rules>(std::move(made));
}

Session begun(std::string_view address, std::string_view auth_type = {},
              std::string_view auth_user = {}) {
  Session session;
  session.connected(address);
  session.began(rules(), "host.test", auth_type, auth_user);
  return session;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(the_session)

BOOST_AUTO_TEST_CASE(fields_in_our_name_are_removed_the_last_first_and_others_stay) {
  Session session = begun("192.0.2.1");
  BOOST_TEST(session.header("Subject", "mx.test; spf=pass"));
  BOOST_TEST(session.header("Authentication-Results", " mx.test; spf=pass"));
  BOOST_TEST(session.header("authentication-results", "fair.example; spf=pass"));
  BOOST_TEST(session.header("AUTHENTICATION-RESULTS ", "broken mx.test spf=pass"));
  BOOST_TEST(session.header("Authentication-Results", "other.mx.test; dkim=pass"));
  BOOST_TEST(session.header("X-Authentication-Results", "mx.test; spf=pass"));
  const Edits edits = session.ended({Iprev::pass, "client.test"});
  BOOST_TEST(edits.removals == (std::vector<int>{4, 3, 1}), boost::test_tools::per_element());
  BOOST_TEST(edits.field == "mx.test;\n\tiprev=pass (client.test) policy.iprev=192.0.2.1");
}

BOOST_AUTO_TEST_CASE(too_many_forged_fields_refuse_the_mail_and_the_next_mail_starts_anew) {
  Session session = begun("192.0.2.1");
  for (std::size_t i = 0; i < milter::removals_limit; ++i) {
    BOOST_TEST(session.header("Authentication-Results", "mx.test; x"));
  }
  BOOST_TEST(!session.header("Authentication-Results", "mx.test; x"));
  BOOST_TEST(session.header("Authentication-Results", "fair.example; x"));
  BOOST_TEST(session.stripped() == milter::removals_limit);
  session.began(rules(), "host.test", {}, {});
  BOOST_TEST(session.header("Authentication-Results", "mx.test; x"));
  BOOST_TEST(session.ended({}).removals == std::vector<int>{1}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_authenticated_client_gets_auth_and_no_iprev) {
  const Session session = begun("192.0.2.1", "PLAIN", "alice@posthouse.test");
  BOOST_TEST(session.is_authenticated());
  BOOST_TEST(session.ended({}).field ==
             "mx.test;\n\tauth=pass (PLAIN) smtp.auth=alice@posthouse.test");
}

BOOST_AUTO_TEST_CASE(a_trusted_or_local_client_gets_none) {
  BOOST_TEST(!begun("10.1.2.3").wants_iprev(*rules()));
  BOOST_TEST(!begun("fd12::1").wants_iprev(*rules()));
  BOOST_TEST(!begun("").wants_iprev(*rules()));
  BOOST_TEST(begun("11.0.0.1").wants_iprev(*rules()));
  BOOST_TEST(begun("10.1.2.3").ended({}).field == "mx.test; none");
}

BOOST_AUTO_TEST_CASE(without_a_setting_the_name_is_that_of_postfix) {
  Session session;
  session.connected("192.0.2.1");
  session.began(rules(""), "host.test", {}, {});
  session.header("Authentication-Results", "HOST.test; x");
  session.header("Authentication-Results", "mx.test; x");
  const Edits edits = session.ended({Iprev::permerror, ""});
  BOOST_TEST(edits.removals == std::vector<int>{1}, boost::test_tools::per_element());
  BOOST_TEST(edits.field == "host.test;\n\tiprev=permerror policy.iprev=192.0.2.1");
}

BOOST_AUTO_TEST_CASE(hostile_names_and_users_stay_inside_their_field) {
  const Session session = begun("192.0.2.1", "LOGIN", "a\"\r\nBcc: x@y.test");
  const std::string field = session.ended({}).field;
  BOOST_TEST(field.find('\r') == std::string::npos);
  BOOST_TEST(field.find("\nBcc") == std::string::npos);
  const Session long_user = begun("192.0.2.1", "LOGIN", std::string(100'000, 'u'));
  BOOST_TEST(long_user.ended({}).field.size() < 1000U);
}

BOOST_AUTO_TEST_CASE(networks_match_bit_by_bit) {
  const auto v4 = Network::parse("192.0.2.128/25");
  BOOST_TEST((v4->contains("192.0.2.129") && !v4->contains("192.0.2.127")));
  BOOST_TEST((v4->contains("::ffff:192.0.2.200") && !v4->contains("nonsense")));
  const auto v6 = Network::parse("2001:db8::/33");
  BOOST_TEST((v6->contains("2001:db8:7fff::1") && !v6->contains("2001:db8:8000::1")));
  BOOST_TEST(Network::parse("0.0.0.0/0")->contains("8.8.8.8"));
  BOOST_TEST(!Network::parse("0.0.0.0/0")->contains("2001:db8::1"));
  for (const char* bad : {"", "1.2.3", "1.2.3.4/33", "1.2.3.4/-1", "::/129", "1.2.3.4/x", "/8"}) {
    BOOST_TEST(!Network::parse(bad), bad);
  }
}

BOOST_AUTO_TEST_CASE(wrong_settings_are_explained_and_the_defaults_are_right) {
  const auto defaults = base::settings_from_text(milter::settings_table, "milter.conf", "");
  BOOST_REQUIRE(defaults);
  BOOST_TEST(static_cast<bool>(milter::make_rules(*defaults)));
  for (const char* bad : {"listen = nowhere", "trusted_networks = 10.0.0.0/40", "resolver = 8.8.8",
                          "authserv_id = a..b", "also_strip = mx1, .x"}) {
    const auto settings = base::settings_from_text(milter::settings_table, "milter.conf", bad);
    BOOST_REQUIRE_MESSAGE(settings, bad);
    const auto made = milter::make_rules(*settings);
    BOOST_REQUIRE_MESSAGE(!made, bad);
    BOOST_TEST(std::string(bad).starts_with(made.error().detail.substr(0, 6)), made.error().detail);
  }
}

BOOST_AUTO_TEST_SUITE_END()
