// policyd/checks/user_list.hh -- the white and black lists of the recipient and of its domain.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Aliases are expanded first: the lists are those of the one mailbox that gets the mail. Where
// there are several, or the mail goes elsewhere too, nobody's list may decide for the others. The
// user's lists go before the domain's, and in each white goes before black.
#pragma once

#include <string>

#include "policyd/chain.hh"
#include "policyd/checks/list_set.hh"

namespace policy {

struct UserListOptions {
  bool enabled = false;
  bool accept_white = false;  // a whitelist hit answers OK instead of DUNNO
  bool defer_on_error = false;
  std::string black_text{};
};

struct UserListSettings;
struct ListSettings;
UserListOptions user_list_options_of(const UserListSettings& settings, const ListSettings& lists);

class UserListCheck final : public Check {
 public:
  // Must outlive the check; may change between requests.
  explicit UserListCheck(const UserListOptions& options) : options_(options) {}

  std::string_view name() const override { return "user_list"; }
  Answer ask(const Inquiry& inquiry) override;

 private:
  std::optional<Verdict> judge(const OwnedLists& owned, const ListQuery& query,
                               const Inquiry& inquiry) const;

  const UserListOptions& options_;
};

}  // namespace policy
