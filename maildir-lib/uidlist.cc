// maildir-lib/uidlist.cc -- dovecot-uidlist (version 3) and dovecot-keywords, as they are read.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/uidlist.hh"

#include <algorithm>

#include "base/text.hh"

#include "maildir-lib/filename.hh"

namespace maildir {

namespace {

// The first line of `text`, which loses it; nothing when no line is complete.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

std::string_view take_word(std::string_view& text) {
  const std::size_t end = std::min(text.find(' '), text.size());
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return word;
}

bool is_guid(std::string_view text) {
  return !text.empty() && text.size() <= 255 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

base::Result<UidlistHead> parse_uidlist_head(std::string_view text) {
  const auto line = take_line(text);
  if (!line || !line->starts_with("3 ")) {
    return base::make_error(base::Errc::malformed, "dovecot-uidlist is not of version 3");
  }
  UidlistHead head;
  std::string_view words = line->substr(2);
  while (!words.empty()) {
    const std::string_view word = take_word(words);
    const std::string_view value = word.substr(std::min<std::size_t>(1, word.size()));
    if (word.starts_with('V')) {
      head.uid_validity = base::parse_number<std::uint32_t>(value).value_or(0);
    } else if (word.starts_with('N')) {
      head.next_uid = base::parse_number<std::uint32_t>(value).value_or(0);
    } else if (word.starts_with('G') && is_guid(value)) {
      head.guid = value;
    }
  }
  return head;
}

base::Result<Uidlist> Uidlist::parse(std::string text) {
  Uidlist list;
  list.text_ = std::make_unique<const std::string>(std::move(text));
  std::string_view rest = *list.text_;
  auto head = parse_uidlist_head(rest);
  if (!head) {
    return head.error();
  }
  list.head_ = std::move(*head);
  take_line(rest);
  list.add_records(rest);
  return list;
}

Uidlist Uidlist::parse_records(std::string text) {
  Uidlist list;
  list.text_ = std::make_unique<const std::string>(std::move(text));
  list.add_records(*list.text_);
  return list;
}

void Uidlist::add_records(std::string_view lines) {
  while (const auto line = take_line(lines)) {
    add_record(*line);
  }
}

void Uidlist::add_record(std::string_view line) {
  const auto uid = base::parse_number<std::uint32_t>(take_word(line));
  if (!uid) {
    return;
  }
  UidRecord record;
  record.uid = *uid;
  while (!line.empty() && line.front() != ':') {
    const std::string_view word = take_word(line);
    if (word.starts_with('G') && is_guid(word.substr(1))) {
      record.guid = word.substr(1);
    } else if (word.starts_with('S')) {
      const auto size = base::parse_number<std::uint64_t>(word.substr(1));
      record.size = size ? std::optional(*size) : std::nullopt;
    }
  }
  if (line.size() > 1) {
    records_.insert_or_assign(base_name(line.substr(1)), record);
  }
}

const UidRecord* Uidlist::find(std::string_view base_name) const {
  const auto found = records_.find(base_name);
  return found == records_.end() ? nullptr : &found->second;
}

Keywords parse_keywords(std::string_view text) {
  Keywords keywords;
  while (const auto line = take_line(text)) {
    std::string_view rest = *line;
    const auto index = base::parse_number<std::size_t>(take_word(rest));
    if (index && *index < keywords.size() && is_guid(rest)) {
      keywords.at(*index) = rest;
    }
  }
  return keywords;
}

}  // namespace maildir
