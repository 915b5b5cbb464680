// policyd/quota_status_test.cc -- asking a quota-status that answers, is slow, hangs up or is away.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/quota_status.hh"

#include <boost/test/unit_test.hpp>

#include "base/loop/test_stage.hh"

using policy::Quota;

namespace {

struct Fixture {
  loop::TestStage stage{};
  loop::Address address{.is_unix = true, .path = stage.path("quota-status")};
  std::vector<std::unique_ptr<loop::Stream>> clients{};
  std::vector<std::string> questions{};
  std::string answer = "action=DUNNO\n\n";  // empty: silence
  bool hangs_up_first = false;
  std::unique_ptr<loop::Listener> listener{};
  policy::QuotaStatus status{stage.loop(), stage.log()};
  policy::QuotaStatusOptions options{
      .address = address, .connections = 2, .deadline = std::chrono::milliseconds(100)};

  Fixture() {
    auto opened = loop::Listener::open(stage.loop(), address, 0600,
                                       [this](base::Fd fd, const loop::Peer&) { serve(fd); });
    BOOST_REQUIRE(opened.has_value());
    listener = std::move(*opened);
    status.apply(options);
  }
  void serve(base::Fd& fd) {
    const std::size_t place = clients.size();
    clients.push_back(std::make_unique<loop::Stream>(
        stage.loop(), std::move(fd), loop::StreamLimits{},
        loop::Stream::Callbacks{.on_data = [this, place](std::string_view bytes) {
          questions.emplace_back(bytes);
          if (hangs_up_first && questions.size() == 1) {
            clients[place]->close();
          } else if (!answer.empty()) {
            clients[place]->write(answer);
          }
          return bytes.size();
        }}));
  }
  Quota find(std::uint64_t size = 100) {
    std::optional<Quota> found;
    status.find({"alice@example.org", size}, [&](Quota quota) { found = quota; });
    BOOST_TEST(!found.has_value());  // never from inside
    stage.run_until([&] { return found.has_value(); });
    return *found;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(quota_status, Fixture)

BOOST_AUTO_TEST_CASE(an_answer_comes_and_is_remembered_for_smaller_messages) {
  BOOST_TEST((find(100) == Quota::room));
  BOOST_REQUIRE(questions.size() == 1U);
  BOOST_TEST(questions[0].find("recipient=alice@example.org\nsize=100\n\n") != std::string::npos);
  BOOST_TEST((status.remembered({"alice@example.org", 99}) == Quota::room));
  BOOST_TEST(!status.remembered({"alice@example.org", 101}).has_value());
  BOOST_TEST(!status.remembered({"bob@example.org", 1}).has_value());
  answer = "action=552 5.2.2 Full\n\n";
  BOOST_TEST((find(500) == Quota::full));
  BOOST_TEST((status.remembered({"alice@example.org", 501}) == Quota::full));
  BOOST_TEST(!status.remembered({"alice@example.org", 499}).has_value());
  BOOST_TEST(clients.size() == 1U);  // the connection stays open
}

BOOST_AUTO_TEST_CASE(silence_ends_at_the_deadline_and_dovecot_rests) {
  answer.clear();
  BOOST_TEST((find() == Quota::unknown));
  BOOST_TEST((status.remembered({"bob@example.org", 1}) == Quota::unknown));
  BOOST_TEST(stage.logged().find("policyd.quota.trouble") != std::string::npos);
  status.apply(options);
  BOOST_TEST(!status.remembered({"bob@example.org", 1}).has_value());
  answer = "action=OK\n\n";
  BOOST_TEST((find() == Quota::room));  // on a new connection
  BOOST_TEST(clients.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_connection_that_was_closed_meanwhile_is_made_anew_once) {
  hangs_up_first = true;
  BOOST_TEST((find() == Quota::room));
  BOOST_TEST(questions.size() == 2U);
}

BOOST_AUTO_TEST_CASE(without_a_listener_the_quota_is_unknown) {
  listener.reset();
  BOOST_TEST((find() == Quota::unknown));
}

BOOST_AUTO_TEST_CASE(rubbish_closes_the_connection) {
  answer = "220 mx.example.org ESMTP\n\n";
  BOOST_TEST((find() == Quota::unknown));
}

BOOST_AUTO_TEST_CASE(an_unexpected_answer_is_unknown_and_harms_nobody_else) {
  answer = "action=REJECT Unknown user\n\n";
  BOOST_TEST((find() == Quota::unknown));
  BOOST_TEST(!status.remembered({"bob@example.org", 1}).has_value());
}

BOOST_AUTO_TEST_CASE(many_questions_share_few_connections_and_some_may_be_cancelled) {
  int told = 0;
  std::vector<std::uint64_t> ids;
  for (int i = 0; i < 20; ++i) {
    ids.push_back(status.find({"u" + std::to_string(i), 1}, [&](Quota quota) {
      BOOST_TEST((quota == Quota::room));
      ++told;
    }));
  }
  status.cancel(ids[0]);
  status.cancel(ids[19]);
  stage.run_until([&] { return told == 18; });
  stage.run_for(loop::Duration(20));
  BOOST_TEST(told == 18);
  BOOST_TEST(clients.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
