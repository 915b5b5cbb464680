// maildir-lib/upkeep_test.cc -- policies, statistics and compression over a whole account.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/upkeep.hh"

#include <array>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/index.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/storage_stats.hh"
#include "maildir-lib/test_dovecot.hh"
#include "maildir-lib/test_maildir.hh"
#include "maildir-lib/test_watcher.hh"
#include "maildir-lib/zstd.hh"

namespace {

namespace fs = std::filesystem;
using maildir::Storage;

std::string mail_of(std::size_t lines) {
  std::string text = "Subject: many words\nFrom: a@example.org\n\n";
  for (std::size_t i = 0; i < lines; ++i) {
    text += "line " + std::to_string(i % 50) + " of a mail that says the same again\n";
  }
  return text;
}

std::string name_of(int number, const std::string& text, const std::string& flags = "S") {
  std::size_t lines = 0;
  for (const char c : text) {
    lines += c == '\n' ? 1 : 0;
  }
  return std::to_string(1'600'000'000 + number) + ".M1P2.vm,S=" + std::to_string(text.size()) +
         ",W=" + std::to_string(text.size() + lines) + ":2," + flags;
}

struct Account {
  Account() {
    for (const char* folder : {".Archive.2020", ".Trash"}) {
      for (const char* part : {"tmp", "new", "cur"}) {
        fs::create_directories(mails.path() / folder / part);
      }
    }
  }
  std::string put(const std::string& folder, int number, const std::string& text,
                  const std::string& flags = "S") const {
    const std::string name = name_of(number, text, flags);
    mails.add(folder + "cur", name, text);
    return mails.text() + "/" + folder + "cur/" + name;
  }
  maildir::UpkeepCounts compress(const maildir::Policy& policy = {}, bool is_rehearsal = false) {
    maildir::Upkeep how;
    how.policy = policy;
    how.is_rehearsal = is_rehearsal;
    auto counts = maildir::compress_account(mails.text(), how, 3, told);
    BOOST_REQUIRE_MESSAGE(counts, (counts ? "" : counts.error().text()));
    return *counts;
  }
  static std::string read(const std::string& path) {
    const auto fd = base::open_file(path, O_RDONLY);
    return maildir::read_mail(fd->get()).value();
  }
  static bool is_shrunk(const std::string& path) {
    return maildir::is_zstd(base::read_file(path).value());
  }
  maildir::TestMaildir mails;
  maildir::TestWatcher told;
};

BOOST_FIXTURE_TEST_SUITE(upkeep, Account)

BOOST_AUTO_TEST_CASE(plain_mail_becomes_zstd_and_reads_as_before) {
  const std::string text = mail_of(1000);
  const std::string file = put("", 1, text);
  const auto time = fs::last_write_time(file);
  const auto counts = compress();
  BOOST_TEST(counts.replaced == 1U);
  BOOST_TEST(counts.before == text.size());
  BOOST_TEST(counts.after < text.size() / 5);
  BOOST_TEST(is_shrunk(file));
  BOOST_TEST(read(file) == text);
  BOOST_TEST((fs::last_write_time(file) == time));
  BOOST_TEST(told.last_done == 1U);
  BOOST_TEST(told.problems.empty());
  BOOST_TEST(compress().replaced == 0U);
}

BOOST_AUTO_TEST_CASE(a_rehearsal_tells_the_same_and_changes_nothing) {
  const std::string file = put("", 1, mail_of(1000));
  const auto told_before = compress({}, true);
  BOOST_TEST(!is_shrunk(file));
  BOOST_TEST(!fs::exists(mails.path() / "packs"));
  BOOST_TEST(told_before.after == compress().after);
}

BOOST_AUTO_TEST_CASE(age_size_folder_and_flags_choose) {
  const std::string large = put("", 1, mail_of(1000), "S");
  const std::string unseen = put("", 2, mail_of(1000), "");
  const std::string small = put("", 3, mail_of(200), "S");
  const std::string filed = put(".Archive.2020/", 4, mail_of(1000), "S");
  const std::string junk = put(".Trash/", 5, mail_of(1000), "S");
  maildir::Policy policy;
  policy.flags = {"seen"};
  policy.larger_than = 20'000;
  policy.folders = {"!Trash"};
  BOOST_TEST(compress(policy).replaced == 2U);
  BOOST_TEST(is_shrunk(large));
  BOOST_TEST(is_shrunk(filed));
  policy = {};
  policy.folders = {"Archive/*", "Tr?sh"};
  BOOST_TEST(compress(policy).replaced == 1U);
  BOOST_TEST(is_shrunk(junk));
  policy = {};
  policy.flags = {"unseen"};
  BOOST_TEST(compress(policy).replaced == 1U);
  BOOST_TEST(is_shrunk(unseen));
  policy.older_than = std::chrono::hours(24 * 365 * 100);
  policy.flags = {};
  BOOST_TEST(compress(policy).replaced == 0U);
  BOOST_TEST(compress().replaced == 1U);
  BOOST_TEST(is_shrunk(small));
  BOOST_TEST(!maildir::check_policy({{}, 0, {}, {"unread"}}));
}

BOOST_AUTO_TEST_CASE(a_mail_without_sizes_or_with_wrong_ones_stays) {
  const std::string text = mail_of(1000);
  mails.add("cur", "1600000001.M1P2.vm:2,S", text);
  mails.add("cur", "1600000002.M1P2.vm,S=" + std::to_string(text.size()) + ",W=5:2,S", text);
  const auto counts = compress();
  BOOST_TEST(counts.replaced == 0U);
  BOOST_TEST(counts.unsized >= 1U);
  BOOST_TEST(counts.problems == 1U);
  BOOST_REQUIRE(told.problems.size() == 1U);
  BOOST_TEST(told.problems.front().find("not what its name says") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(links_are_replaced_together_or_not_at_all) {
  const std::string text = mail_of(1000);
  const std::string file = put("", 1, text);
  const std::string copy = (mails.path() / ".Trash/cur" / name_of(2, text)).string();
  fs::create_hard_link(file, copy);
  const std::string elsewhere = put("", 3, text);
  fs::create_hard_link(elsewhere, mails.text() + "/elsewhere");
  const auto counts = compress();
  BOOST_TEST(counts.replaced == 1U);
  BOOST_TEST(counts.shared == 1U);
  BOOST_TEST(fs::equivalent(file, copy));
  BOOST_TEST(is_shrunk(copy));
  BOOST_TEST(!is_shrunk(elsewhere));
  // Not both of them fit: both stay.
  const std::string one = put("", 4, text);
  fs::create_hard_link(one, mails.path() / ".Trash/cur" / name_of(5, text));
  maildir::Policy policy;
  policy.folders = {"!Trash"};
  BOOST_TEST(compress(policy).shared == 2U);
}

BOOST_AUTO_TEST_CASE(what_would_win_no_block_stays) {
  put("", 1, mail_of(10));
  std::string noise = "Subject: x\n\n";
  unsigned state = 1;
  while (noise.size() < 8000) {
    state = state * 1'103'515'245U + 12'345U;
    noise += static_cast<char>('!' + (state >> 16U) % 94U);
  }
  put("", 2, noise + "\n");
  const auto counts = compress();
  BOOST_TEST(counts.replaced == 0U);
  BOOST_TEST(counts.useless == 1U);
}

BOOST_AUTO_TEST_CASE(one_run_at_a_time_works_on_an_account) {
  const auto lock = maildir::AccountLock::take(mails.text());
  BOOST_REQUIRE(lock);
  const auto counts = maildir::compress_account(mails.text(), {}, 3, told);
  BOOST_REQUIRE(!counts);
  BOOST_TEST((counts.error().code == base::Errc::unavailable));
}

BOOST_AUTO_TEST_CASE(the_index_sees_no_change_in_mail_that_was_compressed) {
  maildir::TestDovecot dovecot;
  const std::string text = "Subject: long\n\n" + std::string(9000, 'x') + "\n\n\n";  // 5 lines
  dovecot.deliver("", text);
  dovecot.deliver("", text, false);
  auto index = maildir::Index::open({dovecot.maildir().string(),
                                     (dovecot.home() / "ids.log").string(),
                                     (dovecot.home() / "state/index.db").string(),
                                     {}});
  BOOST_REQUIRE(index);
  const auto refresh = [&] {
    BOOST_REQUIRE((*index)->refresh(base::system_clock().now()));
    const auto list = (*index)->list((*index)->folders().front().number);
    BOOST_REQUIRE((list && (*list)->size() == 2U));
    return **list;
  };
  const auto before = refresh();
  const auto state = (*index)->state(maildir::Kind::email);
  const auto counts = maildir::compress_account(dovecot.maildir().string(), {}, 3, told);
  BOOST_REQUIRE(counts);
  BOOST_TEST(counts->replaced == 2U);
  const auto after = refresh();
  for (std::size_t i = 0; i < 2; ++i) {
    BOOST_TEST(after[i].number == before[i].number);
    BOOST_TEST(after[i].received == before[i].received);
    BOOST_TEST((*index)->email(after[i].number)->size == text.size());
    auto message = (*index)->open_message(after[i].number);
    BOOST_REQUIRE(message);
    BOOST_TEST((message->read().value() == text));
  }
  BOOST_TEST((*index)->state(maildir::Kind::email) == state);
}

BOOST_AUTO_TEST_CASE(statistics_count_each_file_once) {
  const auto before = maildir::count_account(mails.text()).value().total();
  const std::string text = mail_of(1000);
  const std::string file = put("", 1, text);
  fs::create_hard_link(file, mails.path() / ".Trash/cur" / name_of(2, text));
  put("", 3, text);
  compress();
  const std::string shared = put("", 4, text);
  fs::create_hard_link(shared, mails.text() + "/elsewhere");
  fs::create_symlink("pack:0123456789abcdef#0+5000",
                     mails.path() / "cur/1600000009.M1P2.vm,S=5000,W=5100:2,S");
  const auto stats = maildir::count_account(mails.text());
  BOOST_REQUIRE(stats);
  const auto total = stats->total();
  const auto of = [&total](Storage storage) {
    return total.by_storage.at(static_cast<std::size_t>(storage));
  };
  BOOST_TEST(total.names == before.names + 5);
  BOOST_TEST(of(Storage::compressed).mails == 2U);
  BOOST_TEST(of(Storage::compressed).octets == 2 * text.size());
  BOOST_TEST(of(Storage::compressed).disk_bytes <= 2 * 8192U);
  BOOST_TEST(of(Storage::plain).mails == before.by_storage[0].mails + 1);
  BOOST_TEST(of(Storage::packed).octets == 5000U);
  BOOST_TEST(total.missing == 1U);
  BOOST_TEST(stats->shared.size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
