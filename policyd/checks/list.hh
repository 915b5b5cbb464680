// policyd/checks/list.hh -- the global white and black lists of clients, senders and recipients.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The six files of Spam Locker in one folder, each may be missing. White before black, and within
// each: sender, recipient, client. A client's name counts for the whitelist only when Postfix has
// verified it; the blacklist also looks at the unverified one.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/log.hh"

#include "policyd/chain.hh"
#include "policyd/checks/list_file.hh"

namespace policy {

// The name of each file, and its place in Lists.
enum class ListName {
  sender_whitelist,
  recip_whitelist,
  whitelist,
  sender_blacklist,
  recip_blacklist,
  blacklist,
};
inline constexpr std::size_t list_count = 6;
std::string_view list_file_name(ListName name);

struct Lists {
  std::array<List, list_count> lists{};
  const List& operator[](ListName name) const { return lists[static_cast<std::size_t>(name)]; }
};

// Reads the six files of `folder`; a list that exists but cannot be read stays as it is in `old`
// (may be null). Reports each file, and each line that has no effect, to the log. Blocks: at the
// start, and on a worker for a reload.
std::shared_ptr<const Lists> load_lists(const std::string& folder, const Lists* old,
                                        base::Log& log);

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
  struct Hit;
  std::optional<Hit> find(const Inquiry& inquiry) const;

  const ListOptions& options_;
  const std::shared_ptr<const Lists>& lists_;
};

}  // namespace policy
