// maildir-lib/maildirsize.hh -- maildirsize: what an account stores, told to other programs.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   file       = definition LF *change
//   definition = [limit "S"] ["," limit "C"]     octets and messages; empty: no limit
//   change     = octets SP messages LF           signed, blanks in front; their sum is what is
//   stored
//
// An export: Dovecot counts for itself and never reads it. docs/formats/maildir.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hh"

#include "maildir-lib/beneath.hh"
#include "maildir-lib/delivery.hh"

namespace maildir {

// From this size on, whoever writes it counts anew.
inline constexpr std::size_t max_maildirsize_bytes = 5120;

struct Usage {
  std::int64_t bytes = 0;
  std::int64_t messages = 0;
  bool operator==(const Usage&) const = default;
};

struct Maildirsize {
  std::string definition;
  Usage usage;
};

// malformed when a line is none, also a last one without its end: count anew.
base::Result<Maildirsize> parse_maildirsize(std::string_view text);

// What all folders hold: S= of each name, else the file's size. Blocks long.
base::Result<Usage> count_usage(const Directory& maildir);

// Adds one line. False when the file is missing or has grown too long: count anew, then write it.
// `maildir` is the account's folder.
base::Result<bool> add_to_maildirsize(const std::string& maildir, Usage change,
                                      DiskCalls& calls = DiskCalls::real());

// Makes the file anew by a rename: readers see the old or the new one.
base::Result<void> write_maildirsize(const std::string& maildir, const Maildirsize& value,
                                     const base::Clock& clock,
                                     DiskCalls& calls = DiskCalls::real());

}  // namespace maildir
