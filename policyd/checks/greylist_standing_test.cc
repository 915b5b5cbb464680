// policyd/checks/greylist_standing_test.cc -- who is spared the wait, and who waits longer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <boost/test/unit_test.hpp>

#include "base/text.hh"

#include "policyd/checks/greylist.hh"
#include "policyd/store/memory_store.hh"

using policy::Attribute;
using policy::SourceState;

namespace {

constexpr policy::Seconds start = 1'000'000;
constexpr policy::SourceRules source_rules{.after = 3, .rows = 5, .grace = 100, .window = 1000};

policy::Key network(int number) {
  return policy::network_key(policy::HashKey{}, std::to_string(number));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(greylist_sources)

BOOST_AUTO_TEST_CASE(a_network_is_slow_after_its_grace_and_full_at_its_rows) {
  policy::SourceWatch sources;
  const policy::Key one = network(1);
  const auto state = [&](policy::Seconds offset) {
    return sources.state_of(one, start + offset, source_rules);
  };
  BOOST_TEST((state(0) == SourceState::usual));
  for (int i = 0; i < 3; ++i) {
    sources.count_first(one, start, source_rules);
  }
  BOOST_TEST((state(99) == SourceState::usual));
  BOOST_TEST((state(100) == SourceState::slow));
  sources.count_first(one, start + 10, source_rules);
  sources.count_first(one, start + 10, source_rules);
  BOOST_TEST((state(10) == SourceState::full));
  BOOST_TEST((state(999) == SourceState::full));
  BOOST_TEST((state(1000) == SourceState::usual));
  sources.count_first(one, start + 1000, source_rules);
  BOOST_TEST(sources.firsts_of(one, start + 1000, source_rules) == 1U);
}

BOOST_AUTO_TEST_CASE(a_network_that_comes_back_is_as_any_other) {
  policy::SourceWatch sources;
  sources.came_back(network(1));
  for (int i = 0; i < 5; ++i) {
    sources.count_first(network(1), start, source_rules);
  }
  sources.came_back(network(1));
  BOOST_TEST((sources.state_of(network(1), start + 500, source_rules) == SourceState::usual));
}

BOOST_AUTO_TEST_CASE(without_the_setting_nothing_is_counted) {
  policy::SourceWatch sources;
  policy::SourceRules never = source_rules;
  never.after = 0;
  for (int i = 0; i < 100; ++i) {
    sources.count_first(network(1), start, never);
  }
  BOOST_TEST((sources.state_of(network(1), start + 500, never) == SourceState::usual));
  BOOST_TEST((sources.state_of(network(1), start + 500, source_rules) == SourceState::usual));
}

// A flood of networks with one attempt each pushes out others like it, not the ones that count.
BOOST_AUTO_TEST_CASE(a_flood_of_networks_pushes_out_the_small_ones_first) {
  policy::SourceWatch sources;
  for (int i = 0; i < 4; ++i) {
    sources.count_first(network(-1), start, source_rules);
  }
  for (int i = 0; i < 300'000; ++i) {
    sources.count_first(network(i), start + 1, source_rules);
  }
  BOOST_TEST(sources.firsts_of(network(-1), start + 2, source_rules) == 4U);
}

BOOST_AUTO_TEST_CASE(a_clock_set_back_ends_no_window_and_no_grace) {
  policy::SourceWatch sources;
  for (int i = 0; i < 4; ++i) {
    sources.count_first(network(1), start, source_rules);
  }
  BOOST_TEST((sources.state_of(network(1), start - 5000, source_rules) == SourceState::usual));
  BOOST_TEST(sources.firsts_of(network(1), start - 5000, source_rules) == 4U);
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

struct Fixture {
  base::ManualClock clock{base::WallTime(std::chrono::seconds(start))};
  std::string log_text{};
  base::Log log{"test", base::memory_log_sink(log_text), base::Level::debug};
  policy::MemoryStore store{};
  policy::GreylistOptions options{
      .rules = {.delay = 100, .retry_window = 2000, .lifetime = 5000, .auto_whitelist_after = 0},
      .sources = source_rules,
      .throttle_delay = 600,
      .text = "{wait}"};
  policy::SpfOptions spf{};
  policy::Greylist check{options, spf, store, log};
  policy::Request request{};
  std::string texts[3];

  Fixture() {
    request.set(Attribute::protocol_state, "RCPT");
    request.set(Attribute::client_address, "192.0.2.1");
    request.set(Attribute::client_name, "unknown");
  }
  policy::Answer answer(policy::Notes* notes = nullptr) {
    policy::Facts facts = policy::facts_of(request);
    facts.spf = policy::SpfFinding{};
    if (!passes_spf_of.empty()) {
      facts.spf->sender.result = auth::SpfResult::pass;
      facts.spf->domain = passes_spf_of;
    }
    facts.dnsbl = policy::DnsblFinding{.score = dnsbl_score};
    if (account) {
      facts.accounts[base::to_lower(request[Attribute::recipient])] =
          std::make_shared<const policy::Account>(*account);
    }
    return check.ask({request, facts, clock.now(), notes});
  }
  // "wait SECONDS", or "pass: reason", or "" without an opinion.
  std::string mail(std::string from, std::string to, policy::Notes* notes = nullptr) {
    texts[0] = std::move(from);
    texts[1] = std::move(to);
    request.set(Attribute::sender, texts[0]);
    request.set(Attribute::recipient, texts[1]);
    const policy::Answer got = answer(notes);
    const auto* verdict = std::get_if<policy::Verdict>(&got);
    if (verdict == nullptr) {
      return "";
    }
    reason = verdict->reason;
    return verdict->is_refusal() ? "wait " + verdict->text : "pass: " + verdict->reason;
  }
  void submit(std::string from, std::string to) {
    request.set(Attribute::sasl_username, "bob");
    BOOST_TEST(mail(std::move(from), std::move(to)).empty());
    request.set(Attribute::sasl_username, "");
  }
  void wait(int seconds) { clock.advance(std::chrono::seconds(seconds)); }

  std::string reason{};
  std::string passes_spf_of{};
  int dnsbl_score = 0;
  std::optional<policy::Account> account{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(greylist_standing, Fixture)

BOOST_AUTO_TEST_CASE(a_reply_to_a_user_who_wrote_there_does_not_wait) {
  submit("Bob@Example.net", "Alice@Example.org");
  BOOST_TEST(mail("alice@example.ORG", "bob@example.net") ==
             "pass: a reply: our user wrote to alice@example.org before");
  // To nobody else, from nobody else.
  BOOST_TEST(mail("alice@example.org", "carol@example.net") == "wait 100");
  BOOST_TEST(mail("mallory@example.org", "bob@example.net") == "wait 100");
  options.correspondents.mode = policy::Correspondence::none;
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
}

BOOST_AUTO_TEST_CASE(what_one_user_wrote_to_may_write_to_all_when_so_set) {
  options.correspondents.mode = policy::Correspondence::address;
  submit("bob@example.net", "alice@example.org");
  BOOST_TEST(mail("alice@example.org", "carol@example.net").starts_with("pass: a reply"));
  BOOST_TEST(mail("other@example.org", "bob@example.net") == "wait 100");
}

BOOST_AUTO_TEST_CASE(a_correspondent_is_forgotten_after_its_lifetime_and_costs_a_write_a_day) {
  options.correspondents.lifetime = 200'000;
  submit("bob@example.net", "alice@example.org");
  const std::size_t writes = store.writes();
  wait(80'000);
  submit("bob@example.net", "alice@example.org");
  BOOST_TEST(store.writes() == writes);
  wait(10'000);
  submit("bob@example.net", "alice@example.org");
  BOOST_TEST(store.writes() == writes + 1);
  wait(199'999);
  BOOST_TEST(mail("alice@example.org", "bob@example.net").starts_with("pass"));
  wait(1);
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
}

BOOST_AUTO_TEST_CASE(only_recipients_of_real_submissions_are_learned) {
  request.set(Attribute::protocol_state, "END-OF-MESSAGE");
  submit("bob@example.net", "");  // has several
  request.set(Attribute::protocol_state, "DATA");
  submit("bob@example.net", "alice@example.org");
  request.set(Attribute::protocol_state, "RCPT");
  submit("", "alice@example.org");
  policy::Notes notes;
  request.set(Attribute::sasl_username, "bob");
  mail("bob@example.net", "alice@example.org", &notes);
  request.set(Attribute::sasl_username, "");
  options.enabled = false;
  submit("bob@example.net", "alice@example.org");
  BOOST_TEST(store.writes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_user_who_wants_no_greylist_is_spared_it) {
  options.user_switch = true;
  BOOST_TEST(mail("alice@example.org", "bob@example.net").empty());
  const policy::Answer first = answer();
  BOOST_REQUIRE(std::holds_alternative<policy::Waits>(first));
  BOOST_TEST(std::get<policy::Waits>(first).accounts.at(0) == "bob@example.net");
  account = {.state = policy::Account::State::found,
             .mailboxes = {"bob@example.net"},
             .wants_greylist = false};
  BOOST_TEST(mail("alice@example.org", "bob@example.net") ==
             "pass: bob@example.net wants no greylist");
  // Not for others behind the same alias, and not while the directory cannot tell.
  account->leaves = true;
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
  account = policy::Account{};
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
}

BOOST_AUTO_TEST_CASE(whom_lists_of_the_good_outweigh_does_not_wait) {
  dnsbl_score = -1;
  BOOST_TEST(mail("alice@example.org", "bob@example.net") ==
             "pass: lists of the good outweigh, score -1");
  options.dnswl = false;
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
  options.dnswl = true;
  dnsbl_score = 0;
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
}

BOOST_AUTO_TEST_CASE(all_that_spf_names_for_a_domain_are_one_client) {
  passes_spf_of = "example.org";
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
  wait(100);
  request.set(Attribute::client_address, "203.0.113.9");
  passes_spf_of.clear();
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
  request.set(Attribute::client_address, "2001:db8::1");
  passes_spf_of = "example.org";
  BOOST_TEST(mail("alice@example.org", "bob@example.net") ==
             "pass: came back after 100 s, of a pool");
  options.spf_pools = false;
  request.set(Attribute::client_address, "198.51.100.1");
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
}

BOOST_AUTO_TEST_CASE(a_domain_is_trusted_after_its_successes_and_its_age) {
  options.domains = {.after = 2, .age = 1000, .lifetime = 5000};
  passes_spf_of = "example.org";
  for (const char* from : {"a@example.org", "b@example.org"}) {
    BOOST_TEST(mail(from, "bob@example.net") == "wait 100");
    wait(100);
    BOOST_TEST(mail(from, "bob@example.net").starts_with("pass: came back"));
  }
  wait(800);  // 900 s after the first
  BOOST_TEST(mail("c@example.org", "bob@example.net") == "wait 100");
  wait(100);
  BOOST_TEST(mail("d@example.org", "bob@example.net") ==
             "pass: passes SPF of example.org, trusted after 2 successes");
  // Only with SPF, only that domain, and not for ever.
  passes_spf_of = "example.com";
  BOOST_TEST(mail("e@example.com", "bob@example.net") == "wait 100");
  passes_spf_of.clear();
  BOOST_TEST(mail("f@example.org", "bob@example.net") == "wait 100");
  passes_spf_of = "example.org";
  wait(5000);
  BOOST_TEST(mail("g@example.org", "bob@example.net") == "wait 100");
}

BOOST_AUTO_TEST_CASE(a_busy_trusted_domain_costs_a_write_a_minute) {
  options.domains = {.after = 1, .age = 0, .lifetime = 5000};
  passes_spf_of = "example.org";
  mail("a@example.org", "bob@example.net");
  wait(100);
  mail("a@example.org", "bob@example.net");
  const std::size_t writes = store.writes();
  for (int i = 0; i < 50; ++i) {
    BOOST_TEST(
        mail("x" + std::to_string(i) + "@example.org", "bob@example.net").starts_with("pass"));
  }
  BOOST_TEST(store.writes() == writes);
  wait(60);
  mail("y@example.org", "bob@example.net");
  BOOST_TEST(store.writes() == writes + 1);
}

BOOST_AUTO_TEST_CASE(servers_of_a_named_pool_are_one_client_wherever_they_are) {
  options.name_pools = {"outlook.example"};
  request.set(Attribute::client_name, "mail-1.Outlook.example");
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
  wait(100);
  request.set(Attribute::client_address, "203.0.113.9");
  request.set(Attribute::client_name, "evil-outlook.example");
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
  request.set(Attribute::client_address, "203.0.113.200");
  request.set(Attribute::client_name, "mail-2.outlook.example");
  // The network's own triplet is from before, and goes before.
  BOOST_TEST(mail("alice@example.org", "bob@example.net") ==
             "pass: came back after 100 s, of a pool");
  request.set(Attribute::client_address, "198.51.100.1");
  BOOST_TEST(mail("alice@example.org", "bob@example.net").starts_with("pass: known"));
}

BOOST_AUTO_TEST_CASE(what_waits_by_its_network_still_passes_when_a_pool_is_named_later) {
  request.set(Attribute::client_name, "mail-1.outlook.example");
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
  options.name_pools = {"outlook.example"};
  wait(50);
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 50");
  wait(50);
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "pass: came back after 100 s");
}

BOOST_AUTO_TEST_CASE(a_network_that_never_comes_back_waits_longer_and_then_costs_no_rows) {
  for (int i = 0; i < 4; ++i) {
    BOOST_TEST(mail("s" + std::to_string(i) + "@spam.example", "bob@example.net") == "wait 100");
  }
  wait(150);
  // The one that comes back now waits as long as the others of its network.
  BOOST_TEST(mail("s0@spam.example", "bob@example.net") == "wait 450");
  BOOST_TEST(mail("s4@spam.example", "bob@example.net") == "wait 600");
  BOOST_TEST(reason ==
             "first attempt, wait 600 s; its network made 5 first attempts and never came back");
  const std::size_t writes = store.writes();
  BOOST_TEST(mail("s5@spam.example", "bob@example.net") == "wait 600");
  BOOST_TEST(reason.ends_with("and never came back, so this one is not remembered"));
  BOOST_TEST(store.writes() == writes);
  wait(450);
  BOOST_TEST(mail("s0@spam.example", "bob@example.net") == "pass: came back after 600 s");
  // It has come back: all is as usual.
  BOOST_TEST(mail("s6@spam.example", "bob@example.net") == "wait 100");
  BOOST_TEST(mail("s1@spam.example", "bob@example.net").starts_with("pass"));
}

BOOST_AUTO_TEST_CASE(another_network_is_not_slowed_down) {
  for (int i = 0; i < 5; ++i) {
    mail("s" + std::to_string(i) + "@spam.example", "bob@example.net");
  }
  wait(150);
  request.set(Attribute::client_address, "203.0.113.9");
  BOOST_TEST(mail("alice@example.org", "bob@example.net") == "wait 100");
}

BOOST_AUTO_TEST_CASE(a_rehearsal_tells_all_this_and_changes_nothing) {
  submit("bob@example.net", "alice@example.org");
  const std::size_t writes = store.writes();
  policy::Notes notes;
  BOOST_TEST(mail("alice@example.org", "bob@example.net", &notes).starts_with("pass: a reply"));
  for (int i = 0; i < 9; ++i) {
    BOOST_TEST(mail("x" + std::to_string(i) + "@example.org", "bob@example.net", &notes) ==
               "wait 100");
  }
  BOOST_TEST(store.writes() == writes);
  BOOST_TEST(notes.front() == "our user wrote to this sender before");
}

BOOST_AUTO_TEST_CASE(a_record_of_a_correspondent_is_five_bytes) {
  BOOST_TEST(base::hex(base::bytes_of(policy::encode(policy::Correspondent{0x01020304}))) ==
             "0104030201");
  for (std::size_t size = 0; size < 7; ++size) {
    BOOST_TEST(policy::decode_correspondent(std::string(size, '\1')).has_value() == (size == 5));
  }
}

BOOST_AUTO_TEST_SUITE_END()
