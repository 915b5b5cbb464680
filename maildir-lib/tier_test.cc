// maildir-lib/tier_test.cc -- mail that goes to a tier and comes back, and tiers that are away.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/tier.hh"

#include <filesystem>
#include <fstream>

#include <fcntl.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/message.hh"
#include "maildir-lib/test_maildir.hh"
#include "maildir-lib/test_watcher.hh"
#include "maildir-lib/unused.hh"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Account {
  Account() {
    fs::create_directories(root);
    std::ofstream(root + "/posthouse-tier") << "";
    fs::create_directories(mails.path() / ".Old/cur");
    fs::create_directories(mails.path() / ".Old/new");
    fs::create_directories(mails.path() / ".Old/tmp");
    for (int i = 0; i < 3; ++i) {
      name.push_back("160000000" + std::to_string(i) + ".M1P2.vm,S=" + std::to_string(text.size()) +
                     ",W=" + std::to_string(text.size() + 3) + ":2,S");
      mails.add(".Old/cur", name.back(), text);
    }
    how.policy.folders = {"Old"};
  }
  Account(const Account&) = delete;
  Account& operator=(const Account&) = delete;
  Account(Account&&) = delete;
  Account& operator=(Account&&) = delete;
  ~Account() { fs::remove_all(root); }
  std::string path(int i) const {
    return mails.text() + "/.Old/cur/" + name[static_cast<std::size_t>(i)];
  }
  maildir::TierCounts go(bool back = false) {
    const auto counts = back ? maildir::untier_account(mails.text(), how, tier, told)
                             : maildir::tier_account(mails.text(), how, tier, told);
    BOOST_REQUIRE_MESSAGE(counts, (counts ? "" : counts.error().text()));
    return *counts;
  }
  static std::string read(const std::string& file) {
    const auto fd = base::open_file(file, O_RDONLY);
    return maildir::read_mail(fd->get()).value();
  }

  maildir::TestMaildir mails;
  std::string root = mails.text() + "-tier";
  std::string text = "Subject: x\n\n" + std::string(20'000, 'y') + "\n";
  std::vector<std::string> name{};
  base::ManualClock clock{base::system_clock().now()};
  maildir::Upkeep how{{}, false, &clock};
  maildir::Tier tier{{root}, "A3/example.org/alice", 6};
  maildir::TestWatcher told;
};

BOOST_FIXTURE_TEST_SUITE(tiers, Account)

BOOST_AUTO_TEST_CASE(mail_goes_there_and_comes_back) {
  const auto time = fs::last_write_time(path(0));
  BOOST_TEST(go().mails.replaced == 3U);
  BOOST_REQUIRE(fs::is_symlink(path(0)));
  const auto base = name[0].substr(0, name[0].find(':'));
  BOOST_TEST(fs::read_symlink(path(0)).string() == root + "/A3/example.org/alice/.Old/" + base);
  BOOST_TEST(read(path(0)) == text);
  BOOST_TEST((fs::last_write_time(path(0)) == time));
  BOOST_TEST(fs::file_size(path(0)) < 1000U);
  BOOST_TEST(go().mails.replaced == 0U);
  BOOST_TEST(go(true).mails.replaced == 3U);
  BOOST_TEST(!fs::is_symlink(path(0)));
  BOOST_TEST(read(path(0)) == text);
  BOOST_TEST((fs::last_write_time(path(0)) == time));
  BOOST_TEST(told.problems.empty());
}

BOOST_AUTO_TEST_CASE(a_tier_that_is_away_is_told_and_nothing_is_lost) {
  fs::remove(root + "/posthouse-tier");
  const auto refused = maildir::tier_account(mails.text(), how, tier, told);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == base::Errc::unavailable));
  BOOST_TEST(!fs::is_symlink(path(0)));
  std::ofstream(root + "/posthouse-tier") << "";
  go();
  fs::rename(root, root + "-away");
  const auto counts = go(true);
  BOOST_TEST(counts.mails.replaced == 0U);
  BOOST_TEST(counts.mails.problems == 3U);
  BOOST_TEST(told.problems.front().find("cannot be read") != std::string::npos);
  BOOST_TEST(fs::is_symlink(path(0)));
  fs::rename(root + "-away", root);
  BOOST_TEST(go(true).mails.replaced == 3U);
}

BOOST_AUTO_TEST_CASE(a_link_that_leads_elsewhere_is_not_followed) {
  for (const std::string& target :
       {std::string("/etc/passwd"), root + "/../secret", root + "x/secret"}) {
    fs::remove(path(0));
    fs::create_symlink(target, path(0));
    told.problems.clear();
    BOOST_TEST(go(true).mails.problems == 1U);
    BOOST_TEST(told.problems.front().find("on no tier") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_file_goes_when_it_was_unused_twice_36_hours_apart) {
  go();
  const std::string file = fs::read_symlink(path(0));
  const std::string other = fs::read_symlink(path(1));
  fs::rename(path(0), mails.path() / "cur" / name[0]);  // moved: still a link to it
  fs::remove(path(1));
  clock.advance(100h);
  BOOST_TEST(go().removed == 0U);
  BOOST_TEST(fs::exists(root + "/A3/example.org/alice/unused"));
  clock.advance(35h);
  BOOST_TEST(go().removed == 0U);
  clock.advance(2h);
  BOOST_TEST(go().removed == 1U);
  BOOST_TEST(fs::exists(file));
  BOOST_TEST(!fs::exists(other));
  BOOST_TEST(!fs::exists(root + "/A3/example.org/alice/unused"));
  // A copy that is just being made counts too.
  fs::rename(mails.path() / "cur" / name[0], mails.path() / "tmp" / "copy");
  go();
  clock.advance(100h);
  BOOST_TEST(go().removed == 0U);
}

BOOST_AUTO_TEST_CASE(a_rehearsal_writes_nothing) {
  how.is_rehearsal = true;
  BOOST_TEST(go().mails.replaced == 3U);
  BOOST_TEST(!fs::exists(root + "/A3"));
  BOOST_TEST(!fs::is_symlink(path(0)));
}

BOOST_AUTO_TEST_CASE(a_damaged_file_does_not_come_back) {
  go();
  std::ofstream(fs::read_symlink(path(2)), std::ios::binary) << "short";
  BOOST_TEST(go(true).mails.problems == 1U);
  BOOST_TEST(fs::is_symlink(path(2)));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
