// maildir-lib/mail_packs_test.cc -- mail into packs and out again, with kills at every system call.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/mail_packs.hh"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/message.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/storage_stats.hh"
#include "maildir-lib/test_disk.hh"
#include "maildir-lib/test_maildir.hh"
#include "maildir-lib/test_watcher.hh"
#include "maildir-lib/zstd.hh"

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// A disk, or memory, that changes what it is given.
class Liar final : public maildir::DiskCalls {
 public:
  ssize_t write(int fd, const void* data, std::size_t size) override {
    std::string octets(static_cast<const char*>(data), size);
    octets[size / 2] = static_cast<char>(octets[size / 2] ^ 1);
    return DiskCalls::write(fd, octets.data(), octets.size());
  }
};

std::string mail_of(int number) {
  std::string text = "Subject: " + std::to_string(number) + "\n\n";
  for (int i = 0; i < 100 * (number + 1); ++i) {
    text += "line " + std::to_string(i * number % 97) + " of this mail\n";
  }
  return text;
}

std::string name_of(int number) {
  const std::string text = mail_of(number);
  const auto lines = std::count(text.begin(), text.end(), '\n');
  return "160000000" + std::to_string(number) + ".M1P2.vm,S=" + std::to_string(text.size()) +
         ",W=" + std::to_string(text.size() + static_cast<std::size_t>(lines)) + ":2,S";
}

struct Account {
  static constexpr int mails_there = 8;
  Account() {
    for (const char* part : {"cur", "new", "tmp"}) {
      fs::create_directories(mails.path() / ".Old" / part);
    }
    for (int i = 0; i < mails_there; ++i) {
      mails.add(".Old/cur", name_of(i), mail_of(i));
    }
    how.policy.folders = {"Old"};
  }
  std::string path(int i) const { return mails.text() + "/.Old/cur/" + name_of(i); }
  maildir::PackingCounts pack() {
    const auto counts = maildir::pack_account(mails.text(), how, packing, told);
    BOOST_REQUIRE_MESSAGE(counts, (counts ? "" : counts.error().text()));
    return *counts;
  }
  maildir::PackingCounts unpack(int level = 0) {
    const auto counts = maildir::unpack_account(mails.text(), how, level, told);
    BOOST_REQUIRE_MESSAGE(counts, (counts ? "" : counts.error().text()));
    return *counts;
  }
  std::string read(int i) const {
    const auto root = maildir::Directory::open(mails.text());
    const auto place = maildir::Directory::open(mails.text() + "/.Old/cur");
    auto message = maildir::Message::open(*root, *place, name_of(i));
    BOOST_REQUIRE_MESSAGE(message, (message ? "" : message.error().text()));
    BOOST_TEST(message->received() == 1'600'000'000 + i);
    return message->read().value();
  }
  // Every mail is there once and whole, in the one form or the other.
  void check_all() const {
    for (const char* part : {"new", "tmp"}) {
      BOOST_TEST(fs::is_empty(mails.path() / ".Old" / part));
    }
    const auto names = base::list_directory(mails.text() + "/.Old/cur").value();
    BOOST_TEST(names.size() == static_cast<std::size_t>(mails_there));
    for (int i = 0; i < mails_there; ++i) {
      BOOST_TEST((read(i) == mail_of(i)));
    }
  }
  std::size_t packs() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(mails.path() / "packs")) {
      count += maildir::pack_id_of(entry.path().filename().string()) ? 1 : 0;
    }
    return count;
  }
  bool is_packed(int i) const { return fs::is_symlink(path(i)); }

  maildir::TestMaildir mails;
  base::ManualClock clock{base::system_clock().now()};
  maildir::Upkeep how{{}, false, &clock};
  maildir::Packing packing{6, 64U << 20U, 0};
  maildir::TestWatcher told;
};

BOOST_FIXTURE_TEST_SUITE(mail_in_packs, Account)

BOOST_AUTO_TEST_CASE(mail_goes_into_a_pack_and_comes_back) {
  how.is_rehearsal = true;
  const auto wished = pack();
  BOOST_TEST(!is_packed(0));
  BOOST_TEST(!fs::exists(mails.path() / "packs"));
  how.is_rehearsal = false;
  const auto counts = pack();
  BOOST_TEST(counts.mails.replaced == 8U);
  BOOST_TEST(counts.written == 1U);
  BOOST_TEST(wished.mails.after == counts.mails.after);
  BOOST_TEST(wished.mails.before == counts.mails.before);
  BOOST_TEST(is_packed(7));
  check_all();
  BOOST_TEST(maildir::count_account(mails.text())->total().missing == 0U);
  BOOST_TEST(pack().mails.replaced == 0U);
  BOOST_TEST(unpack().mails.replaced == 8U);
  BOOST_TEST(!is_packed(7));
  BOOST_TEST(base::read_file(path(7)).value() == mail_of(7));
  check_all();
  BOOST_TEST(told.problems.empty());
}

BOOST_AUTO_TEST_CASE(it_can_come_back_compressed) {
  pack();
  unpack(3);
  BOOST_TEST(maildir::is_zstd(base::read_file(path(7)).value()));
  check_all();
}

