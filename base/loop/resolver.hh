// base/loop/resolver.hh -- DNS questions on the loop, by libunbound: cache, TCP, own recursion.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// One a loop; all calls and callbacks on the loop thread. An answer of the cache costs about 1.5
// us.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/loop/dns_answer.hh"
#include "base/loop/loop.hh"
#include "base/result.hh"
#include "base/settings.hh"

struct ub_ctx;

namespace loop {

struct ResolverSettings {
  std::string resolver;      // "recursive", "off" or "IP@PORT"
  std::string trust_anchor;  // file of the root's DNSSEC key; empty: no validation
};

// Rows for the table of a room whose settings struct derives from ResolverSettings.
template <typename S>
constexpr base::Setting<S> resolver_setting() {
  return {
      "resolver",
      &S::resolver,
      "recursive",
      "",
      base::Reload::restart,
      "Who answers DNS questions: recursive asks the authoritative servers itself and keeps a "
      "cache, as DNS lists want it; IP@PORT asks that resolver; off makes every question fail."};
}
template <typename S>
constexpr base::Setting<S> trust_anchor_setting() {
  return {"resolver_trust_anchor",
          &S::trust_anchor,
          "",
          "",
          base::Reload::restart,
          "File with the root's DNSSEC key, such as /usr/share/dns/root.key; empty for no "
          "validation."};
}

class Resolver {
 public:
  using Done = std::function<void(base::Result<DnsAnswer> answer)>;

  // malformed for wrong settings (the hint says which), unavailable when descriptors do not
  // suffice or libunbound fails. Raise RLIMIT_NOFILE first (the daemon skeleton does).
  static base::Result<std::unique_ptr<Resolver>> make(Loop& loop, const ResolverSettings& settings);
  static base::Result<void> check(const ResolverSettings& settings);
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;
  Resolver(Resolver&&) = delete;
  Resolver& operator=(Resolver&&) = delete;
  ~Resolver();  // unanswered questions are never answered

  // `done` is called once, never inside resolve(): with an answer (rcode 0 or 3), or malformed (a
  // name that cannot be asked, an answer that cannot be read), timeout (the deadline), unavailable
  // (SERVFAIL, REFUSED, failed validation, mode off, too many questions).
  // Returns an id for cancel().
  std::uint64_t resolve(std::string_view name, DnsType type, Duration deadline, Done done);

  // `done` will not be called. An id that is done already is fine.
  void cancel(std::uint64_t id) { questions_.erase(id); }

  std::size_t pending() const { return questions_.size(); }

 private:
  struct Question {
    std::string name;
    DnsType type;
    Done done;
    std::unique_ptr<Timer> deadline;
  };
  // libunbound hands this back with an answer, perhaps long after the deadline.
  struct Ticket {
    Resolver* resolver;
    std::uint64_t id;
  };
  struct ContextFree {
    void operator()(ub_ctx* context) const;
  };

  using Ready = std::pair<std::uint64_t, base::Result<DnsAnswer>>;

  explicit Resolver(Loop& loop);
  base::Result<void> open(const ResolverSettings& settings);
  base::Result<void> configure(const ResolverSettings& settings, std::uint64_t sockets);
  base::Result<void> forward_to(const std::string& server);
  void ask(std::uint64_t id, Duration deadline);
  void answer_later(std::uint64_t id, base::Result<DnsAnswer> result);
  static void answer_ready(const std::weak_ptr<Resolver*>& self);
  static void answered(void* ticket, int rcode, void* packet, int size, int security,
                       char* why_bogus, int was_limited);

  Loop& loop_;
  std::unique_ptr<ub_ctx, ContextFree> context_;  // none in mode off
  std::unordered_map<std::uint64_t, Question> questions_;
  std::unordered_map<std::uint64_t, Ticket> tickets_;
  std::vector<Ready> ready_;  // known, not yet told
  std::shared_ptr<Resolver*> self_;
  std::uint64_t question_limit_ = 0;
  std::uint64_t last_ = 0;
};

}  // namespace loop
