// directory-lib/webman_test.cc -- ExtMan's webman.cf.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/webman.hh"

#include <boost/test/unit_test.hpp>

namespace {

BOOST_AUTO_TEST_SUITE(webman)

BOOST_AUTO_TEST_CASE(routes_and_forms_are_read) {
  const auto webman = directory::parse_webman(
      "# routes\n"
      "SYS_MAILDIR_BASE = /home/domains\r\n"
      "  SYS_ISP_MODE=yes\n"
      "SYS_DOMAIN_HASHDIR_DEPTH = 2x1\n"
      "SYS_USER_HASHDIR_DEPTH = 2x2\n"
      "SYS_QUOTA_TYPE = vda\n"
      "SYS_CRYPT_TYPE = ldap-md5\n"
      "SYS_USER_ROUTING_LIST = smtp:[192.168.2.130], smtp:[192.168.2.128],,smtp:[192.168.2.130]\n"
      "SYS_DOMAIN_ROUTING_LIST = lmtp:mx1.example.org,smtp:[192.168.2.128]\n");
  BOOST_TEST(
      (webman.routes == std::vector<std::string>{"smtp:[192.168.2.130]", "smtp:[192.168.2.128]",
                                                 "lmtp:mx1.example.org"}));
  BOOST_TEST(webman.problems.empty());
  BOOST_TEST(webman.mail_root == "/home/domains");
  BOOST_TEST(webman.domain_hash == "2x1");
  BOOST_TEST(webman.user_hash == "2x2");
  BOOST_TEST(webman.quota == "plain");
  BOOST_TEST(webman.scheme == "ldap-md5");
}

BOOST_AUTO_TEST_CASE(what_is_commented_out_or_strange_says_nothing) {
  const auto webman = directory::parse_webman(
      "#SYS_USER_ROUTING_LIST = smtp:a\n# SYS_DOMAIN_ROUTING_LIST = b\nSYS_ISP_MODE = no\n"
      "SYS_USER_HASHDIR_DEPTH = 2x2\nSYS_MAILDIR_BASE = relative\nSYS_CRYPT_TYPE = rot13\n"
      "nonsense\n=\nSYS_QUOTA_TYPE\n");
  BOOST_TEST(webman.routes.empty());
  BOOST_TEST(webman.user_hash == "none");
  BOOST_TEST(webman.mail_root.empty());
  BOOST_TEST(webman.scheme.empty());
  BOOST_TEST(webman.quota.empty());
  BOOST_TEST(directory::parse_webman("").user_hash.empty());
  const auto bad = directory::parse_webman("SYS_USER_ROUTING_LIST = smtp:good,a b,smtp:\n");
  BOOST_TEST((bad.routes == std::vector<std::string>{"smtp:good"}));
  BOOST_TEST(bad.problems.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_store_is_named_after_the_host_of_its_route) {
  BOOST_TEST(directory::store_name_of("smtp:[192.168.2.130]") == "192.168.2.130");
  BOOST_TEST(directory::store_name_of("lmtp:MX1.example.org") == "mx1.example.org");
  BOOST_TEST(directory::store_name_of("lmtp:inet:store2:24") == "store2");
  BOOST_TEST(directory::store_name_of("[::1]") == "1");
  BOOST_TEST(directory::store_name_of("") == "store");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
