// policyd/checks/rate.hh -- how much mail a login, a client or a domain may send.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// RCPT reserves the message and its recipient; END-OF-MESSAGE, which Postfix asks only when it is
// about to accept the mail, counts it with the recipients that were accepted. What never comes to
// that is given back: with the next message of the same connection, or after a time. All limits of
// all kinds that apply hold together.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/complaint.hh"
#include "base/log.hh"

#include "policyd/chain.hh"
#include "policyd/checks/rate_ledger.hh"
#include "policyd/checks/rate_record.hh"

namespace policy {

struct RateLimits {
  std::vector<RateLimit> messages{};
  std::vector<RateLimit> recipients{};

  bool empty() const { return messages.empty() && recipients.empty(); }
  const std::vector<RateLimit>& of(RateUnit unit) const {
    return unit == RateUnit::messages ? messages : recipients;
  }
};

struct RateOptions {
  std::array<RateLimits, all_rate_kinds.size()> limits{};
  unsigned ipv4_prefix = 32;
  unsigned ipv6_prefix = 64;
  base::Duration reservation_time{600'000};
  bool reject = false;
  std::string text{};  // "{wait}" stands for seconds
  bool defer_on_error = false;

  // The limits of one subject; a login may have its own one day.
  const RateLimits& limits_of(RateKind kind, std::string_view /*subject*/) const {
    return limits[static_cast<std::size_t>(kind) - 1];
  }
  bool is_limited() const;
};

struct RateSettings;
RateOptions rate_options_of(const RateSettings& settings);
// malformed for a limit that cannot be read, with the name of its setting.
base::Result<void> check_rate_settings(const RateSettings& settings);

// The subject that a client's address is counted under.
std::string rate_client_subject(const RateOptions& options, const base::IpAddress& client);

class RateCheck final : public Check {
 public:
  // All must outlive the check; options may change between requests.
  RateCheck(const RateOptions& options, std::shared_ptr<RateLedger> ledger, Store& store,
            base::Log& log)
      : options_(options), ledger_(std::move(ledger)), store_(store), log_(log) {}

  std::string_view name() const override { return "rate"; }
  Answer ask(const Inquiry& inquiry) override;
  void decided(const Inquiry& inquiry, const Verdict& verdict) override;

 private:
  struct Subject;
  struct Excess;
  std::vector<Subject> subjects_of(const Inquiry& inquiry) const;
  base::Result<void> load(std::vector<Subject>& subjects);
  std::optional<Excess> find_excess(const std::vector<Subject>& subjects, const RateHeld& wanted,
                                    const Inquiry& inquiry) const;
  Verdict refuse(const Excess& excess, const Inquiry& inquiry) const;
  void settle(const Inquiry& inquiry);
  base::Result<void> count(Subject& subject, const RateHeld& sent, Seconds now);
  Answer unsure(const base::Error& error, const Inquiry& inquiry);

  const RateOptions& options_;
  std::shared_ptr<RateLedger> ledger_;
  Store& store_;
  base::Log& log_;
  base::Complaint complaint_{};
};

}  // namespace policy
