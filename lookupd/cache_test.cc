// lookupd/cache_test.cc -- tests of the remembered answers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/cache.hh"

#include <boost/test/unit_test.hpp>

namespace lookup {

namespace {

using directory::SocketmapReply;
using directory::SocketmapStatus;
using namespace std::chrono_literals;

const SocketmapReply found{SocketmapStatus::ok, "x"};
const SocketmapReply missing{SocketmapStatus::not_found, ""};

struct Fixture {
  base::ManualClock clock{base::WallTime(1000h)};
  Cache cache{clock};
  Fixture() { cache.set_limits({10000, 30s, 2s}); }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(cache, Fixture)

BOOST_AUTO_TEST_CASE(an_answer_is_remembered_for_its_time_and_no_longer) {
  cache.put("mailboxes a@b", found);
  clock.advance(29999ms);
  BOOST_REQUIRE(cache.find("mailboxes a@b") != nullptr);
  BOOST_TEST((*cache.find("mailboxes a@b") == found));
  clock.advance(1ms);
  BOOST_TEST(cache.find("mailboxes a@b") == nullptr);
  BOOST_TEST(cache.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(a_missing_name_is_remembered_for_the_shorter_time) {
  cache.put("mailboxes a@b", missing);
  clock.advance(1999ms);
  BOOST_TEST(cache.find("mailboxes a@b") != nullptr);
  clock.advance(1ms);
  BOOST_TEST(cache.find("mailboxes a@b") == nullptr);
}

BOOST_AUTO_TEST_CASE(what_is_not_certain_is_not_remembered) {
  for (const auto status :
       {SocketmapStatus::temp, SocketmapStatus::timeout, SocketmapStatus::perm}) {
    cache.put("q", {status, "why"});
    BOOST_TEST(cache.find("q") == nullptr);
  }
}

BOOST_AUTO_TEST_CASE(an_uncertain_answer_forgets_the_old_one) {
  cache.put("q", found);
  cache.put("q", {SocketmapStatus::temp, "why"});
  BOOST_TEST(cache.find("q") == nullptr);
}

BOOST_AUTO_TEST_CASE(reading_does_not_prolong_a_life) {
  cache.put("q", found);
  clock.advance(20s);
  BOOST_TEST(cache.find("q") != nullptr);
  clock.advance(10s);
  BOOST_TEST(cache.find("q") == nullptr);
}

BOOST_AUTO_TEST_CASE(a_newer_answer_replaces_the_older) {
  cache.put("q", found);
  cache.put("q", {SocketmapStatus::ok, "y"});
  BOOST_TEST(cache.size() == 1U);
  BOOST_TEST(cache.find("q")->text == "y");
}

BOOST_AUTO_TEST_CASE(the_least_recently_asked_goes_when_memory_is_used_up) {
  cache.put("first", found);
  const std::size_t cost = cache.bytes();
  cache.set_limits({cost * 3 + cost / 2, 30s, 2s});
  cache.put("secnd", found);
  cache.put("third", found);
  BOOST_TEST(cache.find("first") != nullptr);
  cache.put("forth", found);
  BOOST_TEST(cache.find("secnd") == nullptr);
  BOOST_TEST(cache.find("first") != nullptr);
  BOOST_TEST(cache.size() == 3U);
  BOOST_TEST(cache.bytes() == cost * 3);
}

BOOST_AUTO_TEST_CASE(an_answer_larger_than_all_memory_is_not_kept) {
  cache.put("q", {SocketmapStatus::ok, std::string(20000, 'x')});
  BOOST_TEST(cache.size() == 0U);
  BOOST_TEST(cache.bytes() == 0U);
}

BOOST_AUTO_TEST_CASE(new_limits_take_effect_at_once) {
  cache.put("q", found);
  cache.put("r", missing);
  clock.advance(1s);
  cache.set_limits({10000, 30s, 1s});
  BOOST_TEST(cache.size() == 1U);
  cache.set_limits({0, 30s, 2s});
  BOOST_TEST(cache.size() == 0U);
  cache.put("q", found);
  BOOST_TEST(cache.size() == 0U);
}

BOOST_AUTO_TEST_CASE(clear_forgets_everything) {
  cache.put("q", found);
  cache.clear();
  BOOST_TEST(cache.find("q") == nullptr);
  BOOST_TEST(cache.bytes() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lookup
