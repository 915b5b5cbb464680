// cli/items.hh -- a verb upon one thing, or upon every line of a CSV file.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// The first line of the file names the columns: those of the verb's words, and its options without
// their dashes. An empty field is an option not given; what stands on the command line holds for
// every line that says nothing else.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

#include "directory-lib/directory.hh"

#include "cli/output.hh"
#include "cli/verb.hh"

namespace cli {

// What was done, for people and as cells of the verb's columns.
struct Item {
  std::string sentence;
  std::vector<Cell> cells;
  std::vector<std::string> warnings{};  // what was done all the same
  std::string object{};                 // for ItemVerb::look_back
};

struct ItemVerb {
  // Columns that stand for the words, in their order; the last takes several words, separated by
  // commas or blanks, when the verb does.
  std::span<const std::string_view> words;
  // Columns that are no options: passwords.
  std::span<const std::string_view> more;
  // Of the cells that `run` answers.
  std::span<const Column> columns;
  // Does it once. The arguments have words and options, whereever they came from.
  base::Result<Item> (*run)(directory::Directory& accounts, const Arguments& arguments);
  // Asked once at the end, with all objects of what was done, for warnings that look at everything;
  // may be missing.
  base::Result<std::vector<std::string>> (*look_back)(
      directory::Directory& accounts, const std::vector<std::string>& objects) = nullptr;
};

// Does it as the command line says. Warnings go to standard error and change no exit code. With
// --csv a bad line is told with its number, on standard error, and the others are done; malformed
// at the end when there was one. With --atomic nothing is done then.
base::Result<void> run_items(Call& call, const ItemVerb& what);

}  // namespace cli
