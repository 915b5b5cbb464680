// policyd/checks/list_test.cc -- entries of list files, their borders, and the order of the lists.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/list.hh"

#include <boost/test/unit_test.hpp>

#include "base/files.hh"
#include "base/must.hh"
#include "base/random.hh"
#include "base/text.hh"

using policy::Attribute;
using policy::List;
using policy::ListKind;

namespace {

List::Line client(const List::Parsed& parsed, std::string_view address, std::string_view name) {
  return parsed.list.find_client(base::IpAddress::parse(address), name).value_or(0);
}

List::Line address(const List::Parsed& parsed, std::string_view text) {
  return parsed.list.find_address(text).value_or(0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(list)

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
  BOOST_TEST(policy::glob_matches("*.dyn.example.org", "a.b.dyn.example.org"));
  BOOST_TEST(!policy::glob_matches("*.dyn.example.org", "dyn.example.org"));
  BOOST_TEST(policy::glob_matches("mx?.example.org", "mx1.example.org"));
  BOOST_TEST(!policy::glob_matches("mx?.example.org", "mx.example.org"));
  BOOST_TEST(policy::glob_matches("a*b*c", "a-b-b-c"));
  BOOST_TEST(!policy::glob_matches("a*b*c", "a-b-c-d"));
  BOOST_TEST(policy::glob_matches("**", ""));
  BOOST_TEST(!policy::glob_matches("", "a"));
  const auto parsed = List::parse(ListKind::addresses, "*-bounces@lists.example.org\n");
  BOOST_TEST(address(parsed, "x-bounces@lists.example.org") == 1U);
}

BOOST_AUTO_TEST_CASE(a_hostile_glob_takes_no_exponential_time) {
  BOOST_TEST(!policy::glob_matches("*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(400, 'a')));
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

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct Fixture {
  std::string folder = "/tmp/list_test." + base::hex(base::bytes_of(base::random_bytes(6)));
  std::string log_text{};
  base::Log log{"test", base::memory_log_sink(log_text), base::Level::debug};
  std::shared_ptr<const policy::Lists> lists = std::make_shared<policy::Lists>();
  policy::ListOptions options{.black_text = "5.7.1 Blocked"};
  policy::ListCheck check{options, lists};
  policy::Request request{};
  policy::Facts facts{};

  Fixture() {
    base::must(base::make_directories(folder).has_value(), "/tmp can be written");
    request.set(Attribute::sender, "Alice@Example.org");
    request.set(Attribute::recipient, "bob@example.net");
    request.set(Attribute::client_address, "192.0.2.1");
    request.set(Attribute::client_name, "mx.example.org");
    request.set(Attribute::reverse_client_name, "claimed.example");
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  ~Fixture() { std::system(("rm -r " + folder).c_str()); }

  void write(std::string_view name, std::string_view text) {
    base::must(base::replace_file(folder + "/" + std::string(name), text).has_value(), "writable");
    lists = policy::load_lists(folder, lists.get(), log);
  }
  // "ACTION reason", or "" without an opinion.
  std::string asked() {
    facts = policy::facts_of(request);
    const policy::Answer answer = check.ask({request, facts, {}});
    const auto* verdict = std::get_if<policy::Verdict>(&answer);
    return verdict == nullptr
               ? ""
               : std::string(policy::action_word(verdict->action)) + " " + verdict->reason;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(list_check, Fixture)

BOOST_AUTO_TEST_CASE(without_files_there_is_no_opinion) {
  lists = policy::load_lists(folder, nullptr, log);
  BOOST_TEST(asked().empty());
  BOOST_TEST(log_text.empty());
}

BOOST_AUTO_TEST_CASE(white_goes_before_black_and_ends_the_chain_with_dunno) {
  write("blacklist", "example.org\n");
  BOOST_TEST(asked() == "reject blacklist line 1");
  write("recip_whitelist", "\nbob@example.net\n");
  BOOST_TEST(asked() == "dunno recip_whitelist line 2");
  options.accept_white = true;
  BOOST_TEST(asked() == "ok recip_whitelist line 2");
  write("sender_whitelist", "@example.org\n");
  BOOST_TEST(asked() == "ok sender_whitelist line 1");
}

BOOST_AUTO_TEST_CASE(an_unverified_name_can_be_blocked_but_never_trusted) {
  write("whitelist", "claimed.example\n");
  BOOST_TEST(asked().empty());
  write("blacklist", "claimed.example\n");
  BOOST_TEST(asked() == "reject blacklist line 1");
}

BOOST_AUTO_TEST_CASE(bad_lines_are_logged_with_file_line_and_hint) {
  write("whitelist", "ok.example\n/re/\n");
  BOOST_TEST(log_text.find("policyd.list.bad_line file=" + folder + "/whitelist line=2") !=
             std::string::npos);
  BOOST_TEST(log_text.find("policyd.list.loaded file=" + folder + "/whitelist entries=1") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_list_that_cannot_be_read_stays_as_it_was) {
  write("sender_blacklist", "@example.org\n");
  std::system(
      ("rm " + folder + "/sender_blacklist && mkdir " + folder + "/sender_blacklist").c_str());
  lists = policy::load_lists(folder, lists.get(), log);
  BOOST_TEST(asked() == "reject sender_blacklist line 1");
  BOOST_TEST(log_text.find("policyd.list.unreadable") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