BOOST_AUTO_TEST_CASE(few_mails_wait_for_more) {
  packing.least_octets = 10U << 20U;
  BOOST_TEST(pack().mails.useless == 8U);
  packing.least_octets = 0;
  BOOST_TEST(pack().mails.replaced == 8U);
  check_all();
}

BOOST_AUTO_TEST_CASE(a_pack_of_which_little_is_alive_is_written_anew_and_the_old_one_goes_later) {
  pack();
  for (int i = 3; i < mails_there; ++i) {
    fs::rename(path(i), mails.text() + "/aside" + std::to_string(i));
    fs::remove(mails.text() + "/aside" + std::to_string(i));
  }
  clock.advance(1h);
  const auto counts = pack();
  BOOST_TEST(counts.rewritten == 1U);
  BOOST_TEST(counts.mails.replaced == 3U);
  BOOST_TEST(packs() == 2U);
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST((read(i) == mail_of(i)));
  }
  clock.advance(100h);
  BOOST_TEST(pack().removed == 0U);  // first seen unused now
  clock.advance(35h);
  BOOST_TEST(pack().removed == 0U);
  clock.advance(2h);
  BOOST_TEST(pack().removed == 1U);
  BOOST_TEST(packs() == 1U);
  BOOST_TEST((read(2) == mail_of(2)));
}

BOOST_AUTO_TEST_CASE(a_link_in_tmp_keeps_its_pack) {
  pack();
  for (int i = 1; i < mails_there; ++i) {
    fs::remove(path(i));
  }
  fs::rename(path(0), mails.path() / ".Old/tmp/copy");
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST(pack().removed == 0U);
    clock.advance(100h);
  }
  BOOST_TEST(packs() == 1U);
}

BOOST_AUTO_TEST_CASE(a_missing_pack_is_told_and_its_links_stay) {
  pack();
  for (const auto& entry : fs::directory_iterator(mails.path() / "packs")) {
    if (entry.path().extension() == ".pack") {
      fs::rename(entry.path(), mails.text() + "/away");
    }
  }
  BOOST_TEST(unpack().mails.problems == 8U);
  BOOST_TEST(told.problems.front().find("is missing") != std::string::npos);
  BOOST_TEST(is_packed(0));
  told.problems.clear();
  pack();
  BOOST_TEST(told.problems.size() == 1U);
  BOOST_TEST(is_packed(0));
}

BOOST_AUTO_TEST_CASE(no_mail_gives_way_to_a_pack_that_cannot_be_read_back) {
  Liar calls;
  how.calls = &calls;
  const auto counts = maildir::pack_account(mails.text(), how, packing, told);
  BOOST_REQUIRE(!counts);
  BOOST_TEST(counts.error().detail.find("does not give back") != std::string::npos);
  BOOST_TEST(!is_packed(0));
  check_all();
}

BOOST_AUTO_TEST_CASE(copies_share_one_record) {
  fs::create_directories(mails.path() / ".Kept/cur");
  fs::create_directories(mails.path() / ".Kept/new");
  fs::create_directories(mails.path() / ".Kept/tmp");
  fs::create_hard_link(path(1), mails.path() / ".Kept/cur" / name_of(1));
  how.policy.folders = {"Old", "Kept"};
  pack();
  const auto copy = mails.path() / ".Kept/cur" / name_of(1);
  BOOST_TEST(fs::read_symlink(copy).string() == fs::read_symlink(path(1)).string());
  unpack();
  BOOST_TEST(fs::equivalent(copy, path(1)));
}

void kill_everywhere(bool packs_before, int least_kills) {
  int kills = 0;
  for (const bool behind : {false, true}) {
    for (int at = 1; at<400; at += at> 20 ? 3 : 1) {
      Account account;
      if (packs_before) {
        account.pack();
      }
      const pid_t child = ::fork();
      if (child == 0) {
        maildir::Killer calls;
        calls.kill_at = at;
        calls.kills_behind = behind;
        account.how.calls = &calls;
        const bool done = packs_before ? maildir::unpack_account(account.mails.text(), account.how,
                                                                 0, account.told)
                                             .has_value()
                                       : maildir::pack_account(account.mails.text(), account.how,
                                                               account.packing, account.told)
                                             .has_value();
        ::_exit(done ? 0 : 1);
      }
      int status = 0;
      BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
      BOOST_REQUIRE(WIFEXITED(status));
      BOOST_REQUIRE(WEXITSTATUS(status) != 1);
      BOOST_TEST_CONTEXT("killed at call " << at << (behind ? " behind" : " before")) {
        for (int i = 0; i < Account::mails_there; ++i) {
          BOOST_TEST((account.read(i) == mail_of(i)));
        }
        packs_before ? account.unpack() : account.pack();
        account.check_all();
        BOOST_TEST(account.is_packed(0) == !packs_before);
        BOOST_TEST(account.told.problems.empty());
      }
      if (WEXITSTATUS(status) == 0) {
        break;
      }
      ++kills;
    }
  }
  BOOST_TEST(kills >= least_kills);
}

BOOST_AUTO_TEST_CASE(killed_at_any_call_of_packing_no_mail_is_lost_or_doubled) {
  kill_everywhere(false, 20);
}

BOOST_AUTO_TEST_CASE(killed_at_any_call_of_unpacking_no_mail_is_lost_or_doubled) {
  kill_everywhere(true, 20);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
