// policyd/checks/greylist_correspondents.hh -- whom our users have written to: replies do not wait.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Learned from authenticated submission. The addresses themselves are not kept,
// only a keyed hash of them (docs/formats/greylist.md).
#pragma once

#include <string_view>

#include "policyd/checks/greylist_record.hh"
#include "policyd/store/store.hh"

namespace policy {

enum class Correspondence {
  none,
  pair,     // what a user wrote to may write to that user
  address,  // what any user wrote to may write to every user
};

struct CorrespondentRules {
  Correspondence mode = Correspondence::pair;
  Seconds lifetime = 15'552'000;
};

class Correspondents {
 public:
  // Must outlive it.
  explicit Correspondents(Store& store) : store_(store) {}

  // `user` has written to `remote`; both in lower case. True when it was written down: a pair that
  // writes often costs a write a day.
  base::Result<bool> learn(std::string_view user, std::string_view remote, Seconds now,
                           const CorrespondentRules& rules);

  // Mail from `remote` to `user` answers such mail, or may.
  base::Result<bool> knows(std::string_view user, std::string_view remote, Seconds now,
                           const CorrespondentRules& rules);

 private:
  base::Result<Key> key_of(std::string_view user, std::string_view remote,
                           const CorrespondentRules& rules);

  Store& store_;
};

}  // namespace policy
