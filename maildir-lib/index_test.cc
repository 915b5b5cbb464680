// maildir-lib/index_test.cc -- an index over a Maildir that changes as Dovecot changes one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/index.hh"

#include <boost/test/unit_test.hpp>

#include "maildir-lib/message.hh"
#include "maildir-lib/summary.hh"
#include "maildir-lib/test_dovecot.hh"

namespace {

using maildir::Index;
using maildir::IndexDb;
using maildir::Kind;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct Fixture {
  maildir::TestDovecot dovecot;
  maildir::IndexOptions options{dovecot.maildir().string(),
                                (dovecot.home() / "ids.log").string(),
                                (dovecot.home() / "state/index.db").string(),
                                {}};
  std::unique_ptr<Index> index;

  Index& refreshed() {
    if (!index) {
      auto opened = Index::open(options);
      BOOST_REQUIRE_MESSAGE(opened.has_value(), (opened ? "" : opened.error().text()));
      index = std::move(*opened);
    }
    const auto done = index->refresh(base::system_clock().now());
    BOOST_REQUIRE_MESSAGE(done.has_value(), (done ? "" : done.error().text()));
    return *index;
  }
  Index& built() {
    Index& all = refreshed();
    BOOST_REQUIRE(all.build(base::system_clock().ticks() + 10s).has_value());
    return all;
  }
  void close() { index.reset(); }
  void lose_index() {
    close();
    IndexDb::remove(options.file);
  }
  // The number of the only, or the newest, Email of INBOX.
  std::int64_t newest() {
    const auto list = refreshed().list(inbox().number);
    BOOST_REQUIRE((list && !(*list)->empty()));
    return (*list)->back().number;
  }
  const maildir::IndexedFolder& inbox() { return refreshed().folders().front(); }
  std::int64_t find(const maildir::TestDovecot::File& file) {
    const auto number = refreshed().find_guid(file.guid);
    BOOST_REQUIRE((number && *number));
    return **number;
  }
  static std::string mail(const std::string& id, const std::string& refs = "") {
    return "From: A <a@x>\nSubject: " + std::string(refs.empty() ? "" : "Re: ") +
           "Plan\nMessage-ID: <" + id + ">\n" +
           (refs.empty() ? "" : "References: <" + refs + ">\n") + "\nText of " + id + ".\n";
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(index_of_an_account, Fixture)

BOOST_AUTO_TEST_CASE(a_delivery_is_whole_when_it_is_shown) {
  refreshed();
  dovecot.deliver("", mail("1@x"));
  const auto email = refreshed().email(newest());
  BOOST_REQUIRE(email.has_value());
  BOOST_TEST(email->has_content);
  BOOST_TEST(email->preview == "Text of 1@x.");
  BOOST_TEST(email->size == mail("1@x").size());
  BOOST_TEST(refreshed().is_complete());
  const auto counts = inbox().counts;
  BOOST_TEST((counts == maildir::FolderCounts{1, 1, 1, 1}));
}

BOOST_AUTO_TEST_CASE(a_lost_index_and_a_lost_uidlist_change_no_number) {
  dovecot.deliver("", mail("1@x"));
  dovecot.deliver("", mail("2@x"), false);  // its GUID has no sizes until the uidlist is lost
  dovecot.add_folder(".Work");
  refreshed();
  dovecot.move(0, ".Work");
  refreshed();
  dovecot.move(1, "");  // back under a new name, the GUID in the uidlist alone
  const auto& files = dovecot.files();
  BOOST_TEST(files[1].base != files[1].guid);
  const auto one = find(files[1]);
  const auto two = find(files[0]);
  const auto folder = inbox().number;
  lose_index();
  dovecot.lose_uidlist("");
  BOOST_TEST(find(files[1]) == one);
  BOOST_TEST(find(files[0]) == two);
  BOOST_TEST(inbox().number == folder);
  BOOST_TEST(refreshed().size() == 2);
}

BOOST_AUTO_TEST_CASE(a_home_put_back_from_a_copy_keeps_and_repeats_no_number) {
  dovecot.deliver("", mail("1@x"));
  const auto first = newest();
  close();
  fs::copy(dovecot.home(), dovecot.home().string() + ".copy", fs::copy_options::recursive);
  dovecot.deliver("", mail("2@x"));
  const auto second = newest();
  close();
  for (const char* part : {"Maildir", "ids.log", "state"}) {
    fs::remove_all(dovecot.home() / part);
  }
  fs::rename(dovecot.home().string() + ".copy/Maildir", dovecot.home() / "Maildir");
  fs::rename(dovecot.home().string() + ".copy/ids.log", dovecot.home() / "ids.log");
  fs::remove_all(dovecot.home().string() + ".copy");
  dovecot.files().pop_back();
  BOOST_TEST(newest() == first);
  dovecot.deliver("", mail("3@x"));
  const auto third = newest();
  BOOST_TEST(third != first);
  BOOST_TEST(third != second);
}

BOOST_AUTO_TEST_CASE(an_old_ids_log_learns_again_what_the_index_knows) {
  dovecot.deliver("", mail("1@x"));
  const auto first = newest();
  close();
  fs::remove(options.ids);
  dovecot.deliver("", mail("2@x"));
  refreshed();
  lose_index();
  BOOST_TEST(find(dovecot.files()[0]) == first);
}

BOOST_AUTO_TEST_CASE(files_of_one_guid_are_one_email) {
  dovecot.add_folder(".Work");
  dovecot.deliver("", mail("1@x"));
  refreshed();
  dovecot.copy(0, ".Work");
  dovecot.set_flags(dovecot.files()[0], "FS");
  const auto email = refreshed().email(newest());
  BOOST_REQUIRE(email.has_value());
  BOOST_TEST(email->places.size() == 2U);
  BOOST_TEST(!email->is_seen());
  BOOST_TEST(email->has(maildir::flag_flagged));
  BOOST_TEST(inbox().counts.unread == 1);
  dovecot.set_flags(dovecot.files()[1], "S");
  BOOST_TEST(refreshed().email(newest())->is_seen());
  BOOST_TEST(inbox().counts.unread == 0);
  dovecot.set_flags(dovecot.files()[1], "ST");
  BOOST_TEST(refreshed().email(newest())->places.size() == 1U);
  const auto uids = refreshed().uids(newest());
  BOOST_REQUIRE((uids && uids->size() == 2U));
  BOOST_TEST((*uids)[0].uid == 1U);
}

BOOST_AUTO_TEST_CASE(a_mail_flagged_deleted_is_none_until_it_is_wanted_again) {
  dovecot.deliver("", mail("1@x"));
  const auto number = newest();
  const auto before = refreshed().state(Kind::email);
  dovecot.set_flags(dovecot.files()[0], "T");
  BOOST_TEST(refreshed().size() == 0);
  const auto changes = refreshed().changes(Kind::email, before, 0);
  BOOST_REQUIRE(changes.has_value());
  BOOST_TEST((changes->destroyed == std::vector{number}));
  dovecot.set_flags(dovecot.files()[0], "");
  BOOST_TEST(newest() == number);
  BOOST_TEST((refreshed().changes(Kind::email, before, 0)->updated == std::vector{number}));
}

BOOST_AUTO_TEST_CASE(replies_are_in_the_thread_of_what_they_answer) {
  dovecot.add_folder(".Sent");
  dovecot.deliver("", mail("1@x"));
  dovecot.deliver(".Sent", mail("2@x", "1@x"));
  dovecot.deliver("", mail("3@x", "2@x"));
  Index& all = built();
  const auto first = find(dovecot.files()[0]);
  BOOST_TEST(all.email(find(dovecot.files()[2]))->thread == first);
  const auto thread = all.thread(first);
  BOOST_REQUIRE((thread && thread->size() == 3U));
  BOOST_TEST((*thread)[0].number == first);
  BOOST_TEST(inbox().counts.threads == 1);
  BOOST_TEST(inbox().counts.emails == 2);
  dovecot.deliver("", mail("4@x", "1@x"));
  BOOST_TEST(refreshed().email(newest())->thread == first);
  BOOST_TEST((*refreshed().list(0))->back().thread == first);
  lose_index();
  BOOST_TEST(built().email(newest())->thread == first);
}

BOOST_AUTO_TEST_CASE(keywords_are_named_by_their_folder) {
  dovecot.deliver("", mail("1@x"));
  refreshed();
  dovecot.set_flags(dovecot.files()[0], "Sa");
  BOOST_TEST(refreshed().email(newest())->places[0].flags.keywords == 1U);
  const auto before = refreshed().state(Kind::email);
  std::ofstream(dovecot.maildir() / "dovecot-keywords") << "0 $Label1\n";
  BOOST_TEST(inbox().keywords[0] == "$Label1");
  BOOST_TEST(refreshed().changes(Kind::email, before, 0)->updated.size() == 1U);
}

BOOST_AUTO_TEST_CASE(folders_keep_their_numbers_when_names_change_places) {
  dovecot.add_folder(".A");
  dovecot.add_folder(".B");
  dovecot.deliver(".A", mail("1@x"));
  const auto number_of = [&](const std::string& name) {
    for (const auto& folder : refreshed().folders()) {
      if (folder.folder.disk_name == name) {
        return folder.number;
      }
    }
    return std::int64_t{0};
  };
  const auto a = number_of(".A");
  const auto b = number_of(".B");
  const auto before = refreshed().state(Kind::folder);
  dovecot.rename_folder(".A", ".C");
  dovecot.rename_folder(".B", ".A");
  dovecot.rename_folder(".C", ".B");
  BOOST_TEST(number_of(".A") == b);
  BOOST_TEST(number_of(".B") == a);
  const auto changes = refreshed().changes(Kind::folder, before, 0);
  BOOST_REQUIRE(changes.has_value());
  BOOST_TEST(changes->created.empty());
  BOOST_TEST(changes->destroyed.empty());
  dovecot.delete_folder(".B");
  BOOST_TEST((refreshed().changes(Kind::folder, before, 0)->destroyed == std::vector{a}));
  BOOST_TEST(refreshed().size() == 0);
}

BOOST_AUTO_TEST_CASE(counts_alone_are_told_apart) {
  refreshed();
  const auto before = refreshed().state(Kind::folder);
  dovecot.deliver("", mail("1@x"));
  const auto changes = refreshed().changes(Kind::folder, before, 0);
  BOOST_REQUIRE(changes.has_value());
  BOOST_TEST(changes->only_counts);
  BOOST_TEST(!refreshed().changes(Kind::folder, before + 1'000'000, 0).has_value());
}

BOOST_AUTO_TEST_CASE(a_file_waits_for_its_record_or_for_two_seconds) {
  refreshed();
  const std::string name = "1700000001.M1P1.vm,S=10,W=11";
  std::ofstream(dovecot.maildir() / "new" / name) << "A: b\n\nhello\n";
  BOOST_TEST(refreshed().size() == 0);
  BOOST_REQUIRE(index->refresh(base::system_clock().now() + 3s).has_value());
  BOOST_TEST(index->size() == 1);
}

BOOST_AUTO_TEST_CASE(damage_is_told_and_a_new_index_has_the_same_numbers) {
  dovecot.deliver("", mail("1@x"));
  const auto number = newest();
  const auto epoch = refreshed().epoch();
  close();
  for (const std::string& garbage : {std::string("garbage"), std::string(9000, 'x')}) {
    IndexDb::remove(options.file);
    std::ofstream(options.file, std::ios::binary) << garbage;
    const auto opened = Index::open(options);
    BOOST_REQUIRE(!opened.has_value());
    BOOST_TEST((opened.error().code == base::Errc::corrupt));
  }
  lose_index();
  BOOST_TEST(newest() == number);
  BOOST_TEST(refreshed().epoch() != epoch);
}

BOOST_AUTO_TEST_CASE(one_process_has_an_index_at_a_time) {
  refreshed();
  const auto second = Index::open(options);
  BOOST_REQUIRE(!second.has_value());
  BOOST_TEST((second.error().code == base::Errc::unavailable));
  fs::remove(options.file);
  BOOST_TEST(!index->is_in_place());
}

BOOST_AUTO_TEST_CASE(messages_are_opened_under_the_name_they_have_now) {
  dovecot.deliver("", mail("1@x"));
  const auto number = newest();
  dovecot.set_flags(dovecot.files()[0], "RS");
  auto message = index->open_message(number);  // not refreshed
  BOOST_REQUIRE(message.has_value());
  BOOST_TEST(message->read().value_or("") == mail("1@x"));
  dovecot.expunge(0);
  BOOST_TEST((index->open_message(number).error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_CASE(a_mail_that_cannot_be_read_is_listed_still) {
  dovecot.deliver("", "\x28\xB5\x2F\xFD broken");
  Index& all = built();
  const auto email = all.email(newest());
  BOOST_REQUIRE(email.has_value());
  BOOST_TEST(email->has_content);
  BOOST_TEST(email->preview.empty());
}

BOOST_AUTO_TEST_CASE(without_a_maildir_nothing_is_found) {
  options.maildir = "/nonexistent";
  auto opened = Index::open(options);
  BOOST_REQUIRE(opened.has_value());
  const auto done = (*opened)->refresh(base::system_clock().now());
  BOOST_TEST((!done && done.error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_SUITE_END()
