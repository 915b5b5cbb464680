// policyd/self_test.hh -- tests the DNS lists on the loop, at the start and now and then.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <list>
#include <memory>

#include "base/loop/loop.hh"

#include "policyd/checks/dnsbl_zones.hh"
#include "policyd/gather.hh"

namespace policy {

// Asks for what DnsblZones::due() names, and tells the zones what came. Loop thread.
class SelfTest {
 public:
  // All must outlive it. The first tests begin at once.
  SelfTest(loop::Loop& loop, Gatherer& gatherer, DnsblZones& zones, const base::Clock& clock);
  SelfTest(const SelfTest&) = delete;
  SelfTest& operator=(const SelfTest&) = delete;
  ~SelfTest();

  // Begins the tests that are due; also called every second by itself.
  void look();

 private:
  struct Test;
  using Tests = std::list<std::unique_ptr<Test>>;

  Gatherer& gatherer_;
  DnsblZones& zones_;
  const base::Clock& clock_;
  Tests tests_;
  loop::Timer timer_;
};

}  // namespace policy
