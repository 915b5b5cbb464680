// web-lib/session.cc -- opening, finding, ending and keeping sessions.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "web-lib/session.hh"

#include <algorithm>

#include "base/digest.hh"
#include "base/random.hh"
#include "base/text.hh"

#include "web-lib/request.hh"

namespace web {

namespace {

constexpr std::size_t token_bytes = 32;
constexpr std::size_t token_size = 43;  // of base64url
constexpr std::size_t digest_size = 32;
constexpr std::size_t fixed_fields = 6;  // v1, digest, created, used, client, owner

std::string session_id(std::string_view digest) {
  return base::hex(base::bytes_of(digest.substr(0, 8)));
}

std::optional<base::WallTime> read_time(std::string_view text) {
  const auto value = base::parse_number<std::int64_t>(text);
  if (!value || *value < 0) {
    return std::nullopt;
  }
  return base::WallTime(std::chrono::milliseconds(*value));
}

}  // namespace

bool Sessions::is_over(const Session& session) const {
  const base::WallTime now = clock_.now();
  return now - session.used > limits_.idle || now - session.created > limits_.lifetime;
}

void Sessions::erase(ByDigest::iterator at) {
  const auto [from, to] = by_owner_.equal_range(at->second.owner);
  by_owner_.erase(std::find_if(from, to, [&](const auto& row) { return row.second == at->first; }));
  sessions_.erase(at);
}

void Sessions::insert(Digest digest, Session session) {
  by_owner_.emplace(session.owner, digest);
  sessions_.insert_or_assign(std::move(digest), std::move(session));
}

base::Result<std::string> Sessions::open(std::string_view owner, std::vector<std::string> facts,
                                         std::string_view client) {
  if (sessions_.size() >= limits_.all) {
    return base::make_error(base::Errc::over_quota, "too many sessions");
  }
  const auto [from, to] = by_owner_.equal_range(owner);
  if (static_cast<std::size_t>(std::distance(from, to)) >= limits_.per_owner) {
    const auto oldest = std::min_element(from, to, [this](const auto& a, const auto& b) {
      return sessions_.at(a.second).used < sessions_.at(b.second).used;
    });
    erase(sessions_.find(oldest->second));
  }
  std::string token = base::base64url(base::random_bytes(token_bytes));
  const base::WallTime now = clock_.now();
  insert(base::sha256(token),
         {std::string(owner), std::move(facts), std::string(client), now, now});
  return token;
}

const Session* Sessions::find(std::string_view token) {
  if (token.size() != token_size) {
    return nullptr;
  }
  const auto at = sessions_.find(base::sha256(token));
  if (at == sessions_.end()) {
    return nullptr;
  }
  if (is_over(at->second)) {
    erase(at);
    return nullptr;
  }
  at->second.used = clock_.now();
  return &at->second;
}

void Sessions::set_fact(std::string_view token, std::size_t index, std::string_view fact) {
  if (const auto at = sessions_.find(base::sha256(token)); at != sessions_.end()) {
    auto& facts = at->second.facts;
    facts.resize(std::max(facts.size(), index + 1));
    facts[index] = fact;
  }
}

void Sessions::close(std::string_view token) {
  if (const auto at = sessions_.find(base::sha256(token)); at != sessions_.end()) {
    erase(at);
  }
}

std::vector<SessionRow> Sessions::list(std::string_view owner) const {
  std::vector<SessionRow> rows;
  const auto [from, to] = by_owner_.equal_range(owner);
  for (auto row = from; row != to; ++row) {
    const Session& session = sessions_.at(row->second);
    if (!is_over(session)) {
      rows.push_back({session_id(row->second), session});
    }
  }
  return rows;
}

bool Sessions::revoke(std::string_view owner, std::string_view id) {
  const auto [from, to] = by_owner_.equal_range(owner);
  const auto row =
      std::find_if(from, to, [&](const auto& each) { return session_id(each.second) == id; });
  if (row == to) {
    return false;
  }
  erase(sessions_.find(row->second));
  return true;
}

std::size_t Sessions::revoke_all(std::string_view owner) {
  const auto [from, to] = by_owner_.equal_range(owner);
  const auto count = static_cast<std::size_t>(std::distance(from, to));
  std::for_each(from, to, [this](const auto& row) { sessions_.erase(row.second); });
  by_owner_.erase(from, to);
  return count;
}

void Sessions::expire() {
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    const auto here = at++;
    if (is_over(here->second)) {
      erase(here);
    }
  }
}

std::string Sessions::save() const {
  std::string out;
  for (const auto& [digest, session] : sessions_) {
    out += "v1\t" + base::hex(base::bytes_of(digest));
    out += '\t' + std::to_string(session.created.time_since_epoch().count());
    out += '\t' + std::to_string(session.used.time_since_epoch().count());
    out += '\t' + percent_encode(session.client) + '\t' + percent_encode(session.owner);
    for (const std::string& fact : session.facts) {
      out += '\t' + percent_encode(fact);
    }
    out += '\n';
  }
  return out;
}

std::optional<std::pair<Sessions::Digest, Session>> Sessions::read_line(
    std::string_view line) const {
  const auto fields = base::split(line, '\t');
  if (fields.size() < fixed_fields || fields[0] != "v1") {
    return std::nullopt;
  }
  const auto digest = base::from_hex(fields[1]);
  const auto created = read_time(fields[2]);
  const auto used = read_time(fields[3]);
  const auto client = percent_decode(fields[4], false);
  const auto owner = percent_decode(fields[5], false);
  if (!digest || digest->size() != digest_size || !created || !used || !client || !owner) {
    return std::nullopt;
  }
  // A clock that was set back must not make a session immortal.
  const base::WallTime now = clock_.now();
  Session session{*owner, {}, *client, std::min(*created, now), std::min(*used, now)};
  for (std::size_t i = fixed_fields; i < fields.size(); ++i) {
    const auto fact = percent_decode(fields[i], false);
    if (!fact) {
      return std::nullopt;
    }
    session.facts.push_back(*fact);
  }
  return std::pair(*digest, std::move(session));
}

std::size_t Sessions::load(std::string_view text) {
  std::size_t skipped = 0;
  for (const std::string_view line : base::split(text, '\n')) {
    if (line.empty()) {
      continue;
    }
    auto row = read_line(line);
    if (!row || sessions_.contains(row->first)) {
      ++skipped;
    } else if (!is_over(row->second) && sessions_.size() < limits_.all) {
      insert(std::move(row->first), std::move(row->second));
    }
  }
  return skipped;
}

}  // namespace web
