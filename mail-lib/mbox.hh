// mail-lib/mbox.hh -- mbox files (RFC 4155): many mails in one text, split at their From_ lines.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   mbox  = *( from *line [empty-line] )
//   from  = "From " sender SP date LF          at the start, or behind an empty line
//   quote = 1*">" "From "                      a line of a mail that would look like one
//
// Content-Length is not trusted: a mail ends where the next begins. A line that begins with "From "
// but has no time of day and year is text. A file whose From_ line ends in CRLF has CRLF as line
// end; its mails get LF. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mail {

// Who quoted the lines, and so what is taken away when they are read.
enum class MboxQuoting {
  mboxrd,  // every >From was one ">" shorter
  mboxo,   // only "From " was quoted: ">>From " is as it was
  none,
};

// Of Status and X-Status.
struct MboxFlags {
  bool is_seen = false;
  bool is_answered = false;
  bool is_flagged = false;
  bool is_draft = false;
  bool is_deleted = false;
  bool operator==(const MboxFlags&) const = default;
};

struct MboxMail {
  std::string octets;  // LF line ends, without Status and X-Status
  MboxFlags flags;
  std::optional<std::int64_t> received;  // seconds; what the From_ line says, taken as UTC
};

// Takes the text in parts of any size.
class MboxReader {
 public:
  explicit MboxReader(MboxQuoting quoting) : quoting_(quoting) {}

  // More text; mails that are whole go to the end of `out`. False when the file begins with
  // something else than a From_ line: it is no mbox.
  bool read(std::string_view text, std::vector<MboxMail>& out);
  // The text is at its end. False as above.
  bool finish(std::vector<MboxMail>& out);

 private:
  bool take_line(std::string_view line, std::vector<MboxMail>& out);
  void take_header(std::string_view line);
  void end_mail(std::vector<MboxMail>& out);

  MboxQuoting quoting_;
  std::string rest_{};  // a line without its end
  MboxMail mail_{};
  bool is_begun_ = false;
  bool in_header_ = false;
  bool is_dropping_ = false;  // a Status field, and lines that continue it
  bool was_empty_ = false;    // the line before; it is held back
  bool has_crlf_ = false;
};

// "From a@example.org Sat Jan  3 01:05:34 2026": its time. Nothing when it is no From_ line.
std::optional<std::int64_t> parse_from_line(std::string_view line);

// One mail as it stands in an mbox (mboxrd): From_ line, Status fields when it has flags, quoted
// lines, an empty line.
std::string mbox_entry(std::string_view octets, std::string_view sender, std::int64_t received,
                       const MboxFlags& flags);

}  // namespace mail
