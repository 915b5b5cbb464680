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
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.hh"

#include "policyd/facts.hh"
#include "policyd/request.hh"
#include "policyd/store/witness_store.hh"
#include "policyd/verdict.hh"

namespace policy {

// What was looked at and found, a line each, for people.
using Notes = std::vector<std::string>;

struct Inquiry {
  const Request& request;
  Facts& facts;
  base::WallTime now;
  // Set in a rehearsal (`explain`, the shadow settings): the check answers as it would, but
  // remembers nothing, counts nothing and logs nothing, and tells here what it looked at.
  Notes* notes = nullptr;

  bool is_rehearsal() const { return notes != nullptr; }
  // `text` is a function, so that a live request does not pay for it.
  template <typename Text>
  void note(Text&& text) const {
    if (notes != nullptr) {
      notes->push_back(text());
    }
  }
};

struct NoOpinion {};  // ask the next check
using Answer = std::variant<NoOpinion, Verdict, Waits>;

class Check {
 public:
  Check() = default;
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;
  virtual ~Check() = default;

  // One lower-case word; lives as long as the process.
  virtual std::string_view name() const = 0;
  // Loop thread; returns at once.
  virtual Answer ask(const Inquiry& inquiry) = 0;
  // What became of a request that this check was asked about, as the client is told it. Not called
  // in a rehearsal.
  virtual void decided(const Inquiry& /*inquiry*/, const Verdict& /*verdict*/) {}
};

class Chain {
 public:
  // How far one request has come.
  struct Run {
    std::size_t next_check = 0;
    Waits waits{};               // when the run stopped: what it needs to go on
    std::vector<Verdict> dry{};  // refusals of checks in dry run, to be logged, not obeyed
    Before before{};             // what its checks changed in the store, if somebody wants to know
  };
  struct Link {
    std::unique_ptr<Check> check{};
    bool is_dry = false;  // its refusals have no effect
  };

  void append(std::unique_ptr<Check> check) { links_.push_back({std::move(check)}); }
  // The checks of these names run dry, all others in earnest.
  void run_dry(std::span<const std::string> names);

  // The verdict; nothing when the check at `run.next_check` waits.
  std::optional<Verdict> proceed(Run& run, const Inquiry& inquiry);

  // Tells the checks that `run` has asked what became of it.
  void tell(const Run& run, const Inquiry& inquiry, const Verdict& verdict) const;

  std::span<const Link> links() const { return links_; }

 private:
  std::vector<Link> links_{};
};

}  // namespace policy
