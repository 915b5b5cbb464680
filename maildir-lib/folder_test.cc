// maildir-lib/folder_test.cc -- folders, and the mails in them, of a Maildir that Dovecot wrote.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/folder.hh"

#include <boost/test/unit_test.hpp>

#include "maildir-lib/folder_scan.hh"
#include "maildir-lib/test_maildir.hh"

namespace {

namespace fs = std::filesystem;

struct Fixture {
  maildir::TestMaildir sample;
  maildir::Directory root = maildir::Directory::open(sample.text()).value();
  maildir::TierRoots tiers;

  // All of a folder, as it is found the first time.
  base::Result<maildir::FolderChanges> scan(const std::string& disk_name) const {
    const auto folder = disk_name.empty() ? root.again() : root.open_directory(disk_name);
    if (!folder) {
      return folder.error();
    }
    const maildir::FolderStamps nothing = maildir::FolderStamps::parse("");
    // The fixture's files were changed (ctime) a moment ago; an hour later nothing is racy.
    maildir::FolderScan scan(nothing, base::system_clock().now() + std::chrono::hours(1), tiers);
    std::map<std::int64_t, maildir::UidEntry> early;
    (void)scan.has_changed(*folder);
    return scan.read(*folder, {}, early);
  }
};

const maildir::FoundFile& file_with(const maildir::FolderChanges& found, const std::string& part) {
  for (const auto& file : found.added) {
    if (file.name.find(part) != std::string::npos) {
      return file;
    }
  }
  throw std::runtime_error("no mail " + part);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(folders, Fixture)

BOOST_AUTO_TEST_CASE(folders_have_names_for_people) {
  const auto folders = maildir::list_folders(root);
  BOOST_REQUIRE(folders.has_value());
  std::string names;
  for (const auto& folder : *folders) {
    for (const auto& level : folder.levels) {
      names += level + "/";
    }
    names += " ";
  }
  BOOST_TEST(names == "INBOX/ 归档/ Drafts/ Junk/ Sent/ Trash/ Work/ Work/Projekte 2026/ ");
}

BOOST_AUTO_TEST_CASE(odd_folders_are_shown_or_passed_over) {
  fs::create_directories(sample.path() / ".bad&name/cur");
  fs::create_directories(sample.path() / ".a..b/cur");
  fs::create_directories(sample.path() / ".empty");
  fs::create_directory_symlink("/", sample.path() / ".link");
  const auto folders = maildir::list_folders(root);
  BOOST_REQUIRE(folders.has_value());
  BOOST_TEST(folders->size() == 9U);
  BOOST_TEST(maildir::folder_of(".bad&name").levels[0] == "bad&name");
}

BOOST_AUTO_TEST_CASE(subscriptions_of_both_versions_are_read) {
  const auto two = maildir::read_subscriptions(root);
  BOOST_TEST(two.has(maildir::folder_of(".Work.Projekte 2026")));
  BOOST_TEST(two.has(maildir::folder_of(".&X1JoYw-")));
  BOOST_TEST(!two.has(maildir::folder_of(".Other")));
  const auto one = maildir::parse_subscriptions("INBOX\nWork.A\n");
  BOOST_TEST(one.has(maildir::folder_of("")));
  BOOST_TEST(one.has(maildir::folder_of(".Work.A")));
  fs::remove(sample.path() / "subscriptions");
  BOOST_TEST(maildir::read_subscriptions(root).has(maildir::folder_of(".Other")));
}

BOOST_AUTO_TEST_CASE(a_folder_is_found_with_its_flags_and_guids) {
  const auto inbox = scan("").value();
  BOOST_TEST(inbox.added.size() == 10U);
  BOOST_TEST(inbox.guid.value() == "4e2c39203387026bcd77000083ecc375");
  BOOST_TEST(inbox.keywords.value()[1] == "$label1");
  const auto& japanese = file_with(inbox, "M224176");
  BOOST_TEST(maildir::parse_file_name(japanese.name).flags.keywords == 3U);
  BOOST_TEST(maildir::parse_file_name(japanese.name).size.value() == 335U);
  BOOST_TEST(japanese.stamp.modified / 1'000'000'000 == 1795327796);
  BOOST_TEST(!japanese.in_new);
  const auto archive = scan(".&X1JoYw-").value();
  BOOST_TEST(archive.added.at(0).entry.guid == "1795327797.M126531P30725.vm,S=169,W=177");
}

BOOST_AUTO_TEST_CASE(only_links_that_stand_for_mail_are_mail) {
  const auto cur = sample.path() / "cur";
  fs::create_symlink("/etc/passwd", cur / "1795400001.M1P1.vm:2,S");
  fs::create_symlink("pack:0123456789abcdef#0", cur / "1795400002.M1P1.vm,S=4,W=5:2,S");
  BOOST_TEST(scan("").value().added.size() == 10U);
  fs::create_symlink("pack:0123456789abcdef#1024+4", cur / "1795400003.M1P1.vm,S=4,W=5:2,S");
  fs::create_symlink("/old/mail/a", cur / "1795400004.M1P1.vm,S=4,W=5:2,S");
  BOOST_TEST(scan("").value().added.size() == 11U);
  tiers = {"/old"};
  BOOST_TEST(scan("").value().added.size() == 12U);
  fs::create_directory_symlink("/etc", sample.path() / ".Linked");
  BOOST_TEST(!scan(".Linked").has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_no_mail) {
  fs::create_directory(sample.path() / "cur/1795400002.M1P1.vm:2,");
  std::ofstream(sample.path() / "cur/.hidden") << "x";
  BOOST_TEST(scan("").value().added.size() == 10U);
}

BOOST_AUTO_TEST_CASE(a_folder_without_cur_new_or_uidlist_is_empty) {
  fs::remove_all(sample.path() / ".Junk/new");
  fs::remove_all(sample.path() / ".Junk/cur");
  fs::remove(sample.path() / ".Junk/dovecot-uidlist");
  const auto junk = scan(".Junk").value();
  BOOST_TEST(junk.added.empty());
  BOOST_TEST(junk.guid.value_or("").empty());
  BOOST_TEST((scan(".None").error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_SUITE_END()
