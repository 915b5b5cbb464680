// directory-lib/sqlite_test.cc -- the files themselves: modes, damage, versions, locks.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/sqlite.hh"

#include <atomic>
#include <thread>

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/resolve.hh"
#include "directory-lib/scratch_directory.hh"

namespace {

using base::Errc;
using directory::OpenAs;
using namespace std::chrono_literals;

mode_t mode_of(const std::string& path) {
  struct stat facts {};
  BOOST_REQUIRE(::stat(path.c_str(), &facts) == 0);
  return facts.st_mode & 07777U;
}

base::Database raw(const std::string& path) {
  return std::move(*base::Database::open(path, base::Database::Mode::write, 100ms));
}

const bool suite_is_added =
    directory::add_backend_suite("sqlite", []() -> std::unique_ptr<directory::Backend> {
      return std::make_unique<directory::ScratchDirectory>();
    });

BOOST_AUTO_TEST_SUITE(files)

BOOST_AUTO_TEST_CASE(a_writer_makes_accounts_for_the_group_and_hashes_for_nobody) {
  const directory::ScratchDirectory scratch;
  scratch.open();
  BOOST_TEST(mode_of(scratch.settings().database) == 0640U);
  BOOST_TEST(mode_of(scratch.settings().passwords) == 0600U);
}

BOOST_AUTO_TEST_CASE(an_unknown_group_is_named_before_anything_is_made) {
  directory::ScratchDirectory scratch;
  scratch.settings().group = "no-such-group";
  const auto opened = directory::open(scratch.settings(), OpenAs::writer);
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.error().text().find("no-such-group") != std::string::npos);
  BOOST_TEST(!std::filesystem::exists(scratch.settings().database));
}

BOOST_AUTO_TEST_CASE(before_the_first_domain_readers_are_told_it_is_unavailable) {
  const directory::ScratchDirectory scratch;
  const auto opened = directory::open(scratch.settings(), OpenAs::reader);
  BOOST_REQUIRE(!opened);
  BOOST_TEST((opened.error().code == Errc::unavailable));
  BOOST_TEST(!opened.error().hint.empty());
}

BOOST_AUTO_TEST_CASE(a_reader_may_not_write) {
  const directory::ScratchDirectory scratch;
  scratch.open();
  const auto reader = scratch.open(OpenAs::reader);
  directory::Domain domain;
  domain.name = "example.org";
  BOOST_TEST((reader->add_domain(domain).error().code == Errc::denied));
}

BOOST_AUTO_TEST_CASE(lookups_work_without_the_password_file_but_credentials_do_not) {
  const directory::ScratchDirectory scratch;
  {
    const auto writer = scratch.open();
    directory::add_domain(*writer, "example.org");
    directory::add_user(*writer, "alice@example.org");
  }
  std::filesystem::remove(scratch.settings().passwords);
  const auto reader = scratch.open(OpenAs::service);
  BOOST_TEST(reader->find_user("alice@example.org").has_value());
  BOOST_TEST((reader->find_credentials("alice@example.org").error().code == Errc::unavailable));
  BOOST_TEST((reader->find_credentials("nobody@example.org").error().code == Errc::unavailable));
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_corrupt_with_advice_at_open) {
  const directory::ScratchDirectory scratch;
  {
    const auto writer = scratch.open();
    directory::add_domain(*writer, "example.org");
    for (int i = 0; i < 300; ++i) {
      directory::add_user(*writer, "user" + std::to_string(i) + "@example.org");
    }
  }
  std::string bytes = *base::read_file(scratch.settings().database);
  for (std::size_t i = bytes.size() / 2; i < bytes.size(); i += 11) {
    bytes[i] = static_cast<char>(bytes[i] ^ 0x55);
  }
  BOOST_REQUIRE(base::replace_file(scratch.settings().database, bytes).has_value());
  for (const OpenAs mode : {OpenAs::service, OpenAs::writer}) {
    const auto opened = directory::open(scratch.settings(), mode);
    BOOST_REQUIRE(!opened);
    BOOST_TEST((opened.error().code == Errc::corrupt));
    BOOST_TEST(opened.error().text().find("backup") != std::string::npos);
    BOOST_TEST(opened.error().text().find(scratch.settings().database) != std::string::npos);
  }
  BOOST_REQUIRE(
      base::replace_file(scratch.settings().database, std::string(8192, 'x')).has_value());
  BOOST_TEST((directory::open(scratch.settings(), OpenAs::reader).error().code == Errc::corrupt));
  BOOST_TEST((directory::open(scratch.settings(), OpenAs::writer).error().code == Errc::corrupt));
}

