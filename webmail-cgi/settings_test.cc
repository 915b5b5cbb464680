// webmail-cgi/settings_test.cc -- origins and paths that must not pass.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/settings.hh"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_CASE(the_defaults_are_good) {
  const auto settings = base::settings_from_text(webmail::settings_table, "t", "");
  BOOST_TEST_REQUIRE(settings.has_value());
  BOOST_TEST(webmail::check_settings(*settings).has_value());
}

BOOST_AUTO_TEST_CASE(http_is_taken_for_localhost_alone) {
  for (const char* origin : {"https://mail.example.org", "https://mail.example.org:8443",
                             "http://localhost:8080", "http://mail.posthouse.localhost:20001"}) {
    BOOST_TEST(webmail::check_origin(origin).has_value(), origin);
  }
  for (const char* origin :
       {"", "mail.example.org", "http://mail.example.org", "http://localhost.example.org",
        "http://evillocalhost", "https://mail.example.org/", "https://Mail.example.org",
        "https://a b", "https://mail.example.org:443", "http://x.localhost:80", "https://x:0",
        "https://x:99999", "https://user@host", "ftp://host", "https://"}) {
    BOOST_TEST(!webmail::check_origin(origin).has_value(), origin);
  }
}

BOOST_AUTO_TEST_CASE(a_home_lies_below_the_mail_root_by_its_text) {
  BOOST_TEST(webmail::is_below("/var/vmail/a/b", "/var/vmail"));
  for (const char* path : {"", "/", "/var/vmail", "/var/vmail/", "/var/vmailx/a", "/var/vmail/../x",
                           "/var/vmail/a/..", "/var/vmail//a", "/var/vmail/./a", "var/vmail/a"}) {
    BOOST_TEST(!webmail::is_below(path, "/var/vmail"), path);
  }
}
