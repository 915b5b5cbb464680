// policyd/gather.cc -- questions of checks to the resolver, its answers to facts.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/gather.hh"

#include "base/metrics.hh"
#include "base/must.hh"

namespace policy {

namespace {

base::Counter count_questions("policyd_dns_questions", "Questions to the DNS, cached ones too.");
base::Counter count_failures("policyd_dns_failures",
                             "Questions to the DNS that had no usable answer in time.");

base::Gauge waiting_requests("policyd_waiting_requests",
                             "Requests that wait for the DNS or another service now.");

}  // namespace

auth::DnsAnswer dns_answer_of(const base::Result<loop::DnsAnswer>& answer) {
  using Outcome = auth::DnsAnswer::Outcome;
  if (!answer) {
    return {.outcome = Outcome::failed};
  }
  auth::DnsAnswer out{.outcome = Outcome::found};
  for (const std::string& text : answer->addresses()) {
    if (const auto address = base::IpAddress::parse(text); address) {
      out.addresses.push_back(*address);
    }
  }
  switch (answer->type) {
    case loop::DnsType::txt:
      out.texts = answer->texts();
      break;
    case loop::DnsType::ptr:
      out.texts = answer->names();
      break;
    case loop::DnsType::mx:
      for (loop::DnsMx& exchanger : answer->exchangers()) {
        out.texts.push_back(std::move(exchanger.host));
      }
      break;
    default:
      break;
  }
  if (out.addresses.empty() && out.texts.empty()) {
    out.outcome = Outcome::none;
  }
  return out;
}

Gatherer::Search::Search(Gatherer& gatherer, Facts& facts, Done done)
    : gatherer_(gatherer), facts_(facts), done_(std::move(done)) {
  waiting_requests.add(1);
}

Gatherer::Search::~Search() {
  waiting_requests.add(-1);
  for (const std::uint64_t id : questions_) {
    gatherer_.resolver_.cancel(id);
  }
}

void Gatherer::Search::ask(const auth::DnsQuestion& question, base::Duration deadline) {
  count_questions.add();
  ++missing_;
  questions_.push_back(gatherer_.resolver_.resolve(
      question.name, static_cast<loop::DnsType>(question.type), deadline,
      [this, question](const base::Result<loop::DnsAnswer>& answer) {
        if (!answer) {
          count_failures.add();
        }
        facts_.dns.add(question, dns_answer_of(answer));
        finish_one();
      }));
}

void Gatherer::Search::finish_one() {
  if (--missing_ == 0) {
    const Done done = std::move(done_);  // this may end inside the call
    done();
  }
}

std::unique_ptr<Gatherer::Search> Gatherer::find(const Waits& waits, Facts& facts,
                                                 base::Duration deadline, Search::Done done) {
  base::must(!waits.dns.empty(), "a check that waits for nothing would never be asked again");
  auto search = std::make_unique<Search>(*this, facts, std::move(done));
  for (const auth::DnsQuestion& question : waits.dns) {
    search->ask(question, deadline);
  }
  return search;
}

}  // namespace policy
