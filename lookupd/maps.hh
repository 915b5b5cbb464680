// lookupd/maps.hh -- the maps that Postfix may ask for, and their answers from the directory.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   domains       a domain            -> itself, when its mail is accepted here
//   mailboxes     an address          -> its Maildir below the mail root, when it may receive mail
//   aliases       an address          -> where its mail goes: the targets of its alias, itself for
//                                        a mailbox, the targets of its domain's catch-all otherwise
//   transport     an address          -> how Postfix reaches the host that holds the mailbox; not
//                                        found for a mailbox of this host
//   senderlogins  a sender's address  -> the accounts that may send as it: itself, or who gets the
//                                        alias's mail
//   canonical     an address with an  -> that of the one mailbox that it is another name of, with
//                 extension              the extension
//
// Postfix asks an address whole, then without its extension, then as "@domain" or as the domain
// alone, and takes the first answer: a catch-all must not be found before the mailbox is. So the
// first two questions get whatever is right for the address, and the others never get an answer.
#pragma once

#include <optional>
#include <string_view>

#include "base/clock.hh"
#include "base/result.hh"
#include "base/settings.hh"

#include "directory-lib/directory.hh"
#include "directory-lib/socketmap.hh"

namespace lookup {

enum class Map { domains, mailboxes, aliases, transport, senderlogins, canonical };
inline constexpr int map_count = 6;

std::string_view map_name(Map map);
std::optional<Map> parse_map(std::string_view name);

// What the settings say of answers.
struct MapRules {
  base::Words own_hosts{};        // mail hosts that are this host
  bool catch_all_senders = true;  // a catch-all's mailboxes may send as what nobody has
};

// ok, not_found, or perm for an alias or a mail host that is stored wrongly. An error when the
// directory cannot tell now (unavailable, timeout, corrupt ...). Blocks.
base::Result<directory::SocketmapReply> answer(directory::Directory& directory,
                                               const MapRules& rules, Map map, std::string_view key,
                                               base::WallTime now);

}  // namespace lookup