BOOST_AUTO_TEST_CASE(damage_met_by_a_lookup_is_never_absence) {
  const directory::ScratchDirectory scratch;
  {
    const auto writer = scratch.open();
    directory::add_domain(*writer, "example.org");
    for (int i = 0; i < 300; ++i) {
      directory::add_user(*writer, "user" + std::to_string(i) + "@example.org");
    }
  }
  std::string bytes = *base::read_file(scratch.settings().database);
  std::fill(bytes.begin() + 4096, bytes.end(), '\0');
  BOOST_REQUIRE(base::replace_file(scratch.settings().database, bytes).has_value());
  const auto reader = scratch.open(OpenAs::reader);
  for (const auto code : {reader->find_user("user7@example.org").error().code,
                          reader->find_domain("example.org").error().code,
                          directory::resolve(*reader, "user7@example.org", {}).error().code}) {
    BOOST_TEST((code == Errc::corrupt));
  }
}

BOOST_AUTO_TEST_CASE(a_newer_and_a_foreign_file_are_refused_untouched) {
  const directory::ScratchDirectory scratch;
  scratch.open();
  BOOST_REQUIRE(raw(scratch.settings().database).set_user_version("main", 99).has_value());
  for (const OpenAs mode : {OpenAs::reader, OpenAs::writer}) {
    const auto opened = directory::open(scratch.settings(), mode);
    BOOST_REQUIRE(!opened);
    BOOST_TEST((opened.error().code == Errc::corrupt));
    BOOST_TEST(opened.error().detail.find("format 99") != std::string::npos);
  }
  const directory::ScratchDirectory other;
  BOOST_REQUIRE(
      base::make_directories(base::parent_directory(other.settings().database)).has_value());
  BOOST_REQUIRE(base::replace_file(other.settings().database, "").has_value());
  BOOST_REQUIRE(raw(other.settings().database).execute("CREATE TABLE t (n)").has_value());
  BOOST_TEST((directory::open(other.settings(), OpenAs::writer).error().code == Errc::corrupt));
}

BOOST_AUTO_TEST_CASE(files_of_the_first_version_are_brought_up_to_date_in_place) {
  const directory::ScratchDirectory scratch;
  {
    const auto writer = scratch.open();
    directory::add_domain(*writer, "example.org");
    directory::add_user(*writer, "alice@example.org");
    BOOST_REQUIRE(writer->set_password("alice@example.org", "{PLAIN}x").has_value());
  }
  auto accounts = raw(scratch.settings().database);
  BOOST_REQUIRE(accounts
                    .execute("DROP TABLE manager_domain; DROP TABLE manager; DROP TABLE store; "
                             "DROP TABLE list_entry; ALTER TABLE user DROP COLUMN greylist; "
                             "ALTER TABLE domain DROP COLUMN default_term; PRAGMA user_version = 1")
                    .has_value());
  auto passwords = raw(scratch.settings().passwords);
  BOOST_REQUIRE(passwords
                    .execute("DROP TABLE manager_password; DROP TABLE app_password; "
                             "DROP TABLE audit; PRAGMA user_version = 1")
                    .has_value());
  BOOST_TEST(
      (directory::open(scratch.settings(), OpenAs::reader).error().code == Errc::unavailable));
  const auto writer = scratch.open();
  BOOST_TEST(writer->find_user("alice@example.org")->greylist);
  BOOST_TEST(writer->find_credentials("alice@example.org")->password == "{PLAIN}x");
  writer->act_as("root");
  BOOST_TEST(writer->add_list_entry({"alice@example.org", {}, "x.example", {}}).has_value());
  BOOST_TEST(writer->list_audit({}, "", 10)->items.size() == 1U);
  BOOST_TEST(scratch.open(OpenAs::reader)->list_entries("alice@example.org")->size() == 1U);
}

