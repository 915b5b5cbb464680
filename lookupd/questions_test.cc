// lookupd/questions_test.cc -- groups of questions: order, failures, what is fresh, how many.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "lookupd/questions.hh"

#include <set>

#include <boost/test/unit_test.hpp>

#include "base/loop/test_stage.hh"
#include "base/sqlite.hh"

#include "directory-lib/scratch_directory.hh"

namespace lookup {

namespace {

using directory::SocketmapStatus;
using namespace std::chrono_literals;

struct Answered {
  std::string text;
  std::string reply;  // or the word of the error
  bool is_fresh;
};

struct Fixture {
  directory::ScratchDirectory scratch{};
  loop::TestStage stage{};
  std::vector<Answered> answered{};
  std::unique_ptr<Questions> questions = made();

  Fixture() {
    const auto writer = scratch.open();
    directory::add_domain(*writer, "example.org");
    directory::add_user(*writer, "alice@example.org");
    apply(scratch.settings());
  }
  std::unique_ptr<Questions> made() {
    auto one = Questions::make(stage.loop(), 2,
                               [this](std::span<const Question> asked,
                                      std::span<const Questions::Reply> replies, bool are_fresh) {
                                 BOOST_REQUIRE(asked.size() == replies.size());
                                 for (std::size_t i = 0; i < asked.size(); ++i) {
                                   answered.push_back({asked[i].text, told(replies[i]), are_fresh});
                                 }
                               });
    BOOST_REQUIRE(one.has_value());
    return std::move(*one);
  }
  static std::string told(const Questions::Reply& reply) {
    if (!reply) {
      return std::string(base::errc_name(reply.error().code));
    }
    return reply->status == SocketmapStatus::ok ? reply->text : "-";
  }
  void apply(const directory::Settings& where, base::Duration timeout = 5s) const {
    questions->apply(std::make_shared<directory::Pool>(where), {}, timeout);
  }
  void wait_for(std::size_t count) {
    stage.run_until([&] { return answered.size() >= count; });
    BOOST_TEST(answered.size() == count);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(questions, Fixture)

BOOST_AUTO_TEST_CASE(each_question_gets_its_own_answer) {
  constexpr int count = 500;
  for (int i = 0; i < count; ++i) {
    BOOST_TEST(questions->ask(Map::aliases, "aliases nobody" + std::to_string(i) + "@example.org"));
    BOOST_TEST(questions->ask(Map::aliases, "aliases Alice+" + std::to_string(i) + "@example.org"));
  }
  BOOST_TEST(answered.empty());  // never from inside
  wait_for(2 * count);
  std::set<std::string> seen;
  for (const Answered& one : answered) {
    seen.insert(one.text);
    const std::size_t plus = one.text.find('+');
    BOOST_TEST(one.reply == (plus == std::string::npos ? "-" : "alice" + one.text.substr(plus)));
    BOOST_TEST(one.is_fresh);
  }
  BOOST_TEST(seen.size() == 2U * count);
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_away_fails_all_and_is_asked_again_later) {
  auto elsewhere = scratch.settings();
  elsewhere.database += ".gone";
  apply(elsewhere);
  for (int i = 0; i < 100; ++i) {
    BOOST_TEST(questions->ask(Map::domains, "domains d" + std::to_string(i)));
  }
  wait_for(100);
  for (const Answered& one : answered) {
    BOOST_TEST(one.reply == "unavailable");
  }
  apply(scratch.settings());
  BOOST_TEST(questions->ask(Map::domains, "domains example.org"));
  wait_for(101);
  BOOST_TEST(answered.back().reply == "example.org");
}

BOOST_AUTO_TEST_CASE(what_was_asked_before_forgetting_is_answered_and_not_fresh) {
  BOOST_TEST(questions->ask(Map::domains, "domains example.org"));
  stage.loop().defer([this] { stage.loop().defer([this] { questions->forget(); }); });
  wait_for(1);
  BOOST_TEST(answered.front().reply == "example.org");
  BOOST_TEST(!answered.front().is_fresh);
}

BOOST_AUTO_TEST_CASE(a_locked_database_is_a_failure_in_time) {
  auto database = std::move(
      *base::Database::open(scratch.settings().database, base::Database::Mode::write, 1s));
  BOOST_REQUIRE(database.execute("BEGIN EXCLUSIVE").has_value());
  BOOST_TEST(questions->ask(Map::domains, "domains example.org"));
  BOOST_TEST(questions->ask(Map::mailboxes, "mailboxes alice@example.org"));
  wait_for(2);
  for (const Answered& one : answered) {
    BOOST_TEST(one.reply == "unavailable");
  }
  BOOST_REQUIRE(database.execute("ROLLBACK").has_value());
  BOOST_TEST(questions->ask(Map::domains, "domains example.org"));
  wait_for(3);
  BOOST_TEST(answered.back().reply == "example.org");
}

BOOST_AUTO_TEST_CASE(questions_beyond_their_time_are_told_so) {
  apply(scratch.settings(), 1ms);
  auto database = std::move(
      *base::Database::open(scratch.settings().database, base::Database::Mode::write, 1s));
  BOOST_REQUIRE(database.execute("BEGIN EXCLUSIVE").has_value());
  for (int i = 0; i < 300; ++i) {
    BOOST_TEST(questions->ask(Map::domains, "domains d" + std::to_string(i)));
  }
  wait_for(300);
  for (const Answered& one : answered) {
    // On a machine that is too busy to look at the time, SQLite gives up first.
    BOOST_TEST((one.reply == "timeout" || one.reply == "unavailable"));
  }
}

BOOST_AUTO_TEST_CASE(no_more_than_so_many_wait) {
  std::size_t taken = 0;
  while (questions->ask(Map::domains, "domains d" + std::to_string(taken))) {
    ++taken;
    BOOST_REQUIRE(taken < 1'000'000U);
  }
  BOOST_TEST(taken == 20'000U);
  wait_for(taken);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lookup
