// policyd/account.hh -- what the directory knows of one address.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace policy {

struct OwnedLists;  // checks/list_set.hh

struct Account {
  enum class State {
    unknown,  // the directory could not tell in time
    foreign,  // in no domain of ours, or no address
    nobody,   // in a domain of ours, and nobody has it
    found,
  };
  State state = State::unknown;
  bool is_catch_all = false;             // nobody has exactly this address
  bool leaves = false;                   // its mail also goes to addresses that are not ours
  std::vector<std::string> mailboxes{};  // ours that get its mail, aliases expanded; lower case

  // What the owner of the one mailbox wants; unless it is the only place its mail goes to, nobody's
  // wish may decide for the others.
  bool wants_greylist = true;
  std::shared_ptr<const OwnedLists> lists{};         // its own; null: none
  std::shared_ptr<const OwnedLists> domain_lists{};  // of its domain

  const std::string* only_mailbox() const {
    return mailboxes.size() == 1 && !leaves ? &mailboxes.front() : nullptr;
  }
  bool is_ours() const { return state == State::nobody || state == State::found; }
};

}  // namespace policy
