// base/sqlite_test.cc -- what SQLite's failures become, with real damaged and locked files.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/sqlite.hh"

#include <filesystem>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"
#include "base/random.hh"
#include "base/text.hh"

namespace {

using namespace std::chrono_literals;
using Mode = base::Database::Mode;

class Scratch {
 public:
  Scratch() { BOOST_REQUIRE(base::make_directories(path_).has_value()); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = "/tmp/ph-sqlite-" + base::hex(base::bytes_of(base::random_bytes(8)));
};

// An empty file is an empty database.
base::Database make(const std::string& path) {
  BOOST_REQUIRE(base::replace_file(path, "").has_value());
  auto database = base::Database::open(path, Mode::write, 50ms);
  BOOST_REQUIRE(database.has_value());
  BOOST_REQUIRE(
      database->execute("CREATE TABLE t (k TEXT PRIMARY KEY CHECK (k <> ''), n INTEGER) STRICT"));
  return std::move(*database);
}

BOOST_AUTO_TEST_SUITE(sqlite)

BOOST_AUTO_TEST_CASE(rows_go_in_and_come_out) {
  const Scratch scratch;
  auto database = make(scratch.file("a.db"));
  BOOST_REQUIRE(
      database.prepare("INSERT INTO t VALUES (?1, ?2)")->bind(1, "x'; --").bind(2, 7).run());
  auto read = database.prepare("SELECT n, k, NULL FROM t WHERE k = ?1");
  BOOST_REQUIRE(read.has_value());
  BOOST_REQUIRE(*read->bind(1, "x'; --").step());
  BOOST_TEST(read->number(0) == 7);
  BOOST_TEST(read->text(1) == "x'; --");
  BOOST_TEST(read->is_null(2));
  BOOST_TEST(!*read->step());
}

BOOST_AUTO_TEST_CASE(a_taken_key_exists_and_another_constraint_is_malformed) {
  const Scratch scratch;
  auto database = make(scratch.file("a.db"));
  BOOST_REQUIRE(database.execute("INSERT INTO t VALUES ('a', 1)"));
  const auto again = database.execute("INSERT INTO t VALUES ('a', 1)");
  BOOST_TEST((again.error().code == base::Errc::exists));
  const auto empty = database.execute("INSERT INTO t VALUES ('', 1)");
  BOOST_TEST((empty.error().code == base::Errc::malformed));
}

BOOST_AUTO_TEST_CASE(a_reader_cannot_write_and_a_missing_file_is_unavailable) {
  const Scratch scratch;
  make(scratch.file("a.db"));
  auto reader = base::Database::open(scratch.file("a.db"), Mode::read, 50ms);
  BOOST_REQUIRE(reader.has_value());
  BOOST_TEST((reader->execute("DELETE FROM t").error().code == base::Errc::denied));
  const auto missing = base::Database::open(scratch.file("none.db"), Mode::read, 50ms);
  BOOST_TEST((missing.error().code == base::Errc::unavailable));
}

BOOST_AUTO_TEST_CASE(a_lock_held_too_long_is_unavailable_not_absence) {
  const Scratch scratch;
  auto writer = make(scratch.file("a.db"));
  BOOST_REQUIRE(writer.execute("BEGIN EXCLUSIVE"));
  auto reader = base::Database::open(scratch.file("a.db"), Mode::read, 50ms);
  BOOST_REQUIRE(reader.has_value());
  auto read = reader->prepare("SELECT 1 FROM t WHERE k = 'a'");
  const auto error = read ? read->step().error() : read.error();
  BOOST_TEST((error.code == base::Errc::unavailable));
}

BOOST_AUTO_TEST_CASE(damage_is_corrupt) {
  const Scratch scratch;
  const std::string path = scratch.file("a.db");
  {
    auto database = make(path);
    BOOST_REQUIRE(database.execute("BEGIN").has_value());
    for (int i = 0; i < 2000; ++i) {
      const std::string key = std::to_string(i);
      BOOST_REQUIRE(
          database.prepare("INSERT INTO t VALUES (?1, ?2)")->bind(1, key).bind(2, i).run());
    }
    BOOST_REQUIRE(database.execute("COMMIT").has_value());
    BOOST_TEST(*database.quick_check("main", 5s));
  }
  std::string bytes = *base::read_file(path);
  for (std::size_t i = 4096 * 3; i < bytes.size(); i += 7) {
    bytes[i] = static_cast<char>(bytes[i] ^ 0x5A);
  }
  BOOST_REQUIRE(base::replace_file(path, bytes).has_value());
  auto damaged = base::Database::open(path, Mode::read, 50ms);
  BOOST_REQUIRE(damaged.has_value());
  BOOST_TEST((damaged->quick_check("main", 5s).error().code == base::Errc::corrupt));
  BOOST_REQUIRE(
      base::replace_file(path, "this is no database, whatever its name may say").has_value());
  auto text = base::Database::open(path, Mode::read, 50ms);
  const auto error = text ? text->user_version("main").error() : text.error();
  BOOST_TEST((error.code == base::Errc::corrupt));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
