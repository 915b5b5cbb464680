// directory-lib/resolve.hh -- from an address to the mailboxes and foreign addresses behind it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "directory-lib/directory.hh"

namespace directory {

// What an expansion may cost at most; beyond it the alias is broken, not large.
inline constexpr std::size_t resolve_depth = 16;         // aliases in a chain
inline constexpr std::size_t resolve_recipients = 1000;  // final recipients
inline constexpr std::size_t resolve_lookups = 5000;     // addresses looked up

struct Recipient {
  std::string address;  // normal form, the extension removed where the mailbox has none
  bool is_mailbox;      // a user of ours; otherwise an address in no domain of ours
  bool operator==(const Recipient&) const = default;
};

// The final recipients of `address`, each once, in the order found. Order at each step: the alias
// of the address, its mailbox, both again without the address extension, then the catch-all: so a
// catch-all never takes an existing mailbox's mail. Disabled and expired aliases are as if absent;
// a mailbox is answered whatever its state. An alias that names itself stands for its own mailbox.
// Targets in our domains that nobody has are left out.
// not_found: nobody has the address. over_quota: a limit above is passed. Else as find_alias().
base::Result<std::vector<Recipient>> resolve(Directory& directory, std::string_view address,
                                             base::WallTime now);

// One step of the same, for programs that expand themselves, as Postfix does: the targets of the
// alias; the address itself when it is a mailbox; the catch-all's targets otherwise. not_found when
// none of these is there.
base::Result<std::vector<std::string>> expand_once(Directory& directory, std::string_view address,
                                                   base::WallTime now);

}  // namespace directory
