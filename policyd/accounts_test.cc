// policyd/accounts_test.cc -- what is read of an address; shared and remembered.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/accounts.hh"

#include <boost/test/unit_test.hpp>

#include "base/loop/test_stage.hh"

#include "directory-lib/scratch_directory.hh"

#include "policyd/gather.hh"

using policy::Account;
using State = Account::State;

namespace {

constexpr base::WallTime today{std::chrono::hours(24 * 20000)};

struct Fixture {
  directory::ScratchDirectory scratch{};

  Fixture() {
    const auto writer = scratch.open();
    directory::add_domain(*writer, "example.org");
    directory::add_user(*writer, "alice@example.org");
    directory::add_user(*writer, "bob@example.org");
    BOOST_REQUIRE(directory::add_alias(*writer, "sales@example.org",
                                       {"alice@example.org", "x@elsewhere.example"})
                      .has_value());
    directory::add_domain(*writer, "all.example.org");
    BOOST_REQUIRE(directory::add_alias(*writer, "@all.example.org", {"bob@example.org"}));
  }
  Account read(std::string_view address) {
    const auto reader = scratch.open(directory::OpenAs::reader);
    const auto account = policy::read_account(*reader, address, today);
    BOOST_REQUIRE(account.has_value());
    return *account;
  }
};

struct SourceFixture : Fixture {
  loop::TestStage stage{};
  policy::AccountsOptions options{.directory = scratch.settings(),
                                  .cache_bytes = 100'000,
                                  .cache_time = std::chrono::minutes(1),
                                  .cache_negative_time = std::chrono::minutes(1),
                                  .timeout = std::chrono::seconds(5)};
  std::unique_ptr<policy::Accounts> accounts = made(options);

  std::unique_ptr<policy::Accounts> made(const policy::AccountsOptions& with) {
    auto source = policy::Accounts::make(stage.loop(), stage.log(), 2, with);
    BOOST_REQUIRE(source.has_value());
    return std::move(*source);
  }
  State find(const std::string& address) {
    policy::Accounts::Answer answer;
    accounts->find(address, [&](const auto& found) { answer = found; });
    BOOST_TEST(!answer);  // never from inside
    stage.run_until([&] { return answer != nullptr; });
    return answer->state;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(account, Fixture)

BOOST_AUTO_TEST_CASE(a_mailbox_is_found_in_any_spelling_and_with_an_extension) {
  for (const char* address : {"alice@example.org", "Alice+news@EXAMPLE.org"}) {
    const Account account = read(address);
    BOOST_TEST((account.state == State::found));
    BOOST_TEST(account.mailboxes == std::vector<std::string>{"alice@example.org"},
               boost::test_tools::per_element());
    BOOST_TEST(!account.is_catch_all);
    BOOST_TEST(!account.leaves);
  }
}

BOOST_AUTO_TEST_CASE(an_alias_has_its_mailboxes_and_says_that_mail_leaves) {
  const Account account = read("sales@example.org");
  BOOST_TEST(account.mailboxes == std::vector<std::string>{"alice@example.org"},
             boost::test_tools::per_element());
  BOOST_TEST(account.leaves);
  BOOST_TEST(!account.is_catch_all);
}

BOOST_AUTO_TEST_CASE(a_catch_all_is_told_from_an_address) {
  const Account account = read("anything@all.example.org");
  BOOST_TEST((account.state == State::found));
  BOOST_TEST(account.is_catch_all);
  BOOST_TEST(account.mailboxes == std::vector<std::string>{"bob@example.org"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(nobody_is_told_from_elsewhere) {
  BOOST_TEST((read("carol@example.org").state == State::nobody));
  BOOST_TEST((read("carol@elsewhere.example").state == State::foreign));
  for (const char* no_address : {"", "alice", "@example.org", "a b@example.org"}) {
    BOOST_TEST((read(no_address).state == State::foreign));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(accounts, SourceFixture)

BOOST_AUTO_TEST_CASE(an_answer_is_remembered_until_the_settings_change) {
  BOOST_TEST(!accounts->remembered("alice@example.org"));
  BOOST_TEST((find("alice@example.org") == State::found));
  BOOST_REQUIRE(accounts->remembered("alice@example.org"));
  BOOST_TEST((find("nobody@example.org") == State::nobody));
  BOOST_TEST(accounts->remembered("nobody@example.org"));
  accounts->apply(options);
  BOOST_TEST(!accounts->remembered("alice@example.org"));
}

BOOST_AUTO_TEST_CASE(a_foreign_domain_is_asked_once_and_a_bad_address_does_not_make_ours_foreign) {
  BOOST_TEST((find("a@elsewhere.example") == State::foreign));
  BOOST_REQUIRE(accounts->remembered("b@elsewhere.example"));
  BOOST_TEST((find("a b@example.org") == State::foreign));
  BOOST_TEST(!accounts->remembered("alice@example.org"));
}

BOOST_AUTO_TEST_CASE(those_who_wait_for_one_address_share_the_question_and_may_leave) {
  int told = 0;
  const auto count = [&](const auto&) { ++told; };
  accounts->find("bob@example.org", count);
  const auto second = accounts->find("bob@example.org", count);
  accounts->find("bob@example.org", count);
  accounts->cancel(second);
  stage.run_until([&] { return told == 2; });
  stage.run_for(loop::Duration(20));
  BOOST_TEST(told == 2);
}

BOOST_AUTO_TEST_CASE(a_directory_that_fails_makes_accounts_unknown_and_rests) {
  policy::AccountsOptions away = options;
  away.directory.database = stage.path("missing.db");
  accounts = made(away);
  BOOST_TEST((find("alice@example.org") == State::unknown));
  BOOST_REQUIRE(accounts->remembered("bob@example.org"));  // at once, while it rests
  BOOST_TEST((accounts->remembered("bob@example.org")->state == State::unknown));
  BOOST_TEST(stage.logged().find("policyd.directory.trouble") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_search_fills_the_facts_and_ends_at_its_deadline) {
  auto resolver = loop::Resolver::make(stage.loop(), {.resolver = "off"});
  BOOST_REQUIRE(resolver.has_value());
  policy::QuotaStatus quota_status(stage.loop(), stage.log());
  policy::Gatherer gatherer({stage.loop(), **resolver, *accounts, quota_status});
  policy::Facts facts;
  bool is_done = false;
  std::unique_ptr<policy::Gatherer::Search> search;
  const auto run = [&](const policy::Waits& waits, loop::Duration deadline) {
    is_done = false;
    search = gatherer.find(waits, facts, deadline, [&] {
      search.reset();
      is_done = true;
    });
    BOOST_TEST(!is_done);
    stage.run_until([&] { return is_done; });
  };
  run({.accounts = {"alice@example.org", "alice@example.org"}}, loop::Duration(5000));
  BOOST_REQUIRE(facts.account("alice@example.org") != nullptr);
  BOOST_TEST((facts.account("alice@example.org")->state == State::found));
  facts.accounts.clear();
  run({.accounts = {"alice@example.org"}}, loop::Duration(5000));  // remembered
  BOOST_TEST((facts.account("alice@example.org")->state == State::found));
  run({.accounts = {"carol@example.org"}}, loop::Duration(0));
  BOOST_REQUIRE(facts.account("carol@example.org") != nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
