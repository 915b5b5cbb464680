// cli/list_import.cc -- lines to list entries.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/list_import.hh"

#include <algorithm>

#include "base/text.hh"

#include "mail-lib/access_list.hh"

namespace cli {

namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// Takes "white " or "black " off the front.
std::optional<directory::ListKind> take_kind(std::string_view& line) {
  const std::size_t end = line.find_first_of(" \t");
  if (end == std::string_view::npos) {
    return std::nullopt;
  }
  const auto kind = directory::parse_list_kind(base::to_lower(line.substr(0, end)));
  if (!kind) {
    return std::nullopt;
  }
  line = base::trim(line.substr(end));
  return *kind;
}

}  // namespace

ListImport read_list_import(std::string_view text, std::optional<directory::ListKind> kind) {
  ListImport import;
  if (text.starts_with(byte_order_mark)) {
    text.remove_prefix(byte_order_mark.size());
  }
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    line = base::trim(line.substr(0, line.find('#')));
    if (line.empty()) {
      continue;
    }
    const auto said = take_kind(line);
    const auto taken = said ? said : kind;
    const auto entry = mail::parse_list_entry(line);
    if (!entry) {
      import.problems.push_back({number, entry.error().detail, entry.error().hint});
    } else if (!taken) {
      import.problems.push_back({number, "neither white nor black: " + base::printable(line, 60),
                                 "give --kind, or write white or black before the entry"});
    } else {
      import.entries.push_back({number, *taken, entry->text()});
    }
  }
  return import;
}

}  // namespace cli
