// maildir-lib/mailbox_test.cc -- listing and opening the mails of a Maildir that Dovecot wrote.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/mailbox.hh"

#include <boost/test/unit_test.hpp>

#include "maildir-lib/test_maildir.hh"
#include "maildir-lib/zstd.hh"

namespace {

namespace fs = std::filesystem;
using maildir::Mailbox;

// The fixture's files were changed (ctime) a moment ago; an hour later nothing of them is racy.
base::WallTime later() {
  return base::system_clock().now() + std::chrono::hours(1);
}

struct Fixture {
  maildir::TestMaildir sample;
  maildir::Directory root = maildir::Directory::open(sample.text()).value();

  Mailbox mailbox(const std::string& disk_name) const {
    return {root, maildir::folder_of(disk_name)};
  }
};

const maildir::Mail& mail_with(const Mailbox& box, const std::string& part) {
  for (const auto& mail : box.mails()) {
    if (mail.name.find(part) != std::string::npos) {
      return mail;
    }
  }
  throw std::runtime_error("no mail " + part);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mailbox, Fixture)

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

BOOST_AUTO_TEST_CASE(a_listing_is_newest_first_with_flags_and_guids) {
  Mailbox inbox = mailbox("");
  BOOST_TEST(inbox.refresh(later()).value());
  BOOST_TEST(inbox.mails().size() == 10U);
  BOOST_TEST(inbox.guid() == "4e2c39203387026bcd77000083ecc375");
  BOOST_TEST(inbox.keywords()[1] == "$label1");
  const auto& first = inbox.mails().front();
  BOOST_TEST(first.flags.has(maildir::flag_trashed));
  BOOST_TEST(first.received == 1795327797);
  const auto& japanese = mail_with(inbox, "M224176");
  BOOST_TEST(japanese.flags.keywords == 3U);
  BOOST_TEST(japanese.size == 335U);
  BOOST_TEST(!japanese.in_new);
  BOOST_TEST(japanese.guid == "1795327796.M224176P30696.vm,S=335,W=345");
}

BOOST_AUTO_TEST_CASE(a_moved_mail_keeps_the_guid_of_the_uidlist) {
  Mailbox archive = mailbox(".&X1JoYw-");
  BOOST_TEST(archive.refresh(later()).value());
  BOOST_TEST(archive.mails().at(0).guid == "1795327797.M126531P30725.vm,S=169,W=177");
  BOOST_TEST(archive.mails().at(0).base() == "1795327797.M675890P30747.vm,S=169,W=177");
}

BOOST_AUTO_TEST_CASE(an_unchanged_folder_is_not_listed_again) {
  Mailbox inbox = mailbox("");
  BOOST_TEST(inbox.refresh(later()).value());
  BOOST_TEST(!inbox.refresh(later()).value());
  // Within the two racy seconds it is, and finds nothing new.
  Mailbox young = mailbox("");
  const auto now = base::system_clock().now();
  BOOST_TEST(young.refresh(now).value());
  BOOST_TEST(!young.refresh(now).value());
}

BOOST_AUTO_TEST_CASE(changes_are_seen) {
  Mailbox inbox = mailbox("");
  BOOST_TEST(inbox.refresh(later()).value());
  const auto digest = inbox.digest();
  sample.add("new", "1795400000.M1P1.vm,S=4,W=5", "A: b\n\nc");
  BOOST_TEST(inbox.refresh(later()).value());
  BOOST_TEST(inbox.digest() != digest);
  BOOST_TEST(inbox.mails().front().received == 1795400000);
  fs::rename(sample.path() / "new/1795400000.M1P1.vm,S=4,W=5",
             sample.path() / "cur/1795400000.M1P1.vm,S=4,W=5:2,S");
  BOOST_TEST(inbox.refresh(later()).value());
  BOOST_TEST(inbox.mails().front().flags.has(maildir::flag_seen));
  fs::remove(sample.path() / "cur/1795400000.M1P1.vm,S=4,W=5:2,S");
  BOOST_TEST(inbox.refresh(later()).value());
  BOOST_TEST(inbox.mails().size() == 10U);
}

BOOST_AUTO_TEST_CASE(a_mail_whose_flags_changed_meanwhile_is_found_again) {
  Mailbox inbox = mailbox("");
  BOOST_TEST(inbox.refresh(later()).value());
  const auto mail = mail_with(inbox, "M385995");
  fs::rename(sample.path() / "new" / mail.name, sample.path() / "cur" / (mail.name + ":2,RS"));
  BOOST_TEST(inbox.read(mail).value().size() == mail.size);
  fs::remove(sample.path() / "cur" / (mail.name + ":2,RS"));
  BOOST_TEST((inbox.read(mail).error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_CASE(no_link_leads_out_of_the_account) {
  fs::create_symlink("/etc/passwd", sample.path() / "cur/1795400001.M1P1.vm:2,S");
  Mailbox inbox = mailbox("");
  BOOST_TEST(inbox.refresh(later()).value());
  BOOST_TEST(inbox.mails().size() == 10U);
  auto mail = mail_with(inbox, "M385995");
  fs::remove(sample.path() / "new" / mail.name);
  fs::create_symlink("/etc/passwd", sample.path() / "new" / mail.name);
  BOOST_TEST((inbox.read(mail).error().code == base::Errc::denied));
  mail.name = "../cur/x";
  BOOST_TEST((inbox.read(mail).error().code == base::Errc::denied));
  fs::create_directory_symlink("/etc", sample.path() / ".Linked");
  Mailbox linked = mailbox(".Linked");
  BOOST_TEST(!linked.refresh(later()).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_no_file_is_no_mail) {
  fs::create_directory(sample.path() / "cur/1795400002.M1P1.vm:2,");
  std::ofstream(sample.path() / "cur/.hidden") << "x";
  Mailbox inbox = mailbox("");
  BOOST_TEST(inbox.refresh(later()).value());
  BOOST_TEST(inbox.mails().size() == 10U);
}

BOOST_AUTO_TEST_CASE(a_folder_without_cur_new_or_uidlist_is_empty) {
  fs::remove_all(sample.path() / ".Junk/new");
  fs::remove_all(sample.path() / ".Junk/cur");
  fs::remove(sample.path() / ".Junk/dovecot-uidlist");
  Mailbox junk = mailbox(".Junk");
  BOOST_TEST(junk.refresh(later()).has_value());
  BOOST_TEST(junk.mails().empty());
  BOOST_TEST(junk.guid().empty());
  Mailbox none = mailbox(".None");
  BOOST_TEST((none.refresh(later()).error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_CASE(compressed_mail_is_read_frame_by_frame) {
  // "A: b\n\nc\n" as two zstd frames, header and body.
  const std::string header(
      "\x28\xB5\x2F\xFD\x20\x06\x31\x00\x00"
      "A: b\n\n",
      15);
  const std::string body(
      "\x28\xB5\x2F\xFD\x20\x02\x11\x00\x00"
      "c\n",
      11);
  BOOST_TEST(maildir::unzstd(header + body, 100).value() == "A: b\n\nc\n");
  BOOST_TEST((maildir::unzstd(header + body, 7).error().code == base::Errc::over_quota));
  BOOST_TEST((maildir::unzstd(header.substr(0, 12), 100).error().code == base::Errc::corrupt));
  sample.add("cur", "1795400003.M1P1.vm,S=8,W=10:2,S", header + body);
  Mailbox inbox = mailbox("");
  BOOST_TEST(inbox.refresh(later()).value());
  const auto& mail = inbox.mails().front();
  BOOST_TEST(mail.size == 8U);
  BOOST_TEST(inbox.read(mail).value() == "A: b\n\nc\n");
  const auto start = [&](std::size_t limit) {
    const auto file = inbox.open(mail);
    return maildir::read_mail_start(file->get(), limit).value_or("corrupt");
  };
  BOOST_TEST(start(100) == "A: b\n\nc\n");
  BOOST_TEST(start(6) == "A: b\n\n");
  BOOST_TEST(start(7) == "A: b\n\nc");
  fs::resize_file(sample.path() / "cur/1795400003.M1P1.vm,S=8,W=10:2,S", 20);
  BOOST_TEST(start(100) == "corrupt");
}

BOOST_AUTO_TEST_SUITE_END()