BOOST_AUTO_TEST_CASE(readers_do_with_a_file_of_the_version_before) {
  const directory::ScratchDirectory scratch;
  directory::add_domain(*scratch.open(), "example.org");
  BOOST_REQUIRE(raw(scratch.settings().database)
                    .execute("DROP TABLE store; PRAGMA user_version = 2")
                    .has_value());
  const auto reader = scratch.open(OpenAs::reader);
  BOOST_TEST(reader->find_domain("example.org").has_value());
  BOOST_TEST(reader->list_stores()->empty());
  directory::Store store;
  store.name = "s1";
  BOOST_TEST(scratch.open()->add_store(store).has_value());
  BOOST_TEST(reader->list_stores()->size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_locked_database_is_unavailable) {
  const directory::ScratchDirectory scratch;
  const auto writer = scratch.open();
  directory::add_domain(*writer, "example.org");
  const auto reader = scratch.open(OpenAs::reader);
  auto other = raw(scratch.settings().database);
  BOOST_REQUIRE(other.execute("BEGIN EXCLUSIVE").has_value());
  BOOST_TEST((reader->find_domain("example.org").error().code == Errc::unavailable));
  BOOST_TEST((reader->find_domain("none.example").error().code == Errc::unavailable));
  BOOST_TEST((reader->list_users("", "", 10).error().code == Errc::unavailable));
  directory::Domain domain;
  domain.name = "b.example";
  BOOST_TEST((writer->add_domain(domain).error().code == Errc::unavailable));
  BOOST_REQUIRE(other.execute("ROLLBACK").has_value());
  BOOST_TEST(reader->find_domain("example.org").has_value());
}

BOOST_AUTO_TEST_CASE(a_failed_write_leaves_nothing_behind) {
  const directory::ScratchDirectory scratch;
  const auto writer = scratch.open();
  directory::add_domain(*writer, "example.org");
  // The password cannot be stored, so the user must not be either.
  BOOST_REQUIRE(raw(scratch.settings().passwords).execute("DROP TABLE password").has_value());
  BOOST_TEST(!writer->add_user(directory::new_user("alice@example.org"), "{PLAIN}x"));
  BOOST_TEST((writer->find_user("alice@example.org").error().code == Errc::not_found));
}

BOOST_AUTO_TEST_CASE(readers_see_every_committed_user_while_a_writer_adds_more) {
  directory::ScratchDirectory scratch;
  scratch.settings().busy_timeout = 10s;
  const auto writer = scratch.open();
  directory::add_domain(*writer, "example.org");
  std::atomic<int> added{0};
  std::atomic<bool> done{false};
  std::atomic<int> failures{0};
  std::atomic<int> lookups{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      const auto reader = directory::open(scratch.settings(), OpenAs::reader);
      while (!done) {
        const int known = added;
        if (known > 0 && !(*reader)->find_user("u" + std::to_string(known - 1) + "@example.org")) {
          ++failures;
        }
        ++lookups;
      }
    });
  }
  while (lookups == 0) {
    std::this_thread::yield();
  }
  for (int i = 0; i < 100; ++i) {
    directory::add_user(*writer, "u" + std::to_string(i) + "@example.org");
    ++added;
  }
  done = true;
  for (std::thread& reader : readers) {
    reader.join();
  }
  BOOST_TEST(failures == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
