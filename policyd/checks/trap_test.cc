// policyd/checks/trap_test.cc -- hits, their records, and mistakes in the settings.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/trap.hh"

#include <boost/test/unit_test.hpp>

#include "base/text.hh"

#include "policyd/checks/trap_settings.hh"
#include "policyd/store/memory_store.hh"

using policy::Attribute;

namespace {

constexpr policy::Seconds start = 1'000'000;

base::IpAddress ip(std::string_view text) {
  return base::IpAddress::parse(text).value();
}

struct Fixture {
  policy::MemoryStore store{};
  policy::TrapBook book{store};
  policy::TrapSettings settings{.trap_addresses = {"trap@example.org"},
                                .trap_lifetime = std::chrono::seconds(100),
                                .trap_client_score = 10,
                                .trap_network_score = 3,
                                .trap_refuse_at = 13,
                                .trap_suspect_at = 3};
  policy::TrapOptions options = policy::trap_options_of(settings);
  policy::TrapCheck check{options, book};
  policy::Facts facts{};

  policy::Answer ask(std::string_view client, std::string_view recipient,
                     policy::Notes* notes = nullptr) {
    policy::Request request;
    request.set(Attribute::protocol_state, "RCPT");
    request.set(Attribute::sender, "x@example.net");
    request.set(Attribute::recipient, recipient);
    request.set(Attribute::client_address, client);
    facts = policy::facts_of(request);
    return check.ask({request, facts, base::WallTime(std::chrono::seconds(start)), notes});
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(trap, Fixture)

BOOST_AUTO_TEST_CASE(a_hit_counts_for_client_and_network_and_expires) {
  BOOST_REQUIRE(book.hit(ip("192.0.2.7"), start, 100).has_value());
  BOOST_REQUIRE(book.hit(ip("192.0.2.7"), start, 100).has_value());  // within one second
  BOOST_REQUIRE(book.hit(ip("192.0.2.8"), start + 1, 100).has_value());
  BOOST_TEST(book.standing(ip("192.0.2.7"), start + 1)->client_hits == 1U);
  BOOST_TEST(book.standing(ip("192.0.2.7"), start + 1)->network_hits == 2U);
  BOOST_TEST(book.standing(ip("192.0.2.9"), start + 1)->client_hits == 0U);
  BOOST_TEST(book.standing(ip("192.0.3.7"), start + 1)->network_hits == 0U);
  BOOST_TEST(book.standing(ip("192.0.2.7"), start + 100)->client_hits == 0U);
  BOOST_TEST(book.standing(ip("192.0.2.7"), start + 100)->network_hits == 2U);
  BOOST_TEST(book.standing(ip("192.0.2.7"), start + 101)->network_hits == 0U);
}

BOOST_AUTO_TEST_CASE(an_empty_store_is_looked_at_once_a_minute) {
  policy::TrapBook other{store};
  BOOST_TEST(other.standing(ip("192.0.2.7"), start)->client_hits == 0U);
  BOOST_REQUIRE(book.hit(ip("192.0.2.7"), start, 1000).has_value());
  BOOST_TEST(other.standing(ip("192.0.2.7"), start + 59)->client_hits == 0U);
  BOOST_TEST(other.standing(ip("192.0.2.7"), start + 60)->client_hits == 1U);
}

BOOST_AUTO_TEST_CASE(forgetting_a_client_takes_its_hits_from_the_network) {
  BOOST_REQUIRE(book.hit(ip("192.0.2.7"), start, 100).has_value());
  BOOST_REQUIRE(book.hit(ip("192.0.2.8"), start + 1, 100).has_value());
  BOOST_REQUIRE(book.forget("192.0.2.7", start + 2).has_value());
  BOOST_TEST(book.standing(ip("192.0.2.7"), start + 2)->client_hits == 0U);
  BOOST_TEST(book.standing(ip("192.0.2.7"), start + 2)->network_hits == 1U);
  BOOST_REQUIRE(book.forget("192.0.2.0/24", start + 2).has_value());
  BOOST_TEST(book.standing(ip("192.0.2.8"), start + 2)->network_hits == 0U);
  BOOST_TEST((book.forget("192.0.2.7", start + 2).error().code == base::Errc::not_found));
  BOOST_TEST((book.forget("rubbish", start + 2).error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_CASE(records_come_back_as_they_were_and_damaged_ones_not_at_all) {
  const policy::TrapEntry entry{3, 0x01020304, 5, "::1"};
  const std::string bytes = policy::encode(entry);
  BOOST_TEST(base::hex(base::bytes_of(bytes)) == "01030000000403020105000000033a3a31");
  BOOST_TEST((policy::decode_trap(bytes).value() == entry));
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    BOOST_TEST(!policy::decode_trap(std::string_view(bytes).substr(0, cut)));
  }
  BOOST_TEST(!policy::decode_trap(bytes + "x"));
}

BOOST_AUTO_TEST_CASE(scores_refuse_or_make_suspect) {
  BOOST_TEST(std::holds_alternative<policy::NoOpinion>(ask("192.0.2.7", "bob@example.org")));
  BOOST_TEST(!facts.is_suspect);
  BOOST_TEST(std::holds_alternative<policy::Verdict>(ask("192.0.2.7", "TRAP@example.org")));
  BOOST_TEST(std::holds_alternative<policy::Verdict>(ask("192.0.2.7", "bob@example.org")));
  BOOST_TEST(std::holds_alternative<policy::NoOpinion>(ask("192.0.2.8", "bob@example.org")));
  BOOST_TEST(facts.is_suspect);
  BOOST_TEST(std::holds_alternative<policy::NoOpinion>(ask("192.0.3.8", "bob@example.org")));
  BOOST_TEST(!facts.is_suspect);
  BOOST_TEST(std::holds_alternative<policy::NoOpinion>(ask("unknown", "trap@example.org")));
}

BOOST_AUTO_TEST_CASE(a_rehearsal_changes_nothing) {
  policy::Notes notes;
  const auto answer = ask("192.0.2.7", "trap@example.org", &notes);
  BOOST_TEST(std::holds_alternative<policy::Verdict>(answer));
  BOOST_TEST(store.writes() == 0U);
}

BOOST_AUTO_TEST_CASE(mistakes_in_the_addresses_are_explained_with_their_place) {
  BOOST_TEST(policy::check_trap_settings(settings).has_value());
  settings.trap_addresses = {"ok@example.org", "/^trap/"};
  const auto wrong = policy::check_trap_settings(settings);
  BOOST_REQUIRE(!wrong.has_value());
  BOOST_TEST(wrong.error().detail.find("trap_addresses: ") == 0U);
  settings.trap_addresses = {};
  settings.trap_file = "/nonexistent/traps";
  BOOST_TEST((policy::check_trap_settings(settings).error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_SUITE_END()
