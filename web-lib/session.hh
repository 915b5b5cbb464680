// web-lib/session.hh -- who is logged in: random tokens outside, their digests inside.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A token is 256 random bits, seen only by its browser; we keep its SHA-256, so that neither
// memory nor the state file lets anybody log in. One thread. A session ends when it was idle too
// long, when its absolute lifetime is over, or when it is revoked.
//
// State file (written on a clean stop, mode 0600): a line a session,
//   v1 TAB digest(hex) TAB created(ms) TAB used(ms) TAB client TAB owner fields, each TAB-separated
// with every field percent-encoded.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"
#include "base/settings.hh"

namespace web {

struct SessionLimits {
  base::Duration idle = std::chrono::hours(12);
  base::Duration lifetime = std::chrono::hours(24 * 7);
  std::size_t per_owner = 32;   // more logins end the one unused for the longest time
  std::size_t all = 1'000'000;  // more are refused
};

struct Session {
  std::string owner;               // the user name
  std::vector<std::string> facts;  // what the door wants to remember with it
  std::string client;              // address of the login
  base::WallTime created;
  base::WallTime used;
};

// For a list of sessions: `id` names one to revoke() and is no secret.
struct SessionRow {
  std::string id;
  Session session;
};

class Sessions {
 public:
  Sessions(const base::Clock& clock, const SessionLimits& limits)
      : clock_(clock), limits_(limits) {}

  void set_limits(const SessionLimits& limits) { limits_ = limits; }

  // A new session's token, 43 characters. over_quota when there are too many.
  base::Result<std::string> open(std::string_view owner, std::vector<std::string> facts,
                                 std::string_view client);
  // The living session of a token, and marks it used; null otherwise. Valid until the next call.
  const Session* find(std::string_view token);
  // When it ends even if used.
  base::WallTime end_of(const Session& session) const { return session.created + limits_.lifetime; }

  // Changes one of the facts of a living session; they grow as needed.
  void set_fact(std::string_view token, std::size_t index, std::string_view fact);
  void close(std::string_view token);
  std::vector<SessionRow> list(std::string_view owner) const;
  bool revoke(std::string_view owner, std::string_view id);
  std::size_t revoke_all(std::string_view owner);

  // Drops what is over; the caller's timer calls it every minute or so.
  void expire();
  std::size_t size() const { return sessions_.size(); }

  std::string save() const;
  // Takes the living sessions of save(); lines that break the grammar are skipped and counted.
  std::size_t load(std::string_view text);

 private:
  using Digest = std::string;
  using ByDigest = std::unordered_map<Digest, Session>;

  bool is_over(const Session& session) const;
  void erase(ByDigest::iterator at);
  void insert(Digest digest, Session session);
  std::optional<std::pair<Digest, Session>> read_line(std::string_view line) const;

  const base::Clock& clock_;
  SessionLimits limits_;
  ByDigest sessions_;
  std::multimap<std::string, Digest, std::less<>> by_owner_;
};

}  // namespace web
