// policyd/gather.cc -- questions of checks to the resolver, its answers to facts.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/gather.hh"

#include <algorithm>
#include <utility>

#include "base/metrics.hh"
#include "base/must.hh"

#include "auth-lib/dns_found.hh"

namespace policy {

namespace {

base::Counter count_questions("policyd_dns_questions", "Questions to the DNS, cached ones too.");
base::Counter count_failures("policyd_dns_failures",
                             "Questions to the DNS that had no usable answer in time.");

base::Gauge waiting_requests("policyd_waiting_requests",
                             "Requests that wait for the DNS or another service now.");

}  // namespace

base::Duration time_left(const Waits& waits, base::Duration lookup_deadline,
                         base::Duration waited) {
  const base::Duration limit = waits.within > base::Duration::zero()
                                   ? std::min(waits.within, lookup_deadline)
                                   : lookup_deadline;
  return std::max(limit - waited, base::Duration::zero());
}

auth::DnsAnswer dns_answer_of(const base::Result<loop::DnsAnswer>& answer) {
  return answer ? auth::dns_answer_from(*answer)
                : auth::DnsAnswer{.outcome = auth::DnsAnswer::Outcome::failed};
}

Gatherer::Search::Search(Gatherer& gatherer, Facts& facts, Done done)
    : gatherer_(gatherer), facts_(facts), done_(std::move(done)) {
  waiting_requests.add(1);
}

Gatherer::Search::~Search() {
  waiting_requests.add(-1);
  for (const std::uint64_t id : questions_) {
    gatherer_.sources_.resolver.cancel(id);
  }
  for (const auto& [address, id] : accounts_) {
    gatherer_.sources_.accounts.cancel(id);
  }
  for (const auto& [question, id] : quotas_) {
    gatherer_.sources_.quota_status.cancel(id);
  }
}

void Gatherer::Search::start(const Waits& waits, base::Duration deadline) {
  for (const auth::DnsQuestion& question : waits.dns) {
    ask(question, deadline);
  }
  for (const std::string& address : waits.accounts) {
    ask(address);
  }
  for (const QuotaQuestion& question : waits.quotas) {
    ask(question);
  }
  loop::Loop& loop = gatherer_.sources_.loop;
  if (missing_ == 0) {
    finish_later();  // all was remembered
  } else if (!accounts_.empty() || !quotas_.empty()) {
    deadline_ = std::make_unique<loop::Timer>(loop, [this] { give_up(); });
    deadline_->start(deadline);
  }
}

void Gatherer::Search::ask(const auth::DnsQuestion& question, base::Duration deadline) {
  count_questions.add();
  ++missing_;
  questions_.push_back(gatherer_.sources_.resolver.resolve(
      question.name, static_cast<loop::DnsType>(question.type), deadline,
      [this, question](const base::Result<loop::DnsAnswer>& answer) {
        if (!answer) {
          count_failures.add();
        }
        facts_.dns.add(question, dns_answer_of(answer));
        finish_one();
      }));
}

void Gatherer::Search::ask(const std::string& address) {
  Accounts& accounts = gatherer_.sources_.accounts;
  if (auto answer = accounts.remembered(address); answer) {
    facts_.accounts.insert_or_assign(address, std::move(answer));
    return;
  }
  if (accounts_.contains(address)) {
    return;
  }
  ++missing_;
  accounts_[address] = accounts.find(address, [this, address](const Accounts::Answer& answer) {
    accounts_.erase(address);
    facts_.accounts.insert_or_assign(address, answer);
    finish_one();
  });
}

void Gatherer::Search::ask(const QuotaQuestion& question) {
  QuotaStatus& status = gatherer_.sources_.quota_status;
  if (const auto quota = status.remembered(question); quota) {
    facts_.quotas.insert_or_assign(question, *quota);
    return;
  }
  if (quotas_.contains(question)) {
    return;
  }
  ++missing_;
  quotas_[question] = status.find(question, [this, question](Quota quota) {
    quotas_.erase(question);
    facts_.quotas.insert_or_assign(question, quota);
    finish_one();
  });
}

// The deadline: what has not come is unknown. The resolver sees to its own questions.
void Gatherer::Search::give_up() {
  for (const auto& [address, id] : std::exchange(accounts_, {})) {
    gatherer_.sources_.accounts.cancel(id);
    facts_.accounts.insert_or_assign(address, std::make_shared<const Account>());
    --missing_;
  }
  for (const auto& [question, id] : std::exchange(quotas_, {})) {
    gatherer_.sources_.quota_status.cancel(id);
    facts_.quotas.insert_or_assign(question, Quota::unknown);
    --missing_;
  }
  if (missing_ == 0) {
    finish_later();
  }
}

// Not from inside the caller, nor from inside a timer, which dies with this.
void Gatherer::Search::finish_later() {
  missing_ = 1;
  self_ = std::make_shared<Search*>(this);
  gatherer_.sources_.loop.defer([self = std::weak_ptr<Search*>(self_)] {
    if (const auto search = self.lock(); search) {
      (*search)->finish_one();
    }
  });
}

void Gatherer::Search::finish_one() {
  if (--missing_ == 0) {
    const Done done = std::move(done_);  // this may end inside the call
    done();
  }
}

std::unique_ptr<Gatherer::Search> Gatherer::find(const Waits& waits, Facts& facts,
                                                 base::Duration deadline, Search::Done done) {
  base::must(!waits.empty(), "a check that waits for nothing would never be asked again");
  auto search = std::make_unique<Search>(*this, facts, std::move(done));
  search->start(waits, deadline);
  return search;
}

}  // namespace policy
