// auth-lib/dns_view.hh -- DNS as the pure checks see it: questions, and the answers known so far.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// No check opens a socket. It looks its questions up in a DnsView; what is not there yet it names,
// and the caller resolves those and calls again with a fuller view. Repeating a check is cheap: no
// answer is ever asked for twice.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ip.hh"

namespace auth {

enum class DnsType : std::uint16_t { a = 1, ptr = 12, mx = 15, txt = 16, aaaa = 28 };

struct DnsQuestion {
  std::string name;  // lower case, without the final dot
  DnsType type = DnsType::a;

  auto operator<=>(const DnsQuestion&) const = default;
};

struct DnsAnswer {
  enum class Outcome {
    found,
    none,    // the name or the type does not exist (NXDOMAIN, NODATA)
    failed,  // SERVFAIL, timeout, a malformed answer
  };
  Outcome outcome = Outcome::failed;
  std::vector<base::IpAddress> addresses{};  // A, AAAA
  std::vector<std::string> texts{};          // TXT: strings of a record joined; MX, PTR: names
};

class DnsView {
 public:
  virtual ~DnsView() = default;
  // The answer, or nullptr while it is not known. Valid as long as the view is not changed.
  virtual const DnsAnswer* find(const DnsQuestion& question) const = 0;

 protected:
  DnsView() = default;
  DnsView(const DnsView&) = default;
  DnsView& operator=(const DnsView&) = default;
};

// A view that is filled by hand: for one request's answers, and for tests.
class DnsAnswers final : public DnsView {
 public:
  void add(DnsQuestion question, DnsAnswer answer) {
    answers_.insert_or_assign(std::move(question), std::move(answer));
  }
  const DnsAnswer* find(const DnsQuestion& question) const override {
    const auto at = answers_.find(question);
    return at == answers_.end() ? nullptr : &at->second;
  }

 private:
  std::map<DnsQuestion, DnsAnswer> answers_{};
};

}  // namespace auth
