// maildir-lib/ids_test.cc -- numbers that survive torn writes, damage, old copies and kill -9.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/ids.hh"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

namespace {

using maildir::email_key;
using maildir::IdRecord;
using maildir::IdsLog;
using maildir::IdsPlace;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

struct Fixture {
  Fixture() {
    std::string pattern = (fs::temp_directory_path() / "ids-test-XXXXXX").string();
    BOOST_REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    folder = pattern;
    path = pattern + "/ids.log";
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  Fixture(Fixture&&) = delete;
  Fixture& operator=(Fixture&&) = delete;
  ~Fixture() { fs::remove_all(folder); }

  IdsLog open() const {
    auto log = IdsLog::open(path, 1s);
    BOOST_REQUIRE_MESSAGE(log.has_value(), (log ? "" : log.error().text()));
    return std::move(*log);
  }
  std::vector<IdRecord> all() const {
    IdsPlace place;
    const auto news = open().read(place);
    BOOST_REQUIRE(news.has_value());
    return news->records;
  }
  void add(const std::string& guid, std::uint64_t number) const {
    IdsLog log = open();
    IdsPlace place;
    BOOST_REQUIRE(log.read(place).has_value());
    const IdRecord record{number, email_key(guid)};
    BOOST_REQUIRE(log.append({&record, 1}, place).has_value());
  }
  void overwrite(std::uint64_t at, const std::string& bytes) const {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file << bytes;
  }

  fs::path folder;
  std::string path;
};

// Appends batches and tells each number once it is durable, until it is killed.
[[noreturn]] void write_for_ever(const std::string& path, int pipe, unsigned seed) {
  for (std::uint64_t i = 0;; ++i) {
    auto log = IdsLog::open(path, 10s);
    IdsPlace place;
    if (!log || !log->read(place)) {
      ::_exit(1);
    }
    std::vector<IdRecord> batch;
    std::uint64_t next = place.largest + 1;
    for (std::uint64_t n = 0; n <= (i * 7 + seed) % 50; ++n) {
      const std::string guid = std::to_string(seed) + "." + std::to_string(next);
      batch.push_back({next++, email_key(guid)});
    }
    if (!log->append(batch, place)) {
      ::_exit(2);
    }
    for (const IdRecord& record : batch) {
      if (::write(pipe, &record, sizeof record) != sizeof record) {
        ::_exit(3);
      }
    }
  }
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(ids, Fixture)

BOOST_AUTO_TEST_CASE(both_forms_of_a_guid_have_one_key) {
  const std::string bare = "1795327797.M675890P30747.vm";
  BOOST_TEST((email_key(bare + ",S=169,W=177") == email_key(bare)));
  BOOST_TEST((email_key(bare + ",S=169") == email_key(bare)));
  BOOST_TEST((email_key(bare + "x") != email_key(bare)));
  BOOST_TEST(maildir::bare_guid(bare + ",S=169,W=177") == bare);
  BOOST_TEST(maildir::bare_guid(",S=1") == ",S=1");
  BOOST_TEST(maildir::bare_guid("a,S=,W=1") == "a,S=");
  BOOST_TEST(maildir::bare_guid("a,S=1x") == "a,S=1x");
  BOOST_TEST((maildir::folder_guid_key("x") != maildir::folder_name_key("x")));
}

BOOST_AUTO_TEST_CASE(what_was_appended_is_read_again_and_only_what_is_new) {
  add("a", 7);
  IdsPlace place;
  BOOST_TEST(open().read(place)->records.size() == 1U);
  BOOST_TEST(place.largest == 7U);
  add("b", 9);
  const auto news = open().read(place);
  BOOST_REQUIRE(news.has_value());
  BOOST_TEST(!news->is_other);
  BOOST_REQUIRE(news->records.size() == 1U);
  BOOST_TEST(news->records.front().number == 9U);
  BOOST_TEST(place.largest == 9U);
}

BOOST_AUTO_TEST_CASE(a_torn_tail_is_cut_and_numbers_go_on) {
  add("a", 7);
  const auto whole = fs::file_size(path);
  for (const std::size_t torn : {1U, 31U, 32U, 33U, 200U, 100'000U}) {
    std::ofstream(path, std::ios::app | std::ios::binary) << std::string(torn, '\0');
    add("b", 8);
    BOOST_TEST(fs::file_size(path) == whole + maildir::id_record_bytes);
    BOOST_TEST(all().size() == 2U);
    fs::resize_file(path, whole);
  }
  fs::resize_file(path, whole - 3);
  BOOST_TEST(all().empty());
  fs::resize_file(path, 5);
  BOOST_TEST(all().empty());
  add("c", 1);
  BOOST_TEST(all().size() == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_is_no_log_is_left_alone, Fixture) {
  const std::string letter = "Dear log of ids, I am a letter of more than two records' octets: 64.";
  std::ofstream(path, std::ios::binary) << letter;
  const auto log = IdsLog::open(path, 1s);
  BOOST_REQUIRE(!log.has_value());
  BOOST_TEST((log.error().code == base::Errc::malformed));
  BOOST_TEST(fs::file_size(path) == letter.size());

  std::ofstream(path, std::ios::binary | std::ios::trunc) << std::string(32, '\0');
  add("a", 1);
  BOOST_TEST(all().size() == 1U);
}

BOOST_AUTO_TEST_CASE(damage_in_the_middle_costs_that_record_alone) {
  add("a", 1);
  add("b", 2);
  add("c", 3);
  overwrite(maildir::id_header_bytes + maildir::id_record_bytes + 4, "damage");
  IdsPlace place;
  const auto news = open().read(place);
  BOOST_REQUIRE(news.has_value());
  BOOST_TEST(news->damaged == 1U);
  BOOST_REQUIRE(news->records.size() == 2U);
  BOOST_TEST(news->records.back().number == 3U);
}

BOOST_AUTO_TEST_CASE(an_old_copy_put_back_is_noticed) {
  add("a", 1);
  fs::copy_file(path, folder / "copy");
  add("b", 2);
  IdsPlace place;
  BOOST_REQUIRE(open().read(place).has_value());
  fs::copy_file(folder / "copy", path, fs::copy_options::overwrite_existing);
  const auto news = open().read(place);
  BOOST_REQUIRE(news.has_value());
  BOOST_TEST(news->is_other);
  BOOST_TEST(news->records.size() == 1U);
  add("c", 3);
  add("d", 4);
  place.end = fs::file_size(path) - maildir::id_record_bytes;
  BOOST_TEST(open().read(place)->records.size() == 3U);
  fs::remove(path);
  BOOST_TEST(open().read(place)->is_other);
}

BOOST_AUTO_TEST_CASE(numbers_never_fall_behind_the_clock) {
  const base::WallTime day(std::chrono::milliseconds(1'767'225'600'000 + 86'400'000));
  BOOST_TEST(maildir::first_free_number(0, day) == 86'400'000U);
  BOOST_TEST(maildir::first_free_number(90'000'000, day) == 90'000'001U);
  BOOST_TEST(maildir::first_free_number(0, base::WallTime()) == 1U);
}

BOOST_AUTO_TEST_CASE(a_later_format_and_a_held_lock_are_refused) {
  add("a", 1);
  {
    const IdsLog held = open();
    const auto second = IdsLog::open(path, 20ms);
    BOOST_TEST((!second && second.error().code == base::Errc::unavailable));
  }
  overwrite(14, "2");
  const auto later = IdsLog::open(path, 20ms);
  BOOST_TEST((!later && later.error().code == base::Errc::malformed));
}

BOOST_AUTO_TEST_CASE(after_kill_9_every_number_that_was_shown_is_there_once) {
  std::map<std::uint64_t, maildir::IdKey> shown;
  for (unsigned round = 0; round < 8; ++round) {
    std::array<int, 2> ends{};
    BOOST_REQUIRE(::pipe(ends.data()) == 0);
    std::array<pid_t, 2> writers{};
    for (unsigned i = 0; i < writers.size(); ++i) {
      writers.at(i) = ::fork();
      if (writers.at(i) == 0) {
        write_for_ever(path, ends[1], round * 2 + i);
      }
    }
    ::close(ends[1]);
    ::usleep(20'000 + round * 3'000);
    for (const pid_t writer : writers) {
      ::kill(writer, SIGKILL);
      ::waitpid(writer, nullptr, 0);
    }
    IdRecord record;
    while (::read(ends[0], &record, sizeof record) == sizeof record) {
      BOOST_TEST(shown.emplace(record.number, record.key).second);
    }
    ::close(ends[0]);
  }
  std::map<std::uint64_t, maildir::IdKey> kept;
  for (const IdRecord& record : all()) {
    BOOST_TEST(kept.emplace(record.number, record.key).second);
  }
  BOOST_TEST(!shown.empty());
  for (const auto& [number, key] : shown) {
    const auto found = kept.find(number);
    BOOST_TEST((found != kept.end() && found->second == key));
  }
}

BOOST_AUTO_TEST_SUITE_END()
