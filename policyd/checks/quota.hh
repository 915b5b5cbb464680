// policyd/checks/quota.hh -- refuses mail for full mailboxes while the client is still there.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// At RCPT with the size that the client has declared, and at END-OF-MESSAGE with the real one,
// where Postfix names the recipient only when the mail has a single one.
#pragma once

#include <string>

#include "policyd/chain.hh"

namespace policy {

struct QuotaOptions {
  bool enabled = false;
  std::string text{};  // "452 4.2.2 ..."
};

struct QuotaSettings;
QuotaOptions quota_options_of(const QuotaSettings& settings);
// The address and the text.
base::Result<void> check_quota_settings(const QuotaSettings& settings);

class QuotaCheck final : public Check {
 public:
  // Must outlive the check; may change between requests.
  explicit QuotaCheck(const QuotaOptions& options) : options_(options) {}

  std::string_view name() const override { return "quota"; }
  Answer ask(const Inquiry& inquiry) override;

 private:
  const QuotaOptions& options_;
};

}  // namespace policy
