// maildir-lib/keywords.hh -- dovecot-keywords of a folder: letters of keywords, read and extended.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   keywords = *(index " " keyword LF)      index 0 is the letter a; at most 26
//
// Read by anyone; changed under the lock of dovecot-uidlist alone, by a rename, with an mtime whose
// second is new: Dovecot looks at it again only then. A letter never changes its keyword.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hh"

#include "maildir-lib/uidlist.hh"

namespace maildir {

// The index of a keyword, in whatever case; 26 when it has none.
std::size_t keyword_index(const Keywords& keywords, std::string_view keyword);

std::string format_keywords(const Keywords& keywords);

// What may be a keyword: an IMAP atom (RFC 9051 s9 flag-keyword) of at most 255 octets.
bool is_keyword(std::string_view text);

// The letters of `wanted` as bits of Flags::keywords, adding what the folder at `folder` does not
// know. over_quota when there is no letter left: none is added then. malformed for what is no
// keyword. timeout when the lock is held for `patience`. Blocks.
base::Result<std::uint32_t> add_keywords(const std::string& folder,
                                         std::span<const std::string> wanted,
                                         std::chrono::milliseconds patience);
// The same by whoever holds that lock already.
base::Result<std::uint32_t> add_keywords_locked(const std::string& folder,
                                                std::span<const std::string> wanted);
// Those of a folder; none when it has no such file.
base::Result<Keywords> read_keywords(const std::string& folder);

}  // namespace maildir
