// directory-lib/settings_test.cc -- directory.conf, its defaults and its mistakes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/settings.hh"

#include <boost/test/unit_test.hpp>

namespace {

BOOST_AUTO_TEST_SUITE(settings)

BOOST_AUTO_TEST_CASE(an_empty_file_is_all_defaults) {
  const auto settings = directory::parse_settings("directory.conf", "");
  BOOST_REQUIRE(settings.has_value());
  BOOST_TEST(settings->driver == "sqlite");
  BOOST_TEST(settings->domain_hash == directory::Settings().domain_hash);
  BOOST_TEST(settings->password_scheme == directory::Settings().password_scheme);
  BOOST_TEST(settings->database == directory::Settings().database);
  BOOST_TEST(settings->mail_root == directory::Settings().mail_root);
  BOOST_TEST((settings->busy_timeout == directory::Settings().busy_timeout));
}

BOOST_AUTO_TEST_CASE(mistakes_are_refused_with_advice) {
  for (const std::string_view bad :
       {"driver = oracle", "mysql_port = 0", "mysql_tls = maybe", "mysql_timeout = 0s",
        "mysql_socket = relative", "domain_hash = 9x9", "mail_root = relative",
        "database =", "busy_timeout = 3", "password_scheme = md5", "databse = /x"}) {
    const auto settings = directory::parse_settings("directory.conf", bad);
    BOOST_TEST(!settings, "accepted: " << bad);
    BOOST_TEST(settings.error().text().find("directory.conf") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(only_the_default_file_may_be_missing) {
  BOOST_TEST(!directory::load_settings("/nonexistent/directory.conf"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
