// maildir-lib/maildirsize_test.cc -- maildirsize: read, added to, made anew, on a full disk.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/maildirsize.hh"

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/test_maildir.hh"

namespace {

using maildir::Usage;

BOOST_AUTO_TEST_SUITE(maildirsize)

BOOST_AUTO_TEST_CASE(changes_are_added_up) {
  const auto file =
      maildir::parse_maildirsize("10485760S,1000C\n1000 1\n        2345           2\n-1000 -1\n");
  BOOST_REQUIRE(file);
  BOOST_TEST(file->definition == "10485760S,1000C");
  BOOST_TEST((file->usage == Usage{2345, 2}));
  BOOST_TEST((maildir::parse_maildirsize("\n").value().usage == Usage{}));
}

BOOST_AUTO_TEST_CASE(what_is_no_change_or_has_no_end_is_refused) {
  for (const char* text : {"", "1S", "1S\n1 1", "1S\n1\n", "1S\na b\n", "1S\n1 1 1\n", "1 1\n",
                           "1S\n9223372036854775807 1\n1 1\n"}) {
    BOOST_TEST(!maildir::parse_maildirsize(text), text);
  }
}

BOOST_AUTO_TEST_CASE(a_line_is_added_until_the_file_is_long) {
  const maildir::TestMaildir account;
  BOOST_TEST(!maildir::add_to_maildirsize(account.text(), {5, 1}).value());  // there is none
  BOOST_REQUIRE(
      maildir::write_maildirsize(account.text(), {"100S", {50, 2}}, base::system_clock()));
  int added = 0;
  while (maildir::add_to_maildirsize(account.text(), {5, 1}).value()) {
    ++added;
    BOOST_REQUIRE(added < 2000);
  }
  const auto text = base::read_file(account.text() + "/maildirsize").value();
  BOOST_TEST(text.size() < maildir::max_maildirsize_bytes);
  BOOST_TEST((maildir::parse_maildirsize(text)->usage == Usage{50 + 5 * added, 2 + added}));
}

BOOST_AUTO_TEST_CASE(all_folders_are_counted) {
  const maildir::TestMaildir account;
  const auto root = maildir::Directory::open(account.text());
  const Usage before = maildir::count_usage(*root).value();
  account.add("new", "1600000000.M1P1.h,S=1000,W=1010", "short");
  account.add(".Sent/cur", "1600000000.M2P1.h:2,S", "12345");
  const Usage after = maildir::count_usage(*root).value();
  BOOST_TEST((after == Usage{before.bytes + 1005, before.messages + 2}));
}

class FullDisk final : public maildir::DiskCalls {
 public:
  ssize_t write(int /*fd*/, const void* /*data*/, std::size_t /*size*/) override {
    errno = ENOSPC;
    return -1;
  }
};

BOOST_AUTO_TEST_CASE(a_full_disk_leaves_the_old_file) {
  const maildir::TestMaildir account;
  BOOST_REQUIRE(
      maildir::write_maildirsize(account.text(), {"100S", {50, 2}}, base::system_clock()));
  FullDisk disk;
  BOOST_TEST((maildir::write_maildirsize(account.text(), {"1S", {}}, base::system_clock(), disk)
                  .error()
                  .code == base::Errc::over_quota));
  BOOST_TEST(!maildir::add_to_maildirsize(account.text(), {1, 1}, disk));
  BOOST_TEST(base::read_file(account.text() + "/maildirsize").value() == "100S\n50 2\n");
  BOOST_TEST(base::list_directory(account.text() + "/tmp").value().empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
