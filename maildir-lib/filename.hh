// maildir-lib/filename.hh -- the names of message files: base name, sizes, flags.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   name  = base [":2," flags]
//   base  = unique *("," key "=" value)      S=octets of the mail, W=octets with CRLF line ends
//   flags = *ALPHA                           capitals are system flags, a-z keywords of the folder
//
// Read as Dovecot reads it: flags in any order, unknown capitals (ExtMail's A) passed over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maildir {

// Bits of Flags::system.
enum Flag : unsigned {
  flag_draft = 1U,     // D
  flag_flagged = 2U,   // F
  flag_passed = 4U,    // P: forwarded
  flag_replied = 8U,   // R
  flag_seen = 16U,     // S
  flag_trashed = 32U,  // T: deleted, not yet expunged
};

struct Flags {
  unsigned system = 0;         // Flag bits
  std::uint32_t keywords = 0;  // bit 0 is the letter a

  bool has(Flag flag) const { return (system & flag) != 0; }
  bool operator==(const Flags&) const = default;
};

// Views into the name.
struct FileName {
  std::string_view base;  // all before ":2,"
  Flags flags;
  std::optional<std::uint64_t> size;          // S=
  std::optional<std::uint64_t> virtual_size;  // W=
};

// Any name gives something; a leading dot is no message (is_message_name).
FileName parse_file_name(std::string_view name);

// The part of a name that flags do not change; what identifies the file in its folder.
std::string_view base_name(std::string_view name);

// The name of the same file with these flags: known letters and keywords as given, in ASCII order
// with the foreign capitals that `name` has, which stay, as does what follows a second comma.
std::string name_with_flags(std::string_view name, Flags flags);

// Hidden files, and names longer than a file system or Dovecot makes, are no messages.
bool is_message_name(std::string_view name);

}  // namespace maildir
