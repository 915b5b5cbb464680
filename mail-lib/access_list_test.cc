// mail-lib/access_list_test.cc -- entries of white and black lists, and their borders.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/access_list.hh"

#include <boost/test/unit_test.hpp>

using List = mail::AccessList;
using mail::ListKind;

namespace {

List::Line client(const List::Parsed& parsed, std::string_view address, std::string_view name) {
  return parsed.list.find_client(base::IpAddress::parse(address), name).value_or(0);
}

List::Line address(const List::Parsed& parsed, std::string_view text) {
  return parsed.list.find_address(text).value_or(0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_list)

BOOST_AUTO_TEST_CASE(a_domain_names_itself_and_what_is_below_but_not_a_longer_word) {
  const auto parsed = List::parse(ListKind::clients, "# from the old file\nGoogle.com  # big\n");
  BOOST_TEST(client(parsed, "", "google.com") == 2U);
  BOOST_TEST(client(parsed, "", "mail-x1.google.com") == 2U);
  BOOST_TEST(client(parsed, "", "evilgoogle.com") == 0U);
  BOOST_TEST(client(parsed, "", "google.com.example") == 0U);
  BOOST_TEST(client(parsed, "", "com") == 0U);
  BOOST_TEST(client(parsed, "", "unknown") == 0U);
  BOOST_TEST(parsed.problems.empty());
}

BOOST_AUTO_TEST_CASE(addresses_and_networks_match_by_bits_not_by_text) {
  const auto parsed = List::parse(ListKind::clients,
                                  "1.2.3.4\n10.1.0.0/16\n192.0.2.\n172\n2001:db8::/32\n2001:dead:\n"
                                  "10.1.2.0/24\n");
  BOOST_TEST(parsed.problems.empty());
  BOOST_TEST(client(parsed, "1.2.3.4", "") == 1U);
  BOOST_TEST(client(parsed, "1.2.3.40", "") == 0U);
  BOOST_TEST(client(parsed, "10.1.255.255", "") == 2U);
  BOOST_TEST(client(parsed, "10.2.0.0", "") == 0U);
  BOOST_TEST(client(parsed, "192.0.2.255", "") == 3U);
  BOOST_TEST(client(parsed, "192.0.20.1", "") == 0U);
  BOOST_TEST(client(parsed, "172.31.0.1", "") == 4U);
  BOOST_TEST(client(parsed, "2001:db8:ffff::1", "") == 5U);
  BOOST_TEST(client(parsed, "2001:dead:1::", "") == 6U);
  BOOST_TEST(client(parsed, "2001:deae::1", "") == 0U);
  BOOST_TEST(client(parsed, "::ffff:1.2.3.4", "") == 1U);
}

BOOST_AUTO_TEST_CASE(an_entry_for_addresses_is_literal_or_a_domain_or_a_local_part) {
  const auto parsed =
      List::parse(ListKind::addresses,
                  "Alice@example.org\n@exact.example\n.below.example\npostmaster@\na+b.c@x.org\n");
  BOOST_TEST(parsed.problems.empty());
  BOOST_TEST(address(parsed, "alice@example.org") == 1U);
  BOOST_TEST(address(parsed, "malice@example.org") == 0U);
  BOOST_TEST(address(parsed, "alice@mail.example.org") == 0U);
  BOOST_TEST(address(parsed, "any@exact.example") == 2U);
  BOOST_TEST(address(parsed, "any@sub.exact.example") == 0U);
  BOOST_TEST(address(parsed, "any@sub.below.example") == 3U);
  BOOST_TEST(address(parsed, "any@below.example") == 3U);
  BOOST_TEST(address(parsed, "postmaster@anywhere.example") == 4U);
  BOOST_TEST(address(parsed, "a+b.c@x.org") == 5U);
  BOOST_TEST(address(parsed, "aab.c@x.org") == 0U);  // nothing is a regular expression
  BOOST_TEST(address(parsed, "") == 0U);
  BOOST_TEST(address(parsed, "local-only") == 0U);
}

BOOST_AUTO_TEST_CASE(a_glob_is_matched_against_the_whole) {
  BOOST_TEST(mail::glob_matches("*.dyn.example.org", "a.b.dyn.example.org"));
  BOOST_TEST(!mail::glob_matches("*.dyn.example.org", "dyn.example.org"));
  BOOST_TEST(mail::glob_matches("mx?.example.org", "mx1.example.org"));
  BOOST_TEST(!mail::glob_matches("mx?.example.org", "mx.example.org"));
  BOOST_TEST(mail::glob_matches("a*b*c", "a-b-b-c"));
  BOOST_TEST(!mail::glob_matches("a*b*c", "a-b-c-d"));
  BOOST_TEST(mail::glob_matches("**", ""));
  BOOST_TEST(!mail::glob_matches("", "a"));
  const auto parsed = List::parse(ListKind::addresses, "*-bounces@lists.example.org\n");
  BOOST_TEST(address(parsed, "x-bounces@lists.example.org") == 1U);
}

BOOST_AUTO_TEST_CASE(a_hostile_glob_takes_no_exponential_time) {
  BOOST_TEST(!mail::glob_matches("*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(400, 'a')));
}

BOOST_AUTO_TEST_CASE(a_line_not_understood_has_a_number_and_advice) {
  const auto clients = List::parse(
      ListKind::clients, "ok.example\n/^dsl.*/\n1.2.3.4.5\n10.0.0.0/40\na@b.org\nbad name\n\xff\n");
  BOOST_REQUIRE(clients.problems.size() == 6U);
  BOOST_TEST(clients.problems[0].line == 2U);
  BOOST_TEST(clients.problems[0].text == "a regular expression: \"/^dsl.*/\"");
  BOOST_TEST(clients.problems[0].hint.find("glob (*.dyn.example.org)") != std::string::npos);
  BOOST_TEST(clients.problems[2].hint == "write 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32");
  BOOST_TEST(clients.problems[3].hint == "move it to sender_whitelist or sender_blacklist");
  BOOST_TEST(clients.list.size() == 1U);
  const auto addresses = List::parse(ListKind::addresses, "/x/\n192.0.2.1\n@\na b@c.org\n");
  BOOST_TEST(addresses.problems.size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_regular_expression_is_refused_with_a_glob_that_says_the_same) {
  const auto hint_of = [](ListKind kind, std::string_view line) {
    const auto parsed = List::parse(kind, line);
    BOOST_REQUIRE_MESSAGE(parsed.problems.size() == 1, line);
    BOOST_TEST(parsed.list.size() == 0U);
    return parsed.problems[0].hint.substr(0, parsed.problems[0].hint.find(','));
  };
  BOOST_TEST(hint_of(ListKind::clients, R"(/\.dyn\.example\.org$/)") == "write *.dyn.example.org");
  BOOST_TEST(hint_of(ListKind::clients, R"(/^mx\d+\.example\.org$/)") == "write mx*.example.org");
  BOOST_TEST(hint_of(ListKind::clients, R"(/^pool-[0-9]+-.*\.example/)") ==
             "write pool-*-*.example*");
  BOOST_TEST(hint_of(ListKind::addresses, R"(.*@example\.org)") == "write *@example.org*");
  BOOST_TEST(hint_of(ListKind::addresses, "^news@") == "write news@*");
  // Without a simple glob there is the general advice alone.
  BOOST_TEST(hint_of(ListKind::clients, R"(/^(dsl|cable)\./)") == "write a domain (example.org)");
  BOOST_TEST(hint_of(ListKind::clients, "/.*/") == "write a domain (example.org)");
  BOOST_TEST(hint_of(ListKind::clients, "/") == "write a domain (example.org)");
  // A glob may hold what only looks like one.
  BOOST_TEST(List::parse(ListKind::clients, "mail.*.example.org\n").problems.empty());
}

// The shapes of the files that Spam Locker shipped: postgrey's lists, with all their habits.
BOOST_AUTO_TEST_CASE(files_in_the_shapes_of_spam_locker_are_read_as_they_are) {
  const auto clients = List::parse(ListKind::clients,
                                   "\xef\xbb\xbf# clients that should not be greylisted\r\n"
                                   "# (see http://example.org/greylisting)\r\n"
                                   "\r\n"
                                   "  # 2004-05-20: a list server (unique sender with letters)\r\n"
                                   "vger.example.org\r\n"
                                   "Cs.Example.EDU\r\n"
                                   "192.0.2.7   # one server\r\n"
                                   "198.51.100\r\n"
                                   "203.0.113.\r\n"
                                   "2001:db8:0:1:\r\n"
                                   "163.example\r\n"
                                   "/^mail\\d+\\.example\\.net$/\r\n"
                                   "\tmx.trailing.example.   \r\n");
  BOOST_REQUIRE(clients.problems.size() == 1U);
  BOOST_TEST(clients.problems[0].line == 12U);
  BOOST_TEST(clients.list.size() == 8U);
  BOOST_TEST(client(clients, "", "lists.vger.example.org") == 5U);
  BOOST_TEST(client(clients, "", "cs.example.edu") == 6U);
  BOOST_TEST(client(clients, "192.0.2.7", "") == 7U);
  BOOST_TEST(client(clients, "192.0.2.70", "") == 0U);  // Spam Locker took this one too
  BOOST_TEST(client(clients, "198.51.100.200", "") == 8U);
  BOOST_TEST(client(clients, "203.0.113.1", "") == 9U);
  BOOST_TEST(client(clients, "2001:db8:0:1:2::3", "") == 10U);
  BOOST_TEST(client(clients, "", "mx.163.example") == 11U);
  BOOST_TEST(client(clients, "", "mx.trailing.example") == 13U);
  const auto recipients = List::parse(ListKind::addresses, "postmaster@\nabuse@\n");
  BOOST_TEST(recipients.problems.empty());
  BOOST_TEST(address(recipients, "abuse@example.org") == 2U);
}

BOOST_AUTO_TEST_CASE(an_entry_of_the_directory_says_of_what_it_is) {
  const auto read = [](std::string_view text) {
    const auto entry = mail::parse_list_entry(text);
    return entry ? std::to_string(static_cast<int>(entry->subject)) + " " + entry->pattern + " " +
                       entry->text()
                 : "";
  };
  BOOST_TEST(read(" Alice@Example.org ") == "0 alice@example.org alice@example.org");
  BOOST_TEST(read("example.org") == "0 example.org example.org");
  BOOST_TEST(read("*.example.org") == "0 *.example.org *.example.org");
  BOOST_TEST(read("192.0.2.0/24") == "1 192.0.2.0/24 192.0.2.0/24");
  BOOST_TEST(read("2001:db8::1") == "1 2001:db8::1 2001:db8::1");
  BOOST_TEST(read("client:mx.example.org") == "1 mx.example.org client:mx.example.org");
  BOOST_TEST(read("client: 192.0.2.1") == "1 192.0.2.1 192.0.2.1");
  BOOST_TEST(read("Recipient:postmaster@") == "2 postmaster@ recipient:postmaster@");
  BOOST_TEST(read("sender:example.org") == "0 example.org example.org");
  for (const char* bad : {"", "client:", "sender:192.0.2.1", "a b@example.org", "/x/", "1.2.3.4.5",
                          "client:a@example.org", "^a", "@"}) {
    const auto entry = mail::parse_list_entry(bad);
    BOOST_REQUIRE_MESSAGE(!entry, bad);
    BOOST_TEST(!entry.error().hint.empty());
  }
}

BOOST_AUTO_TEST_SUITE_END()
