// policyd/checks/greylist.hh -- the greylist check: unknown senders are asked to come back once.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Acts at RCPT, and for the null sender at END-OF-MESSAGE by default: callouts of other servers
// (sender verification) probe with the null sender and must not be told to wait. Authenticated
// clients are never asked. docs/mail-path.md has the place in the way of a mail.
#pragma once

#include <string>

#include "base/complaint.hh"
#include "base/log.hh"

#include "policyd/chain.hh"
#include "policyd/checks/greylist_rules.hh"
#include "policyd/store/store.hh"

namespace policy {

enum class NullSender { end_of_message, rcpt, never };

struct GreylistOptions {
  bool enabled = true;
  GreylistRules rules{};
  unsigned ipv4_prefix = 24;
  unsigned ipv6_prefix = 64;
  NullSender null_sender = NullSender::end_of_message;
  bool defer_on_error = false;
  std::string text{};  // "{wait}" stands for the seconds left
};

struct GreylistSettings;
GreylistOptions greylist_options_of(const GreylistSettings& settings);

class Greylist final : public Check {
 public:
  // All three must outlive the check; options may change between requests.
  Greylist(const GreylistOptions& options, Store& store, base::Log& log)
      : options_(options), store_(store), log_(log) {}

  std::string_view name() const override { return "greylist"; }
  Answer ask(const Inquiry& inquiry) override;

 private:
  struct Subject;
  struct Finding;
  bool applies_to(const Request& request) const;
  Subject subject_of(const Inquiry& inquiry) const;
  base::Result<Finding> find(const Subject& subject, Seconds now);
  base::Result<void> remember(const Subject& subject, const Finding& finding, Seconds now);
  Verdict trusted(const Subject& subject, const Finding& finding, const Inquiry& inquiry);
  Verdict unsure(const base::Error& error, const Inquiry& inquiry);
  void complain(const base::Error& error, Action action, base::WallTime now);
  Verdict verdict_of(const GreylistDecision& decision) const;

  const GreylistOptions& options_;
  Store& store_;
  base::Log& log_;
  base::Complaint unsure_{};
};

}  // namespace policy
