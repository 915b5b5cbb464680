// policyd/chain.cc -- asking the checks one after the other.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/chain.hh"

namespace policy {

Facts facts_of(const Request& request) {
  return {.client = base::IpAddress::parse(request[Attribute::client_address])};
}

std::optional<Verdict> Chain::proceed(Run& run, const Inquiry& inquiry) {
  for (; run.next_check < checks_.size(); ++run.next_check) {
    Answer answer = checks_[run.next_check]->ask(inquiry);
    if (std::holds_alternative<Waits>(answer)) {
      return std::nullopt;
    }
    if (auto* verdict = std::get_if<Verdict>(&answer); verdict != nullptr) {
      return std::move(*verdict);
    }
  }
  return Verdict{};
}

std::string Chain::explain(const Inquiry& inquiry) {
  std::string text;
  for (const auto& check : checks_) {
    text.append(check->name()).append(": ").append(check->explain(inquiry)).append("\n");
  }
  return text;
}

}  // namespace policy
