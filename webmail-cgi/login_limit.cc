// webmail-cgi/login_limit.cc -- the leaky counts.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/login_limit.hh"

#include <algorithm>
#include <cmath>

#include <arpa/inet.h>

#include "base/text.hh"

namespace webmail {

namespace {

constexpr std::size_t counts_max = 200'000;
constexpr std::size_t v6_net_bytes = 7;  // a /56: what one household is given

std::string user_key(std::string_view user) {
  return "u" + base::to_lower(user.substr(0, 255));
}

std::string net_key(std::string_view client) {
  return "n" + client_net(client);
}

}  // namespace

std::string client_net(std::string_view address) {
  std::string text(address);
  unsigned char bytes[16] = {};
  char out[INET6_ADDRSTRLEN] = {};
  if (::inet_pton(AF_INET, text.c_str(), bytes) == 1) {
    bytes[3] = 0;
    return std::string(::inet_ntop(AF_INET, bytes, out, sizeof out)) + "/24";
  }
  if (::inet_pton(AF_INET6, text.c_str(), bytes) == 1) {
    std::fill(bytes + v6_net_bytes, bytes + sizeof bytes, 0);
    return std::string(::inet_ntop(AF_INET6, bytes, out, sizeof out)) + "/56";
  }
  return text;
}

double LoginLimit::failures_now(const Count& count, std::int64_t limit) const {
  const auto passed = std::chrono::duration<double>(clock_.ticks() - count.at);
  const auto window = std::chrono::duration<double>(limits_.window);
  const double leaked = passed / window * static_cast<double>(limit);
  return std::max(0.0, count.failures - leaked);
}

std::chrono::seconds LoginLimit::wait_of(const std::string& key, std::int64_t limit) const {
  const auto at = counts_.find(key);
  if (at == counts_.end() || limit == 0) {
    return std::chrono::seconds(0);
  }
  const double over = failures_now(at->second, limit) - static_cast<double>(limit) + 1;
  if (over <= 0) {
    return std::chrono::seconds(0);
  }
  const auto each = std::chrono::duration<double>(limits_.window) / static_cast<double>(limit);
  return std::chrono::seconds(static_cast<std::int64_t>(std::ceil(over * each.count())));
}

std::chrono::seconds LoginLimit::wait(std::string_view user, std::string_view client) const {
  return std::max(wait_of(user_key(user), limits_.user_failures),
                  wait_of(net_key(client), limits_.net_failures));
}

void LoginLimit::add(const std::string& key, std::int64_t limit) {
  if (counts_.size() >= counts_max && !counts_.contains(key)) {
    // The table is full of an attack: any count goes, in constant time.
    counts_.erase(counts_.begin());
  }
  Count& count = counts_[key];
  count.failures = failures_now(count, limit) + 1;
  count.at = clock_.ticks();
}

void LoginLimit::take_back(const std::string& key) {
  const auto at = counts_.find(key);
  if (at != counts_.end() && --at->second.failures <= 0) {
    counts_.erase(at);
  }
}

void LoginLimit::attempted(std::string_view user, std::string_view client) {
  add(user_key(user), limits_.user_failures);
  add(net_key(client), limits_.net_failures);
}

void LoginLimit::succeeded(std::string_view user, std::string_view client) {
  counts_.erase(user_key(user));
  take_back(net_key(client));
}

void LoginLimit::unanswered(std::string_view user, std::string_view client) {
  take_back(user_key(user));
  take_back(net_key(client));
}

void LoginLimit::expire() {
  const auto old = clock_.ticks() - limits_.window;
  std::erase_if(counts_, [old](const auto& row) { return row.second.at < old; });
}

}  // namespace webmail
