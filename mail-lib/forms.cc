// mail-lib/forms.cc -- header values in the parsed forms of RFC 8621 s4.1.2.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/forms.hh"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hh"

#include "mail-lib/words.hh"

namespace mail {

namespace {

constexpr std::array<std::pair<std::string_view, Form>, 7> form_names{{
    {"Raw", Form::raw},
    {"Text", Form::text},
    {"Addresses", Form::addresses},
    {"GroupedAddresses", Form::grouped_addresses},
    {"MessageIds", Form::message_ids},
    {"Date", Form::date},
    {"URLs", Form::urls},
}};

// The fields of RFC 5322 and RFC 2369, and the one kind of parsed form each may take (Form::raw:
// none). Any other field may be fetched in every form.
constexpr std::array<std::pair<std::string_view, Form>, 29> bound_fields{{
    {"subject", Form::text},
    {"comments", Form::text},
    {"keywords", Form::text},
    {"from", Form::addresses},
    {"sender", Form::addresses},
    {"reply-to", Form::addresses},
    {"to", Form::addresses},
    {"cc", Form::addresses},
    {"bcc", Form::addresses},
    {"resent-from", Form::addresses},
    {"resent-sender", Form::addresses},
    {"resent-reply-to", Form::addresses},
    {"resent-to", Form::addresses},
    {"resent-cc", Form::addresses},
    {"resent-bcc", Form::addresses},
    {"message-id", Form::message_ids},
    {"in-reply-to", Form::message_ids},
    {"references", Form::message_ids},
    {"resent-message-id", Form::message_ids},
    {"date", Form::date},
    {"resent-date", Form::date},
    {"list-help", Form::urls},
    {"list-unsubscribe", Form::urls},
    {"list-subscribe", Form::urls},
    {"list-post", Form::urls},
    {"list-owner", Form::urls},
    {"list-archive", Form::urls},
    {"return-path", Form::raw},
    {"received", Form::raw},
}};

// What stands in angle brackets, blanks taken out; comments are passed over.
std::vector<std::string> bracketed(std::string_view value) {
  std::vector<std::string> found;
  int depth = 0;
  const std::string line = unfold(value);
  for (std::size_t at = 0; at < line.size(); ++at) {
    const char c = line[at];
    depth += c == '(' ? 1 : c == ')' && depth > 0 ? -1 : 0;
    if (c != '<' || depth > 0) {
      continue;
    }
    const std::size_t end = line.find('>', at);
    if (end == std::string::npos) {
      break;
    }
    std::string inside = scrub_utf8(line.substr(at + 1, end - at - 1));
    std::erase_if(inside, [](char x) { return static_cast<unsigned char>(x) <= ' '; });
    if (!inside.empty()) {
      found.push_back(std::move(inside));
    }
    at = end;
  }
  return found;
}

std::optional<std::vector<std::string>> some(std::vector<std::string> values) {
  return values.empty() ? std::nullopt : std::optional(std::move(values));
}

}  // namespace

std::optional<Form> parse_form(std::string_view name) {
  const auto* const row = std::find_if(form_names.begin(), form_names.end(),
                                       [name](const auto& form) { return form.first == name; });
  return row == form_names.end() ? std::nullopt : std::optional(row->second);
}

bool is_form_allowed(std::string_view name, Form form) {
  if (form == Form::raw) {
    return true;
  }
  const auto* const row =
      std::find_if(bound_fields.begin(), bound_fields.end(),
                   [name](const auto& field) { return base::iequals(field.first, name); });
  return row == bound_fields.end() ||
         row->second == (form == Form::grouped_addresses ? Form::addresses : form);
}

std::string raw_form(std::string_view value) {
  std::string text(value);
  std::erase(text, '\0');
  return base::is_utf8(text) ? text : scrub_utf8(text);
}

std::string text_form(std::string_view value, std::string_view guess) {
  const std::size_t start = value.find_first_not_of(" \t\r\n");
  return start == std::string_view::npos
             ? std::string()
             : decode_words(value.substr(start), WordPlace::text, guess);
}

std::optional<std::vector<std::string>> message_ids_form(std::string_view value) {
  return some(bracketed(value));
}

std::optional<std::vector<std::string>> urls_form(std::string_view value) {
  return some(bracketed(value));
}

}  // namespace mail
