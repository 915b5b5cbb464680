// policyd/store/lmdb_store_test.cc -- the store on disk: overlay, reopening, expiry, damage.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/store/lmdb_store.hh"

#include <atomic>

#include <boost/test/unit_test.hpp>

#include "base/files.hh"
#include "base/must.hh"
#include "base/random.hh"
#include "base/text.hh"

#include "policyd/store/state_check.hh"

using policy::Key;
using policy::Table;

namespace {

// The writer thread reads it while the test turns it.
class SharedClock final : public base::Clock {
 public:
  base::WallTime now() const override {
    return base::WallTime(std::chrono::seconds(seconds_.load()));
  }
  base::SteadyTime ticks() const override { return base::system_clock().ticks(); }
  void set(std::int64_t seconds) { seconds_ = seconds; }

 private:
  std::atomic<std::int64_t> seconds_{1'000'000};
};

Key triplet(int number) {
  std::string bytes = std::to_string(number);
  return {Table::triplets, std::string(20 - bytes.size(), '0') + bytes};
}

struct Fixture {
  std::string folder = "/tmp/store_test." + base::hex(base::bytes_of(base::random_bytes(6)));
  std::string path = folder + "/state.mdb";
  SharedClock clock{};
  std::string log_text{};
  base::Log log{"test", base::memory_log_sink(log_text), base::Level::debug};
  policy::LmdbStoreOptions options{
      .path = path, .size_limit = 64U << 20U, .retry_interval = std::chrono::milliseconds(20)};
  std::unique_ptr<policy::LmdbStore> store{};

