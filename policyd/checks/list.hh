// policyd/checks/list.hh -- the global white and black lists of clients, senders and recipients.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The six files of Spam Locker in one folder, each may be missing, and the global entries of the
// directory. White before black, files before directory, and within each: sender, recipient,
// client.
#pragma once

#include <memory>
#include <string>

#include "policyd/chain.hh"
#include "policyd/checks/list_set.hh"

namespace policy {

// The lists that hold for all mail. Never changed: new ones take their place whole.
struct Lists {
  ListSet files{};
  std::shared_ptr<const OwnedLists> directory{};  // null: none
};

struct ListOptions {
  bool accept_white = false;  // a whitelist hit answers OK instead of DUNNO
  std::string black_text{};
};

struct ListSettings;
ListOptions list_options_of(const ListSettings& settings);

class ListCheck final : public Check {
 public:
  // Both must outlive the check; `lists` may be replaced between requests and is never null.
  ListCheck(const ListOptions& options, const std::shared_ptr<const Lists>& lists)
      : options_(options), lists_(lists) {}

  std::string_view name() const override { return "list"; }
  Answer ask(const Inquiry& inquiry) override;

 private:
  const ListOptions& options_;
  const std::shared_ptr<const Lists>& lists_;
};

}  // namespace policy
