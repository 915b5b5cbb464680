// maildir-lib/uidlist.hh -- dovecot-uidlist (version 3) and dovecot-keywords, as they are read.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   uidlist = header *record
//   header  = "3" *(" " key value) LF       V uidvalidity, N next uid, G GUID of the folder
//   record  = uid *(" " key value) " :" name LF
//             G GUID of the mail, S size, W size with CRLF; name is a base name, or a file name
//   keywords = *(index " " keyword LF)      index 0 is the letter a
//
// Dovecot alone writes them: by appending, or by renaming a new file over the old one. A last line
// without its end is a record being appended: it is passed over. docs/formats/maildir.md
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hh"

namespace maildir {

inline constexpr std::size_t max_uidlist_bytes = 512U << 20U;  // some five million mails

// The first line.
struct UidlistHead {
  std::uint32_t uid_validity = 0;
  std::uint32_t next_uid = 0;  // as it was when the file was made; records may have gone beyond
  std::string guid;            // of the folder; empty when it has none
};
// malformed for another version, and when `text` does not hold the whole line.
base::Result<UidlistHead> parse_uidlist_head(std::string_view text);

struct UidRecord {
  std::uint32_t uid = 0;
  std::string_view guid;  // empty when the base name is the GUID
  std::optional<std::uint64_t> size;
};

// Owns the text its views point into. Movable: the text stays where it is.
class Uidlist {
 public:
  // malformed for another version; a record that cannot be read is passed over.
  static base::Result<Uidlist> parse(std::string text);
  // Records alone, as they are appended: no head. Never fails.
  static Uidlist parse_records(std::string text);

  const UidRecord* find(std::string_view base_name) const;
  const std::unordered_map<std::string_view, UidRecord>& records() const { return records_; }
  const std::string& folder_guid() const { return head_.guid; }  // empty when it has none
  std::uint32_t uid_validity() const { return head_.uid_validity; }
  std::uint32_t next_uid() const { return head_.next_uid; }
  std::size_t size() const { return records_.size(); }

 private:
  void add_records(std::string_view lines);
  void add_record(std::string_view line);

  std::unique_ptr<const std::string> text_;
  std::unordered_map<std::string_view, UidRecord> records_;
  UidlistHead head_;
};

// The keyword of each letter; empty where none is named.
using Keywords = std::array<std::string, 26>;
Keywords parse_keywords(std::string_view text);

}  // namespace maildir
