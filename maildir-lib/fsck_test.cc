// maildir-lib/fsck_test.cc -- accounts with something wrong in them, found and mended.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/fsck.hh"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/mail_packs.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/test_maildir.hh"
#include "maildir-lib/test_watcher.hh"

namespace {

namespace fs = std::filesystem;

struct Account {
  Account() {
    for (const char* part : {"cur", "new", "tmp"}) {
      fs::create_directories(mails.path() / ".Old" / part);
    }
    for (int i = 0; i < 3; ++i) {
      mails.add(".Old/cur", name(i), text(i));
    }
    how.policy.folders = {"Old"};
    before = look().faults.size();
  }
  static std::string text(int i) {
    return "Subject: " + std::to_string(i) + "\n\n" + std::string(6000, 'x') + "\n";
  }
  static std::string name(int i) {
    return "160000000" + std::to_string(i) + ".M1P2.vm,S=" + std::to_string(text(i).size()) +
           ",W=" + std::to_string(text(i).size() + 3) + ":2,S";
  }
  std::string path(int i) const { return mails.text() + "/.Old/cur/" + name(i); }
  void pack() {
    BOOST_REQUIRE(maildir::pack_account(mails.text(), how, {6, 64U << 20U, 0}, silent));
  }
  maildir::FsckReport look(const maildir::FsckOptions& options = {}) {
    const auto report = maildir::fsck_account(mails.text(), {}, options, silent);
    BOOST_REQUIRE_MESSAGE(report, (report ? "" : report.error().text()));
    return *report;
  }
  static std::vector<maildir::Fault> of(const maildir::FsckReport& report,
                                        const std::string& what) {
    std::vector<maildir::Fault> faults = report.faults;
    std::erase_if(faults, [&](const auto& fault) { return fault.what != what; });
    return faults;
  }
  std::string read(int i) const {
    const auto root = maildir::Directory::open(mails.text());
    const auto place = maildir::Directory::open(mails.text() + "/.Old/cur");
    auto message = maildir::Message::open(*root, *place, name(i));
    return message ? message->read().value_or("") : "";
  }
  fs::path only_pack() const {
    for (const auto& entry : fs::directory_iterator(mails.path() / "packs")) {
      if (entry.path().extension() == ".pack") {
        return entry.path();
      }
    }
    return {};
  }
  maildir::TestMaildir mails;
  maildir::Upkeep how;
  maildir::TestWatcher silent;
  std::size_t before = 0;
};

BOOST_FIXTURE_TEST_SUITE(fsck, Account)

BOOST_AUTO_TEST_CASE(a_whole_account_has_no_faults) {
  pack();
  const auto report = look({false, false, true, {}});
  BOOST_TEST(report.faults.size() == before);
  BOOST_TEST(report.packs == 1U);
  BOOST_TEST(report.unlinked == 0U);
}

BOOST_AUTO_TEST_CASE(a_mail_that_is_there_twice_is_told_and_stays) {
  fs::create_hard_link(path(0), mails.path() / ".Old/new" / name(0).substr(0, name(0).find(':')));
  BOOST_TEST(of(look({true, false, false, {}}), "doubled").size() == 1U);
  BOOST_TEST(fs::exists(path(0)));
}

BOOST_AUTO_TEST_CASE(a_wrong_size_is_found_and_inside_compressed_mail_by_reading) {
  std::ofstream(path(1), std::ios::app) << "more";
  BOOST_TEST(of(look(), "size").size() == 1U);
  BOOST_TEST(of(look({false, false, true, {}}), "size").size() == 1U);
}

// A session that sets a flag once the account is listed.
class Session final : public maildir::Watcher {
 public:
  explicit Session(std::string mail) : mail_(std::move(mail)) {}
  void progress(std::uint64_t /*done*/, std::uint64_t /*total*/) override {
    if (fs::exists(mail_)) {
      fs::rename(mail_, mail_ + "T");
    }
  }
  void problem(const std::string& /*text*/) override {}

 private:
  std::string mail_;
};

BOOST_AUTO_TEST_CASE(what_sessions_have_changed_since_the_listing_is_no_fault) {
  std::ofstream(path(1), std::ios::app) << "more";
  Session session(path(1));
  const auto report = maildir::fsck_account(mails.text(), how, {}, session);
  BOOST_REQUIRE(report);
  BOOST_TEST(fs::exists(path(1) + "T"));
  BOOST_TEST(of(*report, "size").empty());
  BOOST_TEST(report->faults.size() == before);
}

BOOST_AUTO_TEST_CASE(a_link_into_a_lost_pack_is_set_to_another_that_has_the_mail) {
  pack();
  const fs::path first = only_pack();
  const std::string lost = maildir::new_pack_id();
  fs::remove(path(0));
  fs::create_symlink("pack:" + lost + "#0+" + std::to_string(text(0).size()), path(0));
  const auto told = of(look(), "dangling");
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(!told[0].is_repaired);
  const auto mended = of(look({true, false, false, {}}), "dangling");
  BOOST_REQUIRE(mended.size() == 1U);
  BOOST_TEST(mended[0].is_repaired);
  BOOST_TEST(read(0) == text(0));
  BOOST_TEST(look().faults.size() == before);
}

BOOST_AUTO_TEST_CASE(links_without_their_pack_stay) {
  pack();
  fs::rename(only_pack(), mails.text() + "/away");
  BOOST_TEST(of(look({true, false, false, {}}), "dangling").size() == 3U);
  BOOST_TEST(fs::is_symlink(path(2)));
}

BOOST_AUTO_TEST_CASE(names_that_were_lost_are_made_again_when_that_is_asked_for) {
  pack();
  fs::remove(path(0));
  fs::remove(path(1));
  BOOST_TEST(look().unlinked == 2U);
  BOOST_TEST(look({true, false, false, {}}).unlinked == 2U);
  BOOST_TEST(!fs::exists(fs::symlink_status(path(0))));
  BOOST_TEST(of(look({false, true, false, {}}), "lost").size() == 2U);
  BOOST_TEST(read(0) == text(0));
  BOOST_TEST(read(1) == text(1));
  BOOST_TEST(fs::is_empty(mails.path() / ".Old/tmp"));
  BOOST_TEST(look().unlinked == 0U);
}

BOOST_AUTO_TEST_CASE(a_damaged_pack_and_one_that_was_never_finished_are_told) {
  pack();
  const std::string half =
      (mails.path() / "packs" / maildir::unfinished_pack_name("abcdefghijkl")).string();
  std::ofstream(half) << "half";
  fs::resize_file(only_pack(), fs::file_size(only_pack()) - 40);
  const auto told = look();
  BOOST_TEST(of(told, "damaged").size() == 1U);
  BOOST_TEST(of(told, "unfinished").size() == 1U);
  BOOST_TEST(fs::exists(half));
  BOOST_TEST(of(look({true, false, false, {}}), "unfinished").front().is_repaired);
  BOOST_TEST(!fs::exists(half));
  BOOST_TEST(read(0) == text(0));
}

BOOST_AUTO_TEST_CASE(links_that_lead_to_no_tier_are_told) {
  fs::remove(path(0));
  fs::create_symlink("/etc/passwd", path(0));
  fs::remove(path(1));
  fs::create_symlink("/cold/x", path(1));
  BOOST_TEST(of(look({true, false, false, {"/cold"}}), "dangling").size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
