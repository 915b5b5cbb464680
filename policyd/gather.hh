// policyd/gather.hh -- finds the facts that checks wait for: DNS, directory, Dovecot.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/loop/resolver.hh"

#include "policyd/accounts.hh"
#include "policyd/facts.hh"
#include "policyd/quota_status.hh"

namespace policy {

// Who knows facts. All must outlive the gatherer.
struct Sources {
  loop::Loop& loop;
  loop::Resolver& resolver;
  Accounts& accounts;
  QuotaStatus& quota_status;
};

// Loop thread.
class Gatherer {
 public:
  explicit Gatherer(const Sources& sources) : sources_(sources) {}

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
    void start(const Waits& waits, base::Duration deadline);
    void ask(const auth::DnsQuestion& question, base::Duration deadline);
    void ask(const std::string& address);
    void ask(const QuotaQuestion& question);
    void finish_one();
    void finish_later();
    void give_up();

    Gatherer& gatherer_;
    Facts& facts_;
    Done done_;
    std::vector<std::uint64_t> questions_{};           // to the resolver, which keeps the deadline
    std::map<std::string, std::uint64_t> accounts_{};  // asked and not answered
    std::map<QuotaQuestion, std::uint64_t> quotas_{};  // likewise
    std::size_t missing_ = 0;
    std::unique_ptr<loop::Timer> deadline_{};
    std::shared_ptr<Search*> self_{};  // a finish under way
  };

  // Puts into `facts` what `waits` names, and calls `done` once, never from inside; it may end the
  // search. What has not come after `deadline` is put there as failed. `facts` must outlive the
  // search.
  std::unique_ptr<Search> find(const Waits& waits, Facts& facts, base::Duration deadline,
                               Search::Done done);

 private:
  Sources sources_;
};

// How long a search for `waits` may last, of a request that has waited for `waited` already.
base::Duration time_left(const Waits& waits, base::Duration lookup_deadline, base::Duration waited);

// What the pure checks see of the resolver's answer.
auth::DnsAnswer dns_answer_of(const base::Result<loop::DnsAnswer>& answer);

}  // namespace policy
