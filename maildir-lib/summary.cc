// maildir-lib/summary.cc -- what lists show of a message, and what makes threads of messages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/summary.hh"

#include <algorithm>

#include "base/text.hh"

#include "mail-lib/body.hh"
#include "mail-lib/forms.hh"
#include "mail-lib/mime.hh"
#include "maildir-lib/folder_scan.hh"

namespace maildir {

namespace {

constexpr std::size_t max_thread_keys = 40;  // of one message: its own id, the first, the last ones
constexpr std::size_t max_subject = 1000;
constexpr std::size_t max_tag = 64;

constexpr auto reply_prefixes =
    std::to_array<std::string_view>({"re", "fw", "fwd", "aw", "wg", "sv", "vs", "antw", "rv", "tr",
                                     "回复", "答复", "转发", "回覆", "轉寄", "答覆"});

std::size_t index_of(std::string_view name) {
  const std::string lower = base::to_lower(name);
  const auto* const at = std::find(listed_fields.begin(), listed_fields.end(), lower);
  return static_cast<std::size_t>(at - listed_fields.begin());
}

// Without the first `bytes` and what is blank behind them.
std::string_view behind(std::string_view text, std::size_t bytes) {
  return base::trim(text.substr(bytes));
}

// "re:", "re[2]:", "[list] "; the text as it is when it starts with neither.
std::string_view without_prefix(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    const bool is_tag = end < max_tag && !behind(text, end + 1).empty();
    return is_tag ? behind(text, end + 1) : text;
  }
  for (const std::string_view prefix : reply_prefixes) {
    if (!text.starts_with(prefix)) {
      continue;
    }
    std::size_t at = prefix.size();
    if (text.substr(at).starts_with('[')) {
      at = std::min(text.find(']', at), text.size() - 1) + 1;
    }
    const std::string_view rest = base::trim(text.substr(at));
    if (rest.starts_with(':')) {
      return behind(rest, 1);
    }
    if (rest.starts_with("：")) {
      return behind(rest, std::string_view("：").size());
    }
  }
  return text;
}

void add_ids(std::vector<std::string>& ids, const std::vector<mail::HeaderField>& fields,
             std::string_view name) {
  const mail::HeaderField* field = mail::last_field(fields, name);
  const auto found = field == nullptr ? std::nullopt : mail::message_ids_form(field->value);
  if (found) {
    ids.insert(ids.end(), found->begin(), found->end());
  }
}

}  // namespace

std::string base_subject(std::string_view subject) {
  const std::string text = base::to_lower(mail::text_form(subject.substr(0, max_subject)));
  std::string_view rest = base::trim(text);
  for (std::string_view shorter = without_prefix(rest); shorter.size() < rest.size();
       shorter = without_prefix(rest)) {
    rest = shorter;
  }
  while (rest.ends_with("(fwd)")) {
    rest = base::trim(rest.substr(0, rest.size() - 5));
  }
  std::string packed(rest);
  std::erase_if(packed, [](char c) { return c == ' ' || c == '\t'; });
  return packed;
}

std::vector<std::int64_t> thread_keys(const std::vector<mail::HeaderField>& fields) {
  std::vector<std::string> ids;
  add_ids(ids, fields, "message-id");
  add_ids(ids, fields, "in-reply-to");
  add_ids(ids, fields, "references");
  if (ids.size() > max_thread_keys) {
    ids.erase(ids.begin() + max_thread_keys / 2, ids.end() - max_thread_keys / 2);
  }
  const mail::HeaderField* subject = mail::last_field(fields, "subject");
  const std::string base = base_subject(subject == nullptr ? "" : subject->value);
  std::vector<std::int64_t> keys;
  keys.reserve(ids.size());
  for (std::string& id : ids) {
    keys.push_back(name_hash(id.append("\n").append(base)));
  }
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
  return keys;
}

Summary summarize(std::string_view message) {
  Summary summary;
  const mail::Header header = mail::scan_header(message);
  for (const mail::HeaderField& field : header.fields) {
    const std::size_t bit = index_of(field.name);
    if (bit == listed_fields.size()) {
      continue;
    }
    if (field.value.size() > max_listed_field) {
      summary.omitted |= 1U << bit;
      continue;
    }
    summary.header.append(field.name).append(":").append(field.value).append("\n");
  }
  summary.thread_keys = thread_keys(header.fields);
  const auto parsed = mail::Message::parse(message);
  const auto lists = mail::body_lists(parsed.root());
  summary.preview = mail::preview(parsed, lists);
  summary.has_attachment = mail::has_attachment(lists);
  return summary;
}

std::vector<mail::HeaderField> listed_header(std::string_view header) {
  return mail::scan_header(header).fields;
}

bool is_listed(std::string_view name, std::uint32_t omitted) {
  const std::size_t bit = index_of(name);
  return bit < listed_fields.size() && (omitted >> bit & 1U) == 0;
}

}  // namespace maildir
