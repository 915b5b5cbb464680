// policyd/chain.cc -- asking the checks one after the other.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "policyd/chain.hh"

#include <algorithm>

namespace policy {

void Chain::run_dry(std::span<const std::string> names) {
  for (Link& link : links_) {
    link.is_dry = std::find(names.begin(), names.end(), link.check->name()) != names.end();
  }
}

std::optional<Verdict> Chain::proceed(Run& run, const Inquiry& inquiry) {
  for (; run.next_check < links_.size(); ++run.next_check) {
    const Link& link = links_[run.next_check];
    Answer answer = link.check->ask(inquiry);
    if (auto* waits = std::get_if<Waits>(&answer); waits != nullptr) {
      run.waits = std::move(*waits);
      return std::nullopt;
    }
    auto* verdict = std::get_if<Verdict>(&answer);
    if (verdict == nullptr) {
      continue;
    }
    verdict->check = link.check->name();
    if (!link.is_dry || !verdict->is_refusal()) {
      return std::move(*verdict);
    }
    run.dry.push_back(std::move(*verdict));
  }
  return Verdict{};
}

void Chain::tell(const Run& run, const Inquiry& inquiry, const Verdict& verdict) const {
  const std::size_t asked = std::min(run.next_check + 1, links_.size());
  for (std::size_t i = 0; i < asked; ++i) {
    links_[i].check->decided(inquiry, verdict);
  }
}

}  // namespace policy
