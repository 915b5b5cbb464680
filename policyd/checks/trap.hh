// policyd/checks/trap.hh -- spamtraps: who writes to one is known to the checks from then on.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Acts at RCPT on clients who have not logged in. A client with an entry is refused, or is a
// suspect (Facts::is_suspect) whom the checks that follow make no exception for.
#pragma once

#include <string>

#include "base/log.hh"

#include "mail-lib/access_list.hh"

#include "policyd/chain.hh"
#include "policyd/checks/trap_book.hh"

namespace policy {

enum class TrapAnswer { reject, accept, discard };

struct TrapOptions {
  bool enabled = true;
  mail::AccessList addresses{};
  bool with_null_sender = false;
  TrapAnswer answer = TrapAnswer::reject;
  std::string answer_text{};
  Seconds lifetime = 604'800;
  std::uint32_t client_score = 10;
  std::uint32_t network_score = 3;
  std::uint32_t refuse_at = 10;
  std::uint32_t suspect_at = 3;
  std::string text{};
};

struct TrapSettings;
// Reads the file `trap_file`. Entries that check_trap_settings() refuses have no effect.
TrapOptions trap_options_of(const TrapSettings& settings);
// malformed for an address that cannot be read; the file's error when it cannot.
base::Result<void> check_trap_settings(const TrapSettings& settings);

class TrapCheck final : public Check {
 public:
  // All must outlive the check; options may change between requests.
  TrapCheck(const TrapOptions& options, TrapBook& book) : options_(options), book_(book) {}

  std::string_view name() const override { return "trap"; }
  Answer ask(const Inquiry& inquiry) override;

 private:
  Answer ask_trap(const Inquiry& inquiry, const base::IpAddress& client);
  Answer ask_standing(const Inquiry& inquiry, const base::IpAddress& client);
  Verdict answer_of_trap(const std::string& recipient) const;

  const TrapOptions& options_;
  TrapBook& book_;
};

}  // namespace policy
