// cli/list_import.hh -- many list entries from one text: ExtMail's files, and our own form.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   line  = [ [ kind BLANK ] entry ] [ "#" comment ]
//   kind  = "white" / "black"
//   entry = as in mail-lib/access_list.hh
// ExtMail's whitelist.cf and blacklist.cf have an address a line and no kind.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/settings.hh"

#include "directory-lib/directory.hh"

namespace cli {

struct ListImport {
  struct Entry {
    std::size_t line = 0;  // 1 is the first
    directory::ListKind kind = directory::ListKind::white;
    std::string pattern{};
  };
  std::vector<Entry> entries{};
  std::vector<base::SettingProblem> problems{};  // lines not understood
};

// `kind` is that of the lines that say none; without it they are problems.
ListImport read_list_import(std::string_view text, std::optional<directory::ListKind> kind);

}  // namespace cli
