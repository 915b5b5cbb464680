// directory-lib/ldap_entries_test.cc -- ExtMan's attributes as structs, and what a change writes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/ldap_entries.hh"

#include <boost/test/unit_test.hpp>

namespace {

using directory::LdapAttributes;
using directory::LdapEdit;
using directory::Service;
using namespace std::chrono;

LdapAttributes old_user() {
  return {{"mail", {"Alice@old.test"}},
          {"cn", {"Alice"}},
          {"homeDirectory", {"A0/old.test/3F/alice"}},
          {"mailMessageStore", {"A0/old.test/3F/alice/Maildir/"}},
          {"mailQuota", {"104857600S"}},
          {"mailHost", {"lmtp:store2"}},
          {"active", {"1"}},
          {"disableimap", {"1"}},
          {"disablepop3", {"0"}},
          {"disablePasswdChange", {"1"}},
          {"expireDate", {"2031-01-02"}},
          {"createDate", {"2007-02-14 17:56:33"}}};
}

const LdapAttributes old_domain{{"virtualDomain", {"old.test"}},
                                {"active", {"1"}},
                                {"Transport", {"virtual:"}},
                                {"expireDate", {"0000-00-00"}},
                                {"domainMaxUsers", {"50"}},
                                {"domainMaxQuota", {"1073741824S"}},
                                {"catchAllAddress", {"postmaster@old.test"}}};

const mail::Address alice{"alice", "old.test"};

BOOST_AUTO_TEST_SUITE(ldap_entries)

BOOST_AUTO_TEST_CASE(a_user_of_extman_is_read_as_extman_meant_it) {
  const auto user = directory::ldap_user(alice, old_user(), old_domain, {});
  BOOST_TEST(user.address == "alice@old.test");
  BOOST_TEST(user.home == "A0/old.test/3F/alice");
  BOOST_TEST(user.maildir == "A0/old.test/3F/alice/Maildir");
  BOOST_TEST(user.quota.count == 104857600U);
  BOOST_TEST(user.mail_host == "lmtp:store2");
  BOOST_TEST(user.disabled.has(Service::imap));
  BOOST_TEST(!user.disabled.has(Service::pop3));
  BOOST_TEST(!user.disabled.has(Service::sieve));
  BOOST_TEST(user.enabled);
  BOOST_TEST(!user.may_change_password);
  BOOST_TEST((user.expires == sys_days(2031y / 1 / 2)));
  BOOST_TEST(user.domain_enabled);
  BOOST_TEST(!user.domain_expires.has_value());
}

BOOST_AUTO_TEST_CASE(attributes_that_are_missing_mean_no_limit_and_switched_off) {
  const auto user = directory::ldap_user(alice, {{"homeDirectory", {"x/alice"}}}, {}, {});
  BOOST_TEST(!user.enabled);
  BOOST_TEST(!user.domain_enabled);
  BOOST_TEST(user.quota.count == 0U);
  BOOST_TEST(user.maildir == "x/alice/Maildir");
  BOOST_TEST(user.disabled.empty());
  const auto domain = directory::ldap_domain("old.test", old_domain, {});
  BOOST_TEST(domain.mail_host == "");
  BOOST_TEST(domain.max_users == 50U);
  BOOST_TEST(domain.max_quota.count == 1073741824U);
}

BOOST_AUTO_TEST_CASE(nothing_is_written_where_nothing_changed) {
  const auto found = old_user();
  const auto user = directory::ldap_user(alice, found, old_domain, {});
  for (const auto& edit :
       directory::ldap_edits(directory::ldap_user_attributes(user, found), found)) {
    // Switches that the entry does not have are written out.
    BOOST_TEST(found.count(edit.attribute) == 0U, edit.attribute);
  }
  auto changed = user;
  changed.quota = {5000};
  changed.mail_host.clear();
  bool has_quota = false;
  bool has_host = false;
  for (const auto& edit :
       directory::ldap_edits(directory::ldap_user_attributes(changed, found), found)) {
    has_quota = has_quota ||
                (edit.attribute == "mailQuota" && edit.values == std::vector<std::string>{"5000S"});
    has_host = has_host || (edit.attribute == "mailHost" && edit.values.empty());
  }
  BOOST_TEST(has_quota);
  BOOST_TEST(has_host);
}

BOOST_AUTO_TEST_CASE(a_new_user_reads_back_as_it_was_written) {
  directory::User user;
  user.address = "alice@old.test";
  user.name = "Alice Ω";
  user.home = "A0/old.test/3F/alice";
  user.maildir = user.home + "/Maildir";
  user.quota = {1U << 20U};
  user.disabled.add(Service::pop3);
  user.disabled.add(Service::sieve);
  user.expires = sys_days(2030y / 12 / 31);
  user.created = sys_days(2026y / 1 / 2) + 3h;
  user.domain_enabled = true;
  const auto entry = directory::ldap_user_attributes(user, {});
  BOOST_TEST(directory::ldap_text(entry, "MAILMESSAGESTORE") == user.home + "/Maildir/");
  const auto back = directory::ldap_user(alice, entry, old_domain, directory::ldap_user_note(user));
  BOOST_TEST(back.name == user.name);
  BOOST_TEST(back.maildir == user.maildir);
  BOOST_TEST(back.quota.count == user.quota.count);
  BOOST_TEST((back.disabled == user.disabled));
  BOOST_TEST((back.expires == user.expires));
  BOOST_TEST((back.created == user.created));
}

BOOST_AUTO_TEST_CASE(targets_are_values_or_lists_and_the_domain_may_name_the_catch_all) {
  const auto alias = directory::ldap_alias(
      "info@old.test",
      {{"mail", {"bob@old.test", "carol@old.test,bob@old.test"}}, {"active", {"1"}}});
  BOOST_TEST(alias.targets == (std::vector<std::string>{"bob@old.test", "carol@old.test"}));
  const auto catch_all = directory::ldap_catch_all("old.test", old_domain);
  BOOST_REQUIRE(catch_all.has_value());
  BOOST_TEST(catch_all->address == "@old.test");
  BOOST_TEST(catch_all->targets == std::vector<std::string>{"postmaster@old.test"});
  BOOST_TEST(!directory::ldap_catch_all("old.test", {}).has_value());
}

BOOST_AUTO_TEST_CASE(a_note_is_bound_to_the_account_it_was_written_for) {
  const directory::LdapNote note{{"sieve", "off"}, {"of", "2007-02-14 17:56:33"}};
  const LdapAttributes written{{"description", directory::note_values(note)}};
  BOOST_TEST((directory::ldap_note(written) == note));
  BOOST_TEST((directory::note_of(note, old_user()) == note));
  auto reborn = old_user();
  reborn["createDate"] = {"2020-01-01 00:00:00"};
  BOOST_TEST(directory::note_of(note, reborn).empty());
  BOOST_TEST(directory::ldap_note(std::nullopt).empty());
}

BOOST_AUTO_TEST_CASE(keys_are_compared_without_case_but_with_every_blank) {
  BOOST_TEST(directory::has_ldap_key(old_user(), "mail", "alice@old.test"));
  BOOST_TEST(
      !directory::has_ldap_key({{"mail", {"\"a b\"@old.test"}}}, "mail", "\"a  b\"@old.test"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
