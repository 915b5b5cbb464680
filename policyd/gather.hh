// policyd/gather.hh -- finds the facts that checks wait for: asks the DNS on the loop.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/loop/resolver.hh"

#include "policyd/facts.hh"

namespace policy {

// Loop thread.
class Gatherer {
 public:
  // Must outlive the gatherer.
  explicit Gatherer(loop::Resolver& resolver) : resolver_(resolver) {}

  // One search under way; its end cancels it.
  class Search {
   public:
    using Done = std::function<void()>;
    Search(Gatherer& gatherer, Facts& facts, Done done);
    Search(const Search&) = delete;
    Search& operator=(const Search&) = delete;
    ~Search();

   private:
    friend class Gatherer;
    void ask(const auth::DnsQuestion& question, base::Duration deadline);
    void finish_one();

    Gatherer& gatherer_;
    Facts& facts_;
    Done done_;
    std::vector<std::uint64_t> questions_{};
    std::size_t missing_ = 0;
  };

  // Puts into `facts` what `waits` names, and calls `done` once, never from inside; it may end the
  // search. What has not come after `deadline` is put there as failed. `facts` must outlive the
  // search.
  std::unique_ptr<Search> find(const Waits& waits, Facts& facts, base::Duration deadline,
                               Search::Done done);

 private:
  loop::Resolver& resolver_;
};

// What the pure checks see of the resolver's answer.
auth::DnsAnswer dns_answer_of(const base::Result<loop::DnsAnswer>& answer);

}  // namespace policy
