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
#include "policyd/checks/greylist_options.hh"
#include "policyd/checks/greylist_standing.hh"
#include "policyd/store/store.hh"

namespace policy {

class Greylist final : public Check {
 public:
  // All must outlive the check; options may change between requests.
  Greylist(const GreylistOptions& options, const SpfOptions& spf, Store& store, base::Log& log)
      : options_(options), store_(store), log_(log), standing_(options, spf, store) {}

  std::string_view name() const override { return "greylist"; }
  Answer ask(const Inquiry& inquiry) override;

 private:
  struct Finding;
  bool applies_to(const Request& request) const;
  GreylistSubject subject_of(const Inquiry& inquiry) const;
  base::Result<Finding> find(const GreylistSubject& subject, Seconds now);
  base::Result<void> look_in_pool(const std::string& pool, const GreylistSubject& subject,
                                  Seconds now, Finding& finding);
  base::Result<void> decide_by_store(const GreylistSubject& subject, Seconds now, Finding& finding);
  base::Result<void> remember(const GreylistSubject& subject, const Finding& finding, Seconds now);
  Answer settle(const GreylistSubject& subject, const Finding& finding, const Inquiry& inquiry);
  Verdict trusted(const GreylistSubject& subject, const Finding& finding, const Inquiry& inquiry);
  static Verdict bypass(const Standing& standing, const Inquiry& inquiry);
  Verdict unsure(const base::Error& error, const Inquiry& inquiry);
  void complain(const base::Error& error, Action action, base::WallTime now);
  Verdict verdict_of(const Finding& finding, const Inquiry& inquiry) const;
  void learn(const Inquiry& inquiry);

  const GreylistOptions& options_;
  Store& store_;
  base::Log& log_;
  GreylistStanding standing_;
  SourceWatch sources_{};
  base::Complaint unsure_{};
};

}  // namespace policy
