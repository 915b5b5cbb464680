// mail-lib/mime.hh -- a message as a tree of parts, whatever was sent (the GMime wrapper).
// SPDX-License-Identifier: GPL-3.0-or-later
//
// parse() never fails: what is no MIME is one text part, a multipart without parts is shown as
// text, what nests too deep is one part of bytes. Attached messages are not opened: they are parts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mail-lib/charset.hh"

namespace mail {

inline constexpr std::size_t max_part_depth = 32;  // multiparts within one another
inline constexpr std::size_t max_parts = 1000;     // of one message; the rest is left out

struct PartHeader {
  std::string name;
  std::string value;  // as written, without its last line end
};

// One node (RFC 8621 s4.1.4 EmailBodyPart). All texts are UTF-8 except header values.
struct Part {
  std::string id;    // "1", "2.1"; empty for multiparts
  std::string type;  // lower case: "text/plain"
  std::optional<std::string> charset;
  std::optional<std::string> disposition;  // lower case: "attachment"
  std::optional<std::string> name;
  std::optional<std::string> cid;  // without angle brackets
  std::optional<std::string> location;
  std::vector<std::string> language;
  std::vector<PartHeader> headers;
  std::vector<Part> parts;  // of a multipart
  bool is_multipart = false;
  bool in_related = false;            // directly below a multipart/related
  bool has_unknown_encoding = false;  // its bytes are shown undecoded
  std::size_t index = 0;              // for Message alone

  bool is_text() const { return type.starts_with("text/"); }
};

// A text part as UTF-8, line ends LF.
struct PartText {
  std::string text;
  bool problem = false;    // charset or transfer encoding could not be read everywhere
  bool truncated = false;  // more was there than asked for
};

inline constexpr std::size_t whole = std::numeric_limits<std::size_t>::max();

class Message {
 public:
  // Copies what it needs of `bytes`.
  static Message parse(std::string_view bytes, std::string_view guess = default_guess);

  Message(Message&& other) noexcept;
  Message& operator=(Message&& other) noexcept;
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;
  ~Message();

  const Part& root() const { return root_; }
  // The leaf called `id`, or nullptr.
  const Part* find(std::string_view id) const;

  // The first `limit` octets of a leaf behind its transfer encoding.
  std::string content(const Part& part, std::size_t limit = whole) const;
  std::uint64_t content_size(const Part& part) const;
  PartText text(const Part& part, std::size_t limit = whole) const;

 private:
  struct Tree;
  Message();

  std::unique_ptr<Tree> tree_;
  Part root_;
  std::string guess_;
};

}  // namespace mail
