// policyd/checks/sender_login.hh -- who has logged in sends as themselves, and strangers not as us.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

#include "policyd/chain.hh"

namespace policy {

struct SenderLoginOptions {
  enum class More { none, catch_all, domain };
  enum class Strangers { allow, users, domains };

  bool enabled = false;
  More more = More::catch_all;
  bool allow_foreign = false;
  Strangers strangers = Strangers::allow;
  std::string text{};  // "553 5.7.1 ..."
  bool defer_on_error = false;
};

struct SenderLoginSettings;
SenderLoginOptions sender_login_options_of(const SenderLoginSettings& settings);
base::Result<void> check_sender_login_settings(const SenderLoginSettings& settings);

class SenderLogin final : public Check {
 public:
  // Must outlive the check; may change between requests.
  explicit SenderLogin(const SenderLoginOptions& options) : options_(options) {}

  std::string_view name() const override { return "sender_login"; }
  Answer ask(const Inquiry& inquiry) override;

 private:
  bool applies_to(const Request& request) const;
  // Why the sender may not be used; empty when it may.
  std::string objection(const Request& request, const Account& account,
                        std::string_view sender) const;
  std::string objection_to_login(std::string_view login, const Account& account,
                                 std::string_view sender) const;

  const SenderLoginOptions& options_;
};

}  // namespace policy
