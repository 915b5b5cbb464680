// policyd/checks/spf.hh -- the SPF check, and what SPF says of a message for other checks.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// HELO and MAIL FROM are evaluated side by side (RFC 7208 s2.3, s2.4); of HELO only a fail counts.
// The finding is kept among the message's facts: its other recipients cost nothing more.
#pragma once

#include <array>
#include <string>
#include <variant>

#include "policyd/chain.hh"
#include "policyd/checks/own_networks.hh"

namespace policy {

inline constexpr std::size_t spf_result_count = 7;

struct SpfOptions {
  bool enabled = true;
  std::array<Action, spf_result_count> actions{};  // by auth::SpfResult
  bool checks_helo = true;
  Action helo_fail_action = Action::dunno;
  Networks skip_networks{};
  base::Duration deadline{};
  std::string text{};
  bool header = false;
  std::string host_name{};

  // False when no result changes anything, so that nobody need be asked.
  bool can_decide() const;
};

struct SpfSettings;
// malformed for a network or a place in the text that cannot be read.
base::Result<void> check_spf_settings(const SpfSettings& settings);
SpfOptions spf_options_of(const SpfSettings& settings);

// The finding, valid as long as the facts; nullptr when SPF says nothing of this client (it is
// switched off, authenticated, of a skipped network, or without an address); or what is missing.
// For any check that comes later in the chain, whether the SPF check itself acts or not.
using SpfAnswer = std::variant<const SpfFinding*, Waits>;
SpfAnswer spf_of(const Inquiry& inquiry, const SpfOptions& options);

class SpfCheck final : public Check {
 public:
  // Must outlive the check; may change between requests.
  explicit SpfCheck(const SpfOptions& options) : options_(options) {}

  std::string_view name() const override { return "spf"; }
  Answer ask(const Inquiry& inquiry) override;

 private:
  Answer judge(const Inquiry& inquiry, const SpfFinding& finding) const;
  Answer verdict(const Inquiry& inquiry, const auth::SpfOutcome& outcome, bool is_helo,
                 std::string_view domain, Action action) const;

  const SpfOptions& options_;
};

// "Received-SPF: pass client-ip=192.0.2.1; ..." (RFC 7208 s9.1), one line.
std::string received_spf(const Request& request, const SpfFinding& finding,
                         std::string_view host_name);

}  // namespace policy