  Fixture() {
    base::must(base::make_directories(folder).has_value(), "/tmp can be written");
    reopen();
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;
  ~Fixture() {
    store.reset();
    base::must(std::system(("rm -r " + folder).c_str()) == 0, "it was made here");
  }

  void reopen() {
    store.reset();
    store = std::make_unique<policy::LmdbStore>(options, clock, log);
    BOOST_REQUIRE(store->wait_until_open(std::chrono::seconds(20)));
  }
  void put(int number, std::string value, policy::Seconds expires = 2'000'000) {
    BOOST_REQUIRE(store->put(triplet(number), {std::move(value), expires}).has_value());
  }
  // The value, or "" when there is none.
  std::string get(int number) {
    const auto row = store->get(triplet(number));
    BOOST_REQUIRE(row.has_value());
    return *row ? (*row)->value : "";
  }
  std::size_t scan(std::string_view prefix, std::string* values = nullptr) {
    std::size_t count = 0;
    BOOST_REQUIRE(store
                      ->scan(Table::triplets, prefix,
                             [&](const Key&, const policy::Row& row) {
                               ++count;
                               if (values != nullptr) {
                                 *values += row.value + ",";
                               }
                               return true;
                             })
                      .has_value());
    return count;
  }
  // Changes the closed file from `offset` on.
  void damage(std::size_t offset, const std::string& bytes) {
    store.reset();
    auto text = base::read_file(path).value();
    text.replace(offset, bytes.size(), bytes);
    BOOST_REQUIRE(base::replace_file(path, text).has_value());
  }
  std::size_t kept_files() {
    std::size_t count = 0;
    const auto names = base::list_directory(folder);
    for (const std::string& name : *names) {
      count += name.find(".damaged-") != std::string::npos ? 1 : 0;
    }
    return count;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(lmdb_store, Fixture)

BOOST_AUTO_TEST_CASE(a_row_is_seen_at_once_and_again_after_the_commit) {
  for (int i = 0; i < 500; ++i) {
    put(i, "v" + std::to_string(i));
    BOOST_TEST(get(i) == "v" + std::to_string(i));
  }
  BOOST_REQUIRE(store->flush().has_value());
  for (int i = 0; i < 500; ++i) {
    BOOST_TEST(get(i) == "v" + std::to_string(i));
  }
  put(7, "new");
  BOOST_TEST(get(7) == "new");
  BOOST_TEST(get(501).empty());
}

BOOST_AUTO_TEST_CASE(rows_and_hash_key_outlive_the_process) {
  const auto hash_key = store->hash_key().value();
  put(1, "one");
  put(2, "two");
  BOOST_REQUIRE(store->erase(triplet(2)).has_value());
  reopen();
  BOOST_TEST(get(1) == "one");
  BOOST_TEST(get(2).empty());
  BOOST_TEST((store->hash_key().value() == hash_key));
  BOOST_TEST(log_text.find("policyd.store.open file=" + path + " rows=1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_scan_joins_file_and_overlay_in_order) {
  for (const int i : {10, 12, 14}) {
    put(i, std::to_string(i));
  }
  BOOST_REQUIRE(store->flush().has_value());
  put(11, "11");
  put(12, "12b");
  put(19, "19");
  BOOST_REQUIRE(store->erase(triplet(14)).has_value());
  put(20, "20");
  std::string values;
  BOOST_TEST(scan(std::string(18, '0') + "1", &values) == 4U);
  BOOST_TEST(values == "10,11,12b,19,");
  BOOST_TEST(scan("") == 5U);
  BOOST_TEST(scan("x") == 0U);
}

BOOST_AUTO_TEST_CASE(an_erased_row_hides_the_one_on_disk) {
  put(1, "one");
  BOOST_REQUIRE(store->flush().has_value());
  BOOST_REQUIRE(store->erase(triplet(1)).has_value());
  BOOST_TEST(get(1).empty());
  BOOST_REQUIRE(store->flush().has_value());
  BOOST_TEST(get(1).empty());
}

BOOST_AUTO_TEST_CASE(expired_rows_go_and_those_that_were_prolonged_stay) {
  put(1, "short", 1'000'010);
  put(2, "prolonged", 1'000'010);
  put(3, "long", 1'000'500);
  BOOST_REQUIRE(store->flush().has_value());
  put(2, "prolonged", 1'000'300);
  BOOST_REQUIRE(store->flush().has_value());
  clock.set(1'000'011);
  put(4, "makes a commit");
  BOOST_REQUIRE(store->flush().has_value());
  BOOST_TEST(get(1).empty());
  BOOST_TEST(get(2) == "prolonged");
  BOOST_TEST(get(3) == "long");
  clock.set(1'000'301);
  put(5, "makes a commit");
  BOOST_REQUIRE(store->flush().has_value());
  BOOST_TEST(get(2).empty());
  reopen();  // the check finds every row in the index
  BOOST_TEST(get(3) == "long");
  BOOST_TEST(kept_files() == 0U);
}

BOOST_AUTO_TEST_CASE(expiry_works_without_any_request) {
  put(1, "short", 1'000'010);
  BOOST_REQUIRE(store->flush().has_value());
  clock.set(1'000'011);
  for (int i = 0; i < 500 && !get(1).empty(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  BOOST_TEST(get(1).empty());
}

BOOST_AUTO_TEST_CASE(many_expired_rows_go_in_portions) {
  for (int i = 0; i < 3000; ++i) {
    put(i, "x", 1'000'010);
  }
  BOOST_REQUIRE(store->flush().has_value());
  clock.set(1'000'011);
  std::size_t left = 3000;
  for (int i = 0; i < 1000 && left > 0; ++i) {
    put(5000, "makes a commit");
    BOOST_REQUIRE(store->flush().has_value());
    const std::size_t now = scan("") - 1;
    BOOST_TEST(left - now <= 1024U);
    left = now;
  }
  BOOST_TEST(left == 0U);
}

BOOST_AUTO_TEST_CASE(a_full_file_refuses_rows_and_keeps_what_it_has) {
  put(0, "kept");
  BOOST_REQUIRE(store->flush().has_value());
  options.size_limit = 1U << 20U;
  reopen();
  bool refused = false;
  for (int i = 1; i < 20'000 && !refused; ++i) {
    refused = !store->put(triplet(i), {std::string(200, 'x'), 2'000'000}).has_value();
    if (i % 1000 == 0) {
      (void)store->flush();
    }
  }
  BOOST_TEST(refused);
  BOOST_TEST(get(0) == "kept");
  options.size_limit = 64U << 20U;
  reopen();  // the old writer has ended: its log is whole
  BOOST_TEST(log_text.find("policyd.store.failed") != std::string::npos);
  BOOST_TEST(get(0) == "kept");
  put(99'999, "again");
  BOOST_TEST(store->flush().has_value());
}

BOOST_AUTO_TEST_CASE(a_second_store_on_the_same_file_stays_closed) {
  policy::LmdbStore second(options, clock, log);
  BOOST_TEST(!second.wait_until_open(std::chrono::milliseconds(100)));
  BOOST_TEST((second.get(triplet(1)).error().code == base::Errc::unavailable));
  BOOST_TEST(log_text.find("is in use by another process") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_missing_folder_is_waited_for) {
  store.reset();
  options.path = folder + "/later/state.mdb";
  store = std::make_unique<policy::LmdbStore>(options, clock, log);
  BOOST_TEST(!store->wait_until_open(std::chrono::milliseconds(50)));
  BOOST_TEST(!store->put(triplet(1), {"x", 9}).has_value());
  BOOST_REQUIRE(base::make_directories(folder + "/later").has_value());
  BOOST_TEST(store->wait_until_open(std::chrono::seconds(20)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(state_check, Fixture)

BOOST_AUTO_TEST_CASE(no_damage_of_any_page_gets_past_the_start) {
  for (int i = 0; i < 2000; ++i) {
    put(i, std::string(80, 'v'));
  }
  store.reset();
  const std::string sound = base::read_file(path).value();
  constexpr std::size_t page = 4096;
  std::size_t noticed = 0;
  for (std::size_t at = 2; at < sound.size() / page; ++at) {
    for (const char fill : {'\0', '\x5a'}) {
      std::string text = sound;
      text.replace(at * page, page, std::string(page, fill));
      BOOST_REQUIRE(base::replace_file(path, text).has_value());
      const auto checked = policy::check_state_file(path, std::chrono::seconds(60));
      BOOST_REQUIRE(checked.has_value());
      noticed += checked->outcome == policy::StateCheck::Outcome::damaged ? 1 : 0;
    }
  }
  // Pages that are free hold nothing; all others are noticed.
  BOOST_TEST(noticed > 100U);
  BOOST_REQUIRE(base::replace_file(path, sound).has_value());
  const auto checked = policy::check_state_file(path, std::chrono::seconds(60));
  BOOST_REQUIRE(checked.has_value());
  BOOST_TEST((checked->outcome == policy::StateCheck::Outcome::sound));
  BOOST_TEST(checked->rows == 2000U);
}

BOOST_AUTO_TEST_CASE(a_damaged_file_is_kept_and_an_empty_one_used) {
  put(1, "one");
  damage(0, std::string(8192, 'x'));
  reopen();
  BOOST_TEST(kept_files() == 1U);
  BOOST_TEST(get(1).empty());
  BOOST_TEST(log_text.find("policyd.store.damaged file=" + path + " kept=" + path + ".damaged-") !=
             std::string::npos);
  put(1, "anew");
  reopen();
  BOOST_TEST(get(1) == "anew");
  BOOST_TEST(kept_files() == 1U);
}

BOOST_AUTO_TEST_CASE(a_torn_file_of_any_length_does_no_harm) {
  for (int i = 0; i < 500; ++i) {
    put(i, std::string(80, 'v'));
  }
  store.reset();
  const std::string sound = base::read_file(path).value();
  for (const std::size_t length : {std::size_t{0}, std::size_t{1}, std::size_t{4095},
                                   std::size_t{8192}, std::size_t{20'000}, sound.size() - 4096}) {
    BOOST_REQUIRE(base::replace_file(path, sound.substr(0, length)).has_value());
    reopen();
    put(9999, "works");
    BOOST_TEST(get(9999) == "works");
    BOOST_TEST(store->flush().has_value());
    store.reset();
  }
}

BOOST_AUTO_TEST_CASE(a_check_that_takes_too_long_is_ended) {
  put(1, "one");
  store.reset();
  const auto checked = policy::check_state_file(path, std::chrono::milliseconds(0));
  BOOST_REQUIRE(checked.has_value());
  BOOST_TEST((checked->outcome == policy::StateCheck::Outcome::ended));
  options.check_limit = std::chrono::milliseconds(0);
  reopen();
  BOOST_TEST(get(1) == "one");
  BOOST_TEST(log_text.find("policyd.store.unchecked") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
