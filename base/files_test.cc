// base/files_test.cc -- atomic replacement, limits on reading, folders.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/files.hh"

#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace {

struct Scratch {
  Scratch() {
    std::string pattern = "/tmp/base-files.XXXXXX";
    path = ::mkdtemp(pattern.data());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string path;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(files, Scratch)

BOOST_AUTO_TEST_CASE(a_replaced_file_holds_the_new_bytes_and_mode_and_leaves_no_other) {
  const std::string file = path + "/state";
  BOOST_REQUIRE(base::replace_file(file, "old"));
  BOOST_REQUIRE(base::replace_file(file, std::string(200'000, 'n'), 0600));
  BOOST_TEST(base::read_file(file).value() == std::string(200'000, 'n'));
  struct stat info {};
  BOOST_TEST(::stat(file.c_str(), &info) == 0);
  BOOST_TEST((info.st_mode & 0777U) == 0600U);
  BOOST_TEST(base::list_directory(path).value().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_failed_replacement_leaves_the_old_file_and_no_rest) {
  const std::string file = path + "/state";
  BOOST_REQUIRE(base::replace_file(file, "old"));
  BOOST_TEST(!base::replace_file(path + "/missing/state", "new"));
  std::filesystem::create_directory(path + "/folder");
  BOOST_TEST(!base::replace_file(path + "/folder", "new"));  // rename over a folder fails
  BOOST_TEST(base::read_file(file).value() == "old");
  BOOST_TEST(base::list_directory(path).value().size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_file_over_the_limit_is_not_read_in_part) {
  const std::string file = path + "/large";
  BOOST_REQUIRE(base::replace_file(file, std::string(1001, 'x')));
  BOOST_TEST((base::read_file(file, 1000).error().code == base::Errc::over_quota));
  BOOST_TEST(base::read_file(file, 1001).value().size() == 1001U);
  BOOST_TEST((base::read_file(path + "/none").error().code == base::Errc::not_found));
}

BOOST_AUTO_TEST_CASE(folders_are_made_with_their_parents_and_twice_is_fine) {
  BOOST_REQUIRE(base::make_directories(path + "/a/b/c", 0700));
  BOOST_REQUIRE(base::make_directories(path + "/a/b/c", 0700));
  BOOST_REQUIRE(base::replace_file(path + "/a/file", "x"));
  BOOST_TEST(!base::make_directories(path + "/a/file"));
  BOOST_TEST(!base::make_directories(path + "/a/file/d"));
}

BOOST_AUTO_TEST_CASE(parents_of_paths_are_found_by_text) {
  BOOST_TEST(base::parent_directory("/a/b/c") == "/a/b");
  BOOST_TEST(base::parent_directory("/a/b/") == "/a");
  BOOST_TEST(base::parent_directory("/c") == "/");
  BOOST_TEST(base::parent_directory("c") == ".");
  BOOST_TEST(base::parent_directory("/") == "/");
}

BOOST_AUTO_TEST_CASE(opened_descriptors_do_not_reach_children) {
  const auto fd = base::open_file(path + "/x", O_WRONLY | O_CREAT);
  BOOST_REQUIRE(fd);
  BOOST_TEST((::fcntl(fd->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

BOOST_AUTO_TEST_SUITE_END()
