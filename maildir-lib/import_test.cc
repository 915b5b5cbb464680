// maildir-lib/import_test.cc -- mail from outside is stored once, by runs that are killed too.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/import.hh"

#include <filesystem>
#include <fstream>
#include <map>

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "maildir-lib/test_disk.hh"

namespace {

namespace fs = std::filesystem;
using maildir::Import;
using maildir::ImportOptions;

struct Mail {
  std::string octets;
  std::int64_t received = 0;
};
// Two are alike.
const std::vector<Mail> source{{"Subject: a\n\n1\n", 1'600'000'000},
                               {"Subject: b\n\n2\n", 1'600'000'001},
                               {"Subject: a\n\n1\n", 1'600'000'000},
                               {"Subject: a\n\n1\n", 1'600'000'009},
                               {"", 0}};

struct Folder {
  Folder() {
    std::string pattern = (fs::temp_directory_path() / "import-test-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    for (const char* part : {"/tmp", "/new", "/cur"}) {
      fs::create_directories(path + part);
    }
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  Folder(Folder&&) = delete;
  Folder& operator=(Folder&&) = delete;
  ~Folder() { fs::remove_all(path); }

  std::vector<fs::path> mails() const {
    std::vector<fs::path> all;
    for (const auto& entry : fs::directory_iterator(path + "/cur")) {
      all.push_back(entry.path());
    }
    std::sort(all.begin(), all.end());
    return all;
  }
  // How often each text is there.
  std::map<std::string, int> texts() const {
    std::map<std::string, int> all;
    for (const fs::path& mail : mails()) {
      ++all[base::read_file(mail).value()];
    }
    return all;
  }
  std::string list() const { return path + "/posthouse-imported"; }

  std::string path;
};

// How many are stored; nothing after an error.
std::optional<int> run(const Folder& folder, const std::vector<Mail>& mails = source,
                       const ImportOptions& options = {},
                       maildir::DiskCalls& calls = maildir::DiskCalls::real()) {
  auto import = Import::open(folder.path, options, base::system_clock(), calls);
  if (!import) {
    return std::nullopt;
  }
  int stored = 0;
  for (const Mail& mail : mails) {
    const auto done = import->store(mail.octets, mail.received, {maildir::flag_seen, 0});
    if (!done) {
      return std::nullopt;
    }
    stored += *done ? 1 : 0;
  }
  return import->finish() ? std::optional(stored) : std::nullopt;
}

const std::map<std::string, int> whole{{"Subject: a\n\n1\n", 3}, {"Subject: b\n\n2\n", 1}, {"", 1}};

}  // namespace

BOOST_AUTO_TEST_SUITE(import)

BOOST_AUTO_TEST_CASE(all_mails_are_stored_alike_ones_too_with_their_time) {
  const Folder folder;
  BOOST_TEST(run(folder).value_or(-1) == 5);
  BOOST_TEST((folder.texts() == whole));
  for (const fs::path& mail : folder.mails()) {
    struct stat st {};
    BOOST_REQUIRE(::stat(mail.c_str(), &st) == 0);
    BOOST_TEST(st.st_mtime == std::stoll(mail.filename().string()));
    BOOST_TEST(mail.filename().string().ends_with(":2,S"));
  }
}

BOOST_AUTO_TEST_CASE(a_second_run_stores_nothing_whatever_became_of_the_mails) {
  const Folder folder;
  BOOST_TEST(run(folder).value_or(-1) == 5);
  const auto mails = folder.mails();
  fs::remove(mails[0]);  // expunged, or moved
  fs::rename(mails[1], mails[1].string() + "T");
  fs::remove(mails[2]);
  fs::create_symlink("pack:abc#0+1", mails[2]);
  BOOST_TEST(run(folder).value_or(-1) == 0);
  BOOST_TEST(folder.mails().size() == 4U);
}

BOOST_AUTO_TEST_CASE(without_the_list_mails_are_known_by_their_names) {
  const Folder folder;
  BOOST_TEST(run(folder).value_or(-1) == 5);
  const auto mails = folder.mails();
  fs::remove(folder.list());
  fs::remove(mails[0]);
  fs::rename(mails[1], mails[1].string() + "T");
  BOOST_TEST(run(folder).value_or(-1) == 1);
  BOOST_TEST((folder.texts() == whole));
}

BOOST_AUTO_TEST_CASE(what_is_gone_is_stored_again_where_that_is_wanted) {
  const Folder folder;
  BOOST_TEST(run(folder).value_or(-1) == 5);
  fs::remove(folder.mails()[0]);
  BOOST_TEST(run(folder, source, {.takes_again = true}).value_or(-1) == 1);
  BOOST_TEST((folder.texts() == whole));
}

BOOST_AUTO_TEST_CASE(of_a_source_that_has_changed_what_is_new_is_stored) {
  const Folder folder;
  const std::vector<Mail> before{source[1], source[0]};
  BOOST_TEST(run(folder, before).value_or(-1) == 2);
  BOOST_TEST(run(folder).value_or(-1) == 3);
  BOOST_TEST((folder.texts() == whole));
}

BOOST_AUTO_TEST_CASE(a_rehearsal_counts_and_writes_nothing) {
  const Folder folder;
  BOOST_TEST(run(folder, source, {.is_rehearsal = true}).value_or(-1) == 5);
  BOOST_TEST(!fs::exists(folder.list()));
  BOOST_TEST(folder.mails().empty());
  BOOST_TEST(run(folder, {source[0]}).value_or(-1) == 1);
  BOOST_TEST(run(folder, source, {.is_rehearsal = true}).value_or(-1) == 4);
}

BOOST_AUTO_TEST_CASE(one_import_at_a_time_works_on_a_folder) {
  const Folder folder;
  const auto first = Import::open(folder.path, {});
  BOOST_REQUIRE(first);
  const auto second = Import::open(folder.path, {});
  BOOST_REQUIRE(!second);
  BOOST_TEST((second.error().code == base::Errc::unavailable));
}

BOOST_AUTO_TEST_CASE(a_list_whose_last_line_was_cut_goes_on) {
  const Folder folder;
  BOOST_TEST(run(folder).value_or(-1) == 5);
  fs::resize_file(folder.list(), fs::file_size(folder.list()) - 7);
  fs::remove(folder.mails()[0]);
  (void)run(folder);
  BOOST_TEST(run(folder).value_or(-1) == 0);
}

BOOST_AUTO_TEST_CASE(another_file_of_that_name_is_refused_and_kept) {
  const Folder folder;
  std::ofstream(folder.list()) << "something else\n";
  BOOST_TEST(!run(folder).has_value());
  BOOST_TEST(base::read_file(folder.list()).value() == "something else\n");
  BOOST_TEST(folder.mails().empty());
}

BOOST_AUTO_TEST_CASE(a_disk_that_fails_ends_the_run) {
  for (const char* call : {"open", "write", "fsync", "link"}) {
    const Folder folder;
    maildir::BrokenDisk disk(call);
    BOOST_TEST(!run(folder, source, {}, disk).has_value(), call);
    BOOST_TEST(folder.mails().empty(), call);
    BOOST_TEST(run(folder).value_or(-1) == 5, call);
  }
}

BOOST_AUTO_TEST_CASE(killed_at_any_call_the_next_run_stores_the_rest_once) {
  int kills = 0;
  for (const bool behind : {false, true}) {
    for (int at = 1;; ++at) {
      const Folder folder;
      const bool is_killed = maildir::run_killed(
          at, behind, [&](maildir::DiskCalls& disk) { (void)run(folder, source, {}, disk); });
      for (const fs::path& mail : folder.mails()) {
        fs::rename(mail, mail.string() + "T");  // a client was there meanwhile
      }
      const int found = static_cast<int>(folder.mails().size());
      BOOST_TEST(run(folder).value_or(-1) == 5 - found, "killed at call " << at);
      BOOST_TEST((folder.texts() == whole), "killed at call " << at);
      if (!is_killed) {
        break;
      }
      ++kills;
    }
  }
  BOOST_TEST(kills > 60);
}

BOOST_AUTO_TEST_SUITE_END()
