// policyd/chain.hh -- the checks in their order; the first that has an opinion decides.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The life of one request: server.cc reads bytes; request.cc cuts them into a Request;
// Chain::proceed() asks one check after the other, the cheap ones first; the first Verdict wins,
// and verdict.cc writes it as the answer line. If none has an opinion the answer is DUNNO.
//
// A check never blocks. One that needs something it does not have yet (an answer of the DNS)
// returns Waits; the run stops there, the owner of the run gets the missing fact into the Facts
// and calls proceed() again, which asks the same check once more.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hh"
#include "base/ip.hh"

#include "policyd/request.hh"
#include "policyd/verdict.hh"

namespace policy {

// What is known of a request beyond its text. Requests of one message carry the same `instance=`;
// facts that cost time to find are kept under it, those here are found at once.
struct Facts {
  std::optional<base::IpAddress> client{};  // nothing when Postfix says "unknown"
};
Facts facts_of(const Request& request);

struct Inquiry {
  const Request& request;
  Facts& facts;
  base::WallTime now;
};

struct NoOpinion {};  // ask the next check
struct Waits {};      // a fact is missing; ask this check again when it is there
using Answer = std::variant<NoOpinion, Verdict, Waits>;

class Check {
 public:
  Check() = default;
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;
  virtual ~Check() = default;

  virtual std::string_view name() const = 0;
  // Loop thread; returns at once.
  virtual Answer ask(const Inquiry& inquiry) = 0;
  // What ask() would answer, as a line for `explain`, without changing any state.
  virtual std::string explain(const Inquiry& inquiry) = 0;
};

class Chain {
 public:
  // How far one request has come.
  struct Run {
    std::size_t next_check = 0;
  };

  void append(std::unique_ptr<Check> check) { checks_.push_back(std::move(check)); }

  // The verdict; nothing when the check at `run.next_check` waits.
  std::optional<Verdict> proceed(Run& run, const Inquiry& inquiry);

  // One line a check, in order.
  std::string explain(const Inquiry& inquiry);

 private:
  std::vector<std::unique_ptr<Check>> checks_{};
};

}  // namespace policy
