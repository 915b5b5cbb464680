// webmail-cgi/login_limit.hh -- failed logins counted by user and by client network.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A leaky count: a failure adds one, and one leaks away every window / failures. Over the limit
// the answer is "wait", before Dovecot is asked. One thread; memory is bounded.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hh"
#include "base/settings.hh"

namespace webmail {

class LoginLimit {
 public:
  struct Limits {
    std::int64_t user_failures = 10;
    std::int64_t net_failures = 50;
    base::Duration window = std::chrono::minutes(10);
  };

  LoginLimit(const base::Clock& clock, const Limits& limits) : clock_(clock), limits_(limits) {}
  void set_limits(const Limits& limits) { limits_ = limits; }

  // How long this login has to wait; zero: it may be tried.
  std::chrono::seconds wait(std::string_view user, std::string_view client) const;
  // Counts one before it is tried, so that many at once are counted too; right or without an
  // answer, it is taken back.
  void attempted(std::string_view user, std::string_view client);
  void succeeded(std::string_view user, std::string_view client);
  void unanswered(std::string_view user, std::string_view client);
  void expire();

 private:
  struct Count {
    double failures = 0;
    base::SteadyTime at;
  };

  double failures_now(const Count& count, std::int64_t limit) const;
  std::chrono::seconds wait_of(const std::string& key, std::int64_t limit) const;
  void add(const std::string& key, std::int64_t limit);
  void take_back(const std::string& key);

  const base::Clock& clock_;
  Limits limits_;
  std::unordered_map<std::string, Count> counts_;
};

// "192.0.2.7" -> "192.0.2.0/24", "2001:db8:1:2::3" -> "2001:db8:1::/56"; other text as it is.
std::string client_net(std::string_view address);

}  // namespace webmail
