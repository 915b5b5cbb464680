// policyd/checks/user_list_test.cc -- whose list counts, and in which order.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/checks/user_list.hh"

#include <boost/test/unit_test.hpp>

using directory::ListKind;
using policy::Account;
using policy::Attribute;

namespace {

using Entries = std::vector<directory::ListEntry>;

struct Fixture {
  policy::UserListOptions options{.enabled = true, .black_text = "5.7.1 No"};
  policy::UserListCheck check{options};
  policy::Request request{};
  policy::Facts facts{};
  Account account{.state = Account::State::found, .mailboxes = {"bob@example.net"}};

  Fixture() {
    request.set(Attribute::protocol_state, "RCPT");
    request.set(Attribute::sender, "Alice@Example.org");
    request.set(Attribute::recipient, "Info@example.net");
    request.set(Attribute::client_address, "192.0.2.1");
    request.set(Attribute::client_name, "mx.example.org");
    request.set(Attribute::reverse_client_name, "claimed.example");
  }

  void user(ListKind kind, std::string pattern) {
    add(account.lists, "bob@example.net", kind, std::move(pattern));
  }
  void domain(ListKind kind, std::string pattern) {
    add(account.domain_lists, "example.net", kind, std::move(pattern));
  }
  static void add(std::shared_ptr<const policy::OwnedLists>& to, std::string owner, ListKind kind,
                  std::string pattern) {
    Entries entries = to == nullptr ? Entries() : to->entries;
    entries.push_back({std::move(owner), kind, std::move(pattern), {}});
    to = std::make_shared<const policy::OwnedLists>(std::move(entries));
  }
  // "ACTION reason"; "" without an opinion; "waits for ADDRESS".
  std::string asked(policy::Notes* notes = nullptr) {
    facts = policy::facts_of(request);
    facts.accounts["info@example.net"] = std::make_shared<const Account>(account);
    return answer(notes);
  }
  std::string answer(policy::Notes* notes = nullptr) {
    const policy::Answer got = check.ask({request, facts, {}, notes});
    if (const auto* waits = std::get_if<policy::Waits>(&got); waits != nullptr) {
      return "waits for " + waits->accounts.at(0);
    }
    const auto* verdict = std::get_if<policy::Verdict>(&got);
    return verdict == nullptr
               ? ""
               : std::string(policy::action_word(verdict->action)) + " " + verdict->reason;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(user_list, Fixture)

BOOST_AUTO_TEST_CASE(it_asks_for_the_account_of_the_recipient_in_lower_case) {
  facts = policy::facts_of(request);
  BOOST_TEST(answer() == "waits for info@example.net");
  BOOST_TEST(asked().empty());
}

BOOST_AUTO_TEST_CASE(white_beats_black_and_the_user_beats_the_domain) {
  domain(ListKind::black, "example.org");
  BOOST_TEST(asked() == "reject black list of example.net: example.org");
  domain(ListKind::white, "alice@example.org");
  BOOST_TEST(asked() == "dunno white list of example.net: alice@example.org");
  user(ListKind::black, "@example.org");
  BOOST_TEST(asked() == "reject black list of bob@example.net: @example.org");
  user(ListKind::white, "*@example.org");
  BOOST_TEST(asked() == "dunno white list of bob@example.net: *@example.org");
  options.accept_white = true;
  BOOST_TEST(asked() == "ok white list of bob@example.net: *@example.org");
}

BOOST_AUTO_TEST_CASE(entries_match_at_label_borders_and_are_no_regular_expressions) {
  user(ListKind::black, "ample.org");
  user(ListKind::black, "alice.example.org");
  user(ListKind::black, ".*");
  BOOST_TEST(asked().empty());
}

BOOST_AUTO_TEST_CASE(an_address_or_a_network_is_the_client) {
  user(ListKind::black, "192.0.2.0/24");
  BOOST_TEST(asked() == "reject black list of bob@example.net: 192.0.2.0/24");
  user(ListKind::white, "client:example.org");
  BOOST_TEST(asked() == "dunno white list of bob@example.net: client:example.org");
}

BOOST_AUTO_TEST_CASE(an_unverified_name_may_be_kept_out_but_not_let_in) {
  user(ListKind::white, "client:claimed.example");
  BOOST_TEST(asked().empty());
  user(ListKind::black, "client:claimed.example");
  BOOST_TEST(asked().starts_with("reject"));
}

BOOST_AUTO_TEST_CASE(where_several_get_the_mail_nobody_decides_for_the_others) {
  user(ListKind::black, "example.org");
  BOOST_TEST(asked().starts_with("reject"));
  account.leaves = true;
  BOOST_TEST(asked().empty());
  account.leaves = false;
  account.mailboxes.emplace_back("carol@example.net");
  BOOST_TEST(asked().empty());
}

BOOST_AUTO_TEST_CASE(while_the_directory_cannot_tell_the_setting_decides) {
  account.state = Account::State::unknown;
  BOOST_TEST(asked().empty());
  options.defer_on_error = true;
  BOOST_TEST(asked().starts_with("defer_if_permit"));
}

BOOST_AUTO_TEST_CASE(strangers_to_us_and_those_who_logged_in_are_not_asked_about) {
  user(ListKind::black, "example.org");
  request.set(Attribute::sasl_username, "bob");
  BOOST_TEST(asked().empty());
  request.set(Attribute::sasl_username, "");
  request.set(Attribute::protocol_state, "END-OF-MESSAGE");
  BOOST_TEST(asked().empty());
  request.set(Attribute::protocol_state, "RCPT");
  options.enabled = false;
  BOOST_TEST(asked().empty());
  options.enabled = true;
  account = {.state = Account::State::foreign};
  BOOST_TEST(asked().empty());
}

BOOST_AUTO_TEST_CASE(a_rehearsal_says_the_same_and_whose_lists_it_read) {
  user(ListKind::black, "example.org");
  policy::Notes notes;
  BOOST_TEST(asked(&notes) == "reject black list of bob@example.net: example.org");
  BOOST_TEST(notes.at(0) == "the lists of bob@example.net and of its domain");
}

BOOST_AUTO_TEST_SUITE_END()
