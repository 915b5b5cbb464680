// policyd/self_test.cc -- the questions of a zone's test, and their answers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/self_test.hh"

namespace policy {

namespace {

constexpr loop::Duration look_period{1000};
constexpr base::Duration answer_deadline{10'000};

}  // namespace

struct SelfTest::Test {
  explicit Test(DnsblZone& tested) : zone(tested) {}
  DnsblZone& zone;
  Facts facts{};
  std::unique_ptr<Gatherer::Search> search{};
};

SelfTest::SelfTest(loop::Loop& loop, Gatherer& gatherer, DnsblZones& zones,
                   const base::Clock& clock)
    : gatherer_(gatherer), zones_(zones), clock_(clock), timer_(loop, [this] { look(); }) {
  timer_.repeat(look_period);
  look();
}

SelfTest::~SelfTest() = default;

void SelfTest::look() {
  for (DnsblZone* zone : zones_.due(clock_.now())) {
    tests_.push_back(std::make_unique<Test>(*zone));
    const auto at = std::prev(tests_.end());
    const Waits waits{.dns = DnsblZones::test_questions(*zone)};
    (*at)->search = gatherer_.find(waits, (*at)->facts, answer_deadline, [this, at] {
      const auto ended = std::move(*at);  // its search is calling us
      tests_.erase(at);
      zones_.learn(ended->zone, ended->facts.dns, clock_.now());
    });
  }
}

}  // namespace policy
