// mail-lib/header.cc -- the scanner of header lines.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "mail-lib/header.hh"

#include <algorithm>

#include "base/text.hh"

namespace mail {

namespace {

constexpr int lines_looked_ahead = 5;

struct Line {
  std::string_view text;  // without its end
  std::size_t next;       // where the following line starts
};

Line line_at(std::string_view message, std::size_t at) {
  const std::size_t end = message.find('\n', at);
  if (end == std::string_view::npos) {
    return {message.substr(at), message.size()};
  }
  std::string_view text = message.substr(at, end - at);
  if (text.ends_with('\r')) {
    text.remove_suffix(1);
  }
  return {text, end + 1};
}

bool is_folded(std::string_view line) {
  return line.starts_with(' ') || line.starts_with('\t');
}

// The colon of a field line, npos when the line is none. Blanks before the colon are forgiven.
std::size_t colon_of(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) {
    return std::string_view::npos;
  }
  const std::string_view name = base::trim(line.substr(0, colon));
  const bool is_name =
      !name.empty() && line.front() == name.front() &&
      std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 127; });
  return is_name ? colon : std::string_view::npos;
}

// Whether fields go on behind a line that is none.
bool fields_follow(std::string_view message, std::size_t at) {
  for (int i = 0; i < lines_looked_ahead && at < message.size(); ++i) {
    const Line line = line_at(message, at);
    if (base::trim(line.text).empty()) {
      return false;
    }
    if (!is_folded(line.text) && colon_of(line.text) != std::string_view::npos) {
      return true;
    }
    at = line.next;
  }
  return false;
}

// The field whose first line is `line`, which starts at `at`; `at` moves behind its last line.
HeaderField take_field(std::string_view message, const Line& line, std::size_t colon,
                       std::size_t& at) {
  const std::size_t start = at + colon + 1;
  std::size_t end = at + line.text.size();
  at = line.next;
  while (at < message.size()) {
    const Line more = line_at(message, at);
    if (!is_folded(more.text)) {
      break;
    }
    end = at + more.text.size();
    at = more.next;
  }
  return {base::trim(line.text.substr(0, colon)), message.substr(start, end - start)};
}

}  // namespace

Header scan_header(std::string_view message) {
  const std::string_view head = message.substr(0, max_header_bytes);
  Header header;
  std::size_t at = 0;
  if (head.starts_with("From ") || head.starts_with(">From ")) {
    at = line_at(head, 0).next;  // the mark of a mailbox file
  }
  while (at < head.size()) {
    const Line line = line_at(head, at);
    if (line.text.empty()) {
      header.body = line.next;
      return header;
    }
    const std::size_t colon = colon_of(line.text);
    if (colon != std::string_view::npos && !is_folded(line.text)) {
      const HeaderField field = take_field(head, line, colon, at);
      if (header.fields.size() < max_header_fields) {
        header.fields.push_back(field);
      }
      continue;
    }
    header.is_regular = false;
    const bool is_blank = base::trim(line.text).empty();
    if (is_blank || !fields_follow(head, line.next)) {
      header.body = is_blank ? line.next : at;
      return header;
    }
    at = line.next;
  }
  header.is_regular = false;
  header.body = at;
  return header;
}

const HeaderField* last_field(const std::vector<HeaderField>& fields, std::string_view name) {
  const auto found = std::find_if(fields.rbegin(), fields.rend(), [name](const HeaderField& f) {
    return base::iequals(f.name, name);
  });
  return found == fields.rend() ? nullptr : &*found;
}

}  // namespace mail
