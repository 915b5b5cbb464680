// maildir-lib/keywords_test.cc -- letters for keywords under Dovecot's lock, and locks left behind.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/keywords.hh"

#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/dotlock.hh"
#include "maildir-lib/test_maildir.hh"

namespace {

using namespace std::chrono_literals;
using Words = std::vector<std::string>;

struct Folder {
  maildir::TestMaildir account;
  std::string path = account.text();
  std::string file = path + "/dovecot-keywords";
  std::string lock = path + "/dovecot-uidlist.lock";

  Folder() { ::unlink(file.c_str()); }
  void leave_lock(const std::string& text, int seconds_ago) const {
    std::ofstream(lock) << text;
    const timespec then{::time(nullptr) - seconds_ago, 0};
    const timespec times[2] = {then, then};
    BOOST_REQUIRE(::utimensat(AT_FDCWD, lock.c_str(), times, 0) == 0);
  }
};

std::string host() {
  char name[256] = {};
  BOOST_REQUIRE(::gethostname(name, sizeof(name) - 1) == 0);
  return name;
}

BOOST_FIXTURE_TEST_SUITE(keywords, Folder)

BOOST_AUTO_TEST_CASE(new_keywords_get_the_next_letters_and_keep_them) {
  BOOST_TEST(maildir::add_keywords(path, Words{"$Forwarded", "Work"}, 1s).value() == 3U);
  BOOST_TEST(maildir::add_keywords(path, Words{"work"}, 1s).value() == 2U);
  BOOST_TEST(maildir::add_keywords(path, Words{"third", "$FORWARDED"}, 1s).value() == 5U);
  BOOST_TEST(base::read_file(file).value() == "0 $Forwarded\n1 Work\n2 third\n");
  BOOST_TEST(::access(lock.c_str(), F_OK) != 0);
}

BOOST_AUTO_TEST_CASE(a_free_letter_is_taken_first_and_the_27th_keyword_refused) {
  BOOST_REQUIRE(base::replace_file(file, "0 a\n2 c\n"));
  BOOST_TEST(maildir::add_keywords(path, Words{"b"}, 1s).value() == 2U);
  Words many;
  for (int i = 0; i < 23; ++i) {
    many.push_back("k" + std::to_string(i));
  }
  BOOST_REQUIRE(maildir::add_keywords(path, many, 1s));
  const auto full = maildir::add_keywords(path, Words{"one", "two"}, 1s);
  BOOST_TEST((full.error().code == base::Errc::over_quota));
  BOOST_TEST(base::read_file(file).value().find("one") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_second_of_the_mtime_grows_with_each_change) {
  struct stat before {};
  struct stat after {};
  BOOST_REQUIRE(maildir::add_keywords(path, Words{"one"}, 1s));
  BOOST_REQUIRE(::stat(file.c_str(), &before) == 0);
  BOOST_REQUIRE(maildir::add_keywords(path, Words{"two"}, 1s));
  BOOST_REQUIRE(::stat(file.c_str(), &after) == 0);
  BOOST_TEST(after.st_mtime > before.st_mtime);
}

BOOST_AUTO_TEST_CASE(what_is_no_keyword_is_refused) {
  for (const char* bad : {"", "two words", "\\Seen", "a\"b", "a(b", "\xC3\xA4", "a\nb"}) {
    BOOST_TEST((maildir::add_keywords(path, Words{bad}, 1s).error().code == base::Errc::malformed));
  }
}

BOOST_AUTO_TEST_CASE(a_held_lock_is_waited_for_and_not_broken) {
  auto held = std::make_unique<maildir::Dotlock>(
      std::move(*maildir::Dotlock::take(path + "/dovecot-uidlist", 1s)));
  BOOST_TEST(base::read_file(lock).value() == std::to_string(::getpid()) + ":" + host());
  BOOST_TEST((maildir::add_keywords(path, Words{"x"}, 100ms).error().code == base::Errc::timeout));
  std::thread later([&] {
    std::this_thread::sleep_for(100ms);
    held.reset();
  });
  BOOST_TEST(maildir::add_keywords(path, Words{"x"}, 5s).has_value());
  later.join();
}

BOOST_AUTO_TEST_CASE(a_lock_left_by_a_process_that_is_gone_is_taken_over) {
  leave_lock("999999999:" + host(), 3);  // beyond any pid
  BOOST_TEST(maildir::add_keywords(path, Words{"x"}, 1s).has_value());
  leave_lock(std::to_string(::getppid()) + ":" + host(), 3);
  BOOST_TEST(!maildir::add_keywords(path, Words{"y"}, 100ms).has_value());
  leave_lock("1:another.example.org", 3);
  BOOST_TEST(!maildir::add_keywords(path, Words{"y"}, 100ms).has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
