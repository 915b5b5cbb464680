// directory-lib/resolve.hh -- from an address to the mailboxes and foreign addresses behind it.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <optional>
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

// What one address stands for by itself. Order: its alias, its mailbox, both again without the
// address extension, then the catch-all: so a catch-all never takes an existing mailbox's mail.
// Disabled and expired aliases are as if absent; a mailbox is answered whatever its state.
struct Step {
  enum class Kind {
    nobody,   // in a domain of ours, and nobody has it
    foreign,  // in no domain of ours
    mailbox,
    alias,
  };
  Kind kind = Kind::nobody;
  std::string name{};                  // the mailbox's or the alias's own address
  std::vector<std::string> targets{};  // of the alias; those in our domains with the extension that
                                       // was asked for, unless they have one of their own
  std::optional<User> user{};          // the mailbox
  std::optional<Domain> domain{};      // of the address; nothing for a foreign one
  bool is_catch_all = false;           // the alias is its domain's, since nobody has the address
};

// All steps from an address on.
struct Expansion {
  std::string key{};  // the address itself in its normal form
  Step first{};
  std::vector<Recipient> recipients{};  // each once, in the order found; none: it leads to nobody
  bool has_circle = false;              // some address was met again
  bool has_odd_target = false;          // some target is no address, such as "root"
};

// An alias that names itself stands for its own mailbox. Targets in our domains that nobody has are
// left out. malformed: no address. over_quota: a limit above is passed. Else as find_alias().
base::Result<Expansion> expand(Directory& directory, std::string_view address, base::WallTime now);

// The mailbox of exactly this address, or of it without its extension; no alias is looked at.
// Errors as find_user().
base::Result<User> find_mailbox(Directory& directory, std::string_view address);

// The recipients alone; not_found when there are none, and for what is no address.
base::Result<std::vector<Recipient>> resolve(Directory& directory, std::string_view address,
                                             base::WallTime now);

// One step of the same, for programs that expand themselves: the targets of the alias; the address
// itself when it is a mailbox; the catch-all's targets otherwise. not_found when none is there.
base::Result<std::vector<std::string>> expand_once(Directory& directory, std::string_view address,
                                                   base::WallTime now);

// An address with an extension that an alias or a domain alias leads to one mailbox: that mailbox's
// address with the extension. not_found for every other: also when it leads to several, when an
// alias names the extension itself, or when it is the mailbox's address already.
base::Result<std::string> canonical_of(Directory& directory, std::string_view address,
                                       base::WallTime now);

}  // namespace directory
