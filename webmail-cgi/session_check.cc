// webmail-cgi/session_check.cc -- one question for many requests, and what its answer means.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "webmail-cgi/session_check.hh"

#include <algorithm>

namespace webmail {

namespace {

using namespace std::chrono_literals;

// A login may have its password hashed anew, which changes the second half of the word shortly
// after; the first half is when the password was changed.
constexpr auto rehash_time = 1min;
constexpr auto forget_after = 1min;

std::string_view first_half(std::string_view generation) {
  return generation.substr(0, generation.find('-'));
}

}  // namespace

SessionCheck::Answer SessionCheck::judge(const Known& known, const std::string& generation,
                                         base::WallTime created) const {
  if (!known.exists) {
    return {Verdict::gone, ""};
  }
  if (known.generation.empty() || known.generation == generation) {
    return {Verdict::holds, generation};
  }
  const bool is_rehash = first_half(known.generation) == first_half(generation) &&
                         clock_.now() - created < rehash_time;
  return {is_rehash ? Verdict::renewed : Verdict::changed, known.generation};
}

void SessionCheck::check(const std::string& user, const std::string& generation,
                         base::WallTime created, Then then) {
  const auto now = clock_.ticks();
  const auto [at, is_new] = users_.try_emplace(user);
  Known& known = at->second;
  if (!is_new && !known.is_asking && now - known.asked < age_) {
    return then(judge(known, generation, created));
  }
  known.waiting.push_back({generation, created, std::move(then)});
  if (!known.is_asking) {
    known.is_asking = true;
    known.asked = now;
    ask_(user, [this, user](const base::Result<AuthReply>& reply) { told(user, reply); });
  }
}

void SessionCheck::told(const std::string& user, const base::Result<AuthReply>& reply) {
  const auto at = users_.find(user);
  if (at == users_.end()) {
    return;
  }
  Known& known = at->second;
  known.is_asking = false;
  if (reply && reply->verdict != AuthReply::Verdict::temporary) {
    known.exists = reply->verdict == AuthReply::Verdict::ok;
    known.generation = reply->generation;
  }
  const auto waiting = std::exchange(known.waiting, {});
  std::vector<Answer> answers;
  answers.reserve(waiting.size());
  for (const Waiting& one : waiting) {
    answers.push_back(judge(known, one.generation, one.created));
  }
  // What they do may come back here.
  for (std::size_t i = 0; i < waiting.size(); ++i) {
    waiting[i].then(answers[i]);
  }
}

void SessionCheck::forget(const std::string& user) {
  if (const auto at = users_.find(user); at != users_.end() && !at->second.is_asking) {
    users_.erase(at);
  }
}

void SessionCheck::expire() {
  const auto now = clock_.ticks();
  std::erase_if(users_, [now](const auto& row) {
    return !row.second.is_asking && now - row.second.asked > forget_after;
  });
}

}  // namespace webmail
