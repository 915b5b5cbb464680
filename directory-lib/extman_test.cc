// directory-lib/extman_test.cc -- ExtMan's texts, its own and those that sites have made of them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/extman.hh"

#include <boost/test/unit_test.hpp>

#include "directory-lib/password.hh"

namespace {

using namespace directory::extman;  // NOLINT(google-build-using-namespace)
using namespace std::chrono_literals;
using std::chrono::sys_days;

BOOST_AUTO_TEST_SUITE(extman)

BOOST_AUTO_TEST_CASE(quotas_are_read_in_all_their_forms) {
  for (const auto& [text, bytes] :
       std::vector<std::pair<std::string, std::uint64_t>>{{"104857600S", 104857600},
                                                          {"104857600", 104857600},
                                                          {"104857600S,1000C", 104857600},
                                                          {"1000C,104857600S", 104857600},
                                                          {"1000C", 0},
                                                          {"0", 0},
                                                          {"0S", 0},
                                                          {"", 0}}) {
    const auto quota = parse_quota(text);
    BOOST_TEST_REQUIRE(quota.has_value(), text);
    BOOST_TEST(quota->count == bytes, text);
  }
  for (const std::string text : {"S", "10M", "-1", "1S,2S", "1,", ",", "1 S",
                                 "99999999999999999999", "99999999999999999999C", "1SS", "abc"}) {
    BOOST_TEST(!parse_quota(text), text);
  }
}

BOOST_AUTO_TEST_CASE(a_quota_is_written_in_the_form_it_had) {
  BOOST_TEST(quota_text({5}, "") == "5");
  BOOST_TEST(quota_text({5}, "S") == "5S");
  BOOST_TEST(quota_text({5}, "104857600S") == "5S");
  BOOST_TEST(quota_text({5}, "104857600") == "5");
  BOOST_TEST(quota_text({5}, "104857600S,10C") == "5S,10C");
  BOOST_TEST(quota_text({5}, "10C,7S") == "10C,5S");
  BOOST_TEST(quota_text({5}, "10C") == "5S,10C");
  BOOST_TEST(quota_text({0}, "10C") == "10C");
  BOOST_TEST(quota_text({7}, "007S") == "007S");
  BOOST_TEST(quota_text({0}, "") == "0");
  BOOST_TEST(quota_text({5}, "garbage") == "5");
  BOOST_TEST(quota_text({5}, "10 MS") == "5S");
}

BOOST_AUTO_TEST_CASE(days_and_never) {
  for (const std::string text : {"", "0", "0000-00-00", "0000-00-00 00:00:00"}) {
    const auto day = parse_day(text);
    BOOST_TEST_REQUIRE(day.has_value(), text);
    BOOST_TEST(!day->has_value(), text);
  }
  for (const std::string text : {"2010-11-08", "2010-11-08 12:00:00", "2010-11-08T12:00:00Z"}) {
    BOOST_TEST((parse_day(text).value() == sys_days(2010y / 11 / 8)), text);
  }
  for (const std::string text : {"2010-11-31", "2010-00-00", "2010-1-1", "2010/11/08", "tomorrow",
                                 "2010-11-081", "-010-11-08", "1", "2010-11-0x"}) {
    BOOST_TEST(!parse_day(text), text);
  }
  BOOST_TEST(day_text({}) == "0000-00-00");
  BOOST_TEST(day_text(sys_days(2010y / 11 / 8)) == "2010-11-08");
}

BOOST_AUTO_TEST_CASE(times_are_shown_and_what_is_none_is_the_epoch) {
  const base::WallTime time = sys_days(2007y / 2 / 14) + 15h + 10min + 4s;
  BOOST_TEST((parse_time("2007-02-14 15:10:04") == time));
  BOOST_TEST(time_text(time) == "2007-02-14 15:10:04");
  BOOST_TEST((parse_time("2007-02-14") == base::WallTime(sys_days(2007y / 2 / 14))));
  for (const std::string text : {"", "0", "0000-00-00 00:00:00", "soon"}) {
    BOOST_TEST((parse_time(text) == base::WallTime()), text);
  }
  BOOST_TEST(time_text({}) == "0000-00-00 00:00:00");
}

BOOST_AUTO_TEST_CASE(switches_and_terms) {
  BOOST_TEST((is_on("1") && is_on("2") && is_on("-1")));
  BOOST_TEST((!is_on("0") && !is_on("") && !is_on("yes") && !is_on(" 1")));
  for (const std::string text : {"1y", "6m", "30d", "2w"}) {
    BOOST_TEST(parse_term(text) == text);
  }
  for (const std::string text : {"", "0", "0y", "y", "1", "1h", "1 y", "1yy", "123456789012y"}) {
    BOOST_TEST(parse_term(text).empty(), text);
  }
}

BOOST_AUTO_TEST_CASE(targets_are_addresses_between_commas) {
  BOOST_TEST(parse_targets("postmaster@ExtMail.org,Bob@else.example,\r\n @OTHER.example,,root,"
                           "postmaster@extmail.org")
                 .size() == 4);
  BOOST_TEST((parse_targets("postmaster@ExtMail.org, @Other.example")[1] == "@other.example"));
  BOOST_TEST(parse_targets("").empty());
  BOOST_TEST(parse_targets(" , ,").empty());
  BOOST_TEST(parse_targets("a\x01@b.example,c@d.example").size() == 1);
  // Postfix knows what to do with these: it quotes what could be a command.
  BOOST_TEST((parse_targets("root,|/bin/sh") == std::vector<std::string>{"root", "|/bin/sh"}));
  const std::vector<std::string> two{"a@b.example", "c@d.example"};
  BOOST_TEST(targets_text(two) == "a@b.example,c@d.example");
  BOOST_TEST((parse_targets(targets_text(two)) == two));
}

BOOST_AUTO_TEST_CASE(each_scheme_of_extman_verifies) {
  // md5crypt of "extmail", as ExtMan's first data has it, is not ours to copy: these are our own.
  for (const auto& [stored, scheme] : std::vector<std::pair<std::string, std::string>>{
           {"{MD5}XUFAKrxLKna5cZ2REBfFkg==", "crypt"},  // a digest, not md5crypt
           {"{md5}XUFAKrxLKna5cZ2REBfFkg==", "crypt"},
           {"XUFAKrxLKna5cZ2REBfFkg==", "ldap-md5"},
           {"{SHA}qvTGHdzF6KLavt4PO0gs2a6pQ00=", "crypt"},
           {"qvTGHdzF6KLavt4PO0gs2a6pQ00=", "sha"},
           {"5d41402abc4b2a76b9719d911017c592", "plain-md5"},
           {"hello", "plain"}}) {
    BOOST_TEST(directory::verify_password(stored_password(stored, scheme), "hello").value(),
               stored);
    BOOST_TEST(!directory::verify_password(stored_password(stored, scheme), "Hello").value(),
               stored);
  }
  BOOST_TEST(stored_password("$1$salt$hash", "plain") == "{CRYPT}$1$salt$hash");
  BOOST_TEST(stored_password("{MD5}$1$salt$hash", "plain") == "{MD5}$1$salt$hash");
  BOOST_TEST(stored_password("abJnggxhB/yWI", "crypt") == "{CRYPT}abJnggxhB/yWI");
  BOOST_TEST(stored_password("{ARGON2ID}$argon2id$x", "crypt") == "{ARGON2ID}$argon2id$x");
  BOOST_TEST(stored_password("", "plain").empty());
}

BOOST_AUTO_TEST_CASE(paths_lose_the_last_slash_and_nothing_else) {
  BOOST_TEST(stored_path("extmail.org/postmaster/Maildir/") == "extmail.org/postmaster/Maildir");
  BOOST_TEST(stored_path("/") == "");
  BOOST_TEST(stored_path("../x/") == "../x");
  BOOST_TEST(stored_home("extmail.org/postmaster", "x/Maildir/") == "extmail.org/postmaster");
  BOOST_TEST(stored_home("", "extmail.org/postmaster/Maildir/") == "extmail.org/postmaster");
  BOOST_TEST(stored_home("", "").empty());
}

BOOST_AUTO_TEST_CASE(mail_hosts_become_routes_and_proxies) {
  for (const auto& [stored, nexthop, host] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {"", "", ""},
           {"store2", "lmtp:inet:store2:24", "store2"},
           {"store2:2424", "lmtp:inet:store2:2424", "store2"},
           {"lmtp:mx1", "lmtp:inet:mx1:24", "mx1"},
           {"lmtp:mx1:2424", "lmtp:inet:mx1:2424", "mx1"},
           {"lmtp:[192.0.2.1]", "lmtp:inet:[192.0.2.1]:24", "192.0.2.1"},
           {"lmtp:[192.0.2.1]:2424", "lmtp:inet:[192.0.2.1]:2424", "192.0.2.1"},
           {"lmtp:inet:mx1:24", "lmtp:inet:mx1:24", "mx1"},
           {"lmtp:unix:private/lmtp", "lmtp:unix:private/lmtp", ""},
           {"smtp:[192.168.2.130]", "smtp:[192.168.2.130]", "192.168.2.130"},
           {"smtp:mx.example:587", "smtp:mx.example:587", "mx.example"},
           {"smtp:[ipv6:2001:db8::1]:25", "smtp:[ipv6:2001:db8::1]:25", "2001:db8::1"},
           {"[2001:db8::1]", "lmtp:inet:[2001:db8::1]:24", "2001:db8::1"},
           {"relay:", "relay:", ""}}) {
    BOOST_TEST(nexthop_of(stored).value() == nexthop, stored);
    BOOST_TEST(host_of(stored) == host, stored);
    const unsigned port = nexthop.ends_with(":2424") ? 2424 : 24;
    BOOST_TEST(lmtp_port_of(stored) == port, stored);
  }
  for (const char* own : {"store2", "STORE2:2424", "lmtp:store2", "lmtp:inet:store2:24"}) {
    BOOST_TEST(is_among(own, {"store1", "Store2"}), own);
  }
  BOOST_TEST(is_among("lmtp:unix:private/lmtp", {"lmtp:unix:private/lmtp"}));
  for (const char* other : {"", "store3", "lmtp:unix:store2", "relay:"}) {
    BOOST_TEST(!is_among(other, {"store2"}), other);
  }
  for (const std::string bad : {"a b", "a\nb", "a\xFF"}) {
    BOOST_TEST(!nexthop_of(bad));
    BOOST_TEST(host_of(bad).empty());
  }
}

BOOST_AUTO_TEST_CASE(a_delivery_agent_of_this_host_is_no_mail_host) {
  for (const std::string here :
       {"", "virtual", "virtual:", "maildrop:", "local:x", "lmtp", "relay:"}) {
    BOOST_TEST(domain_mail_host(here).empty(), here);
  }
  for (const std::string there : {"store2", "lmtp:store2", "smtp:[192.0.2.1]", "store2:2424"}) {
    BOOST_TEST(domain_mail_host(there) == there);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_utf8_is_read_as_latin1) {
  BOOST_TEST(readable("J\xC3\xB6rg") == "J\xC3\xB6rg");
  BOOST_TEST(readable("J\xF6rg") == "J\xC3\xB6rg");
  BOOST_TEST(readable("\xFF") == "\xC3\xBF");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
