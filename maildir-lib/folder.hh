// maildir-lib/folder.hh -- the folders of a Maildir++ account: their names on disk and for people.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// INBOX is the Maildir itself. Any other is a folder `.A.B` in it: its levels are divided by dots,
// in modified UTF-7. docs/formats/maildir.md
#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

#include "maildir-lib/beneath.hh"

namespace maildir {

inline constexpr std::size_t max_folders = 20000;  // of one account; the rest is not seen

struct Folder {
  std::string disk_name;            // "" is INBOX, else ".Work.2024"
  std::vector<std::string> levels;  // UTF-8: {"Work", "2024"}; {"INBOX"}

  bool is_inbox() const { return disk_name.empty(); }
};

// A name that is no modified UTF-7 is shown as the bytes it is made of.
Folder folder_of(std::string_view disk_name);

// The name on disk of a folder with these levels; {"INBOX"} is INBOX. malformed for a level that is
// empty, no UTF-8, too long, or has a character that cannot be in a name ("." "/" and controls).
base::Result<std::string> disk_name_of(std::span<const std::string> levels);

// INBOX first, then by name on disk. Levels that have no folder of their own are left out.
base::Result<std::vector<Folder>> list_folders(const Directory& maildir);

// Folder names as on disk but without the first dot, "INBOX" for INBOX: what is subscribed by the
// file `subscriptions` (version 1 with dots, version 2 with tabs). All folders count as subscribed
// when there is no such file: `everything` is set.
struct Subscriptions {
  std::set<std::string, std::less<>> names;
  bool everything = false;

  bool has(const Folder& folder) const;
};
Subscriptions parse_subscriptions(std::string_view text);
Subscriptions read_subscriptions(const Directory& maildir);

}  // namespace maildir
