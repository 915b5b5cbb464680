// cli/lists.cc -- the verbs of the white and black lists that the directory holds.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstdio>

#include "base/files.hh"
#include "base/text.hh"

#include "mail-lib/access_list.hh"

#include "cli/accounts.hh"
#include "cli/items.hh"
#include "cli/list_import.hh"

namespace cli {

namespace {

using base::Errc;
using directory::ListEntry;
using directory::ListKind;
using directory::OpenAs;

constexpr std::string_view everybody = "global";

constexpr std::array<Column, 4> columns{{
    {"owner", "Owner"},
    {"kind", "List"},
    {"entry", "Entry"},
    {"created", ""},
}};

// A user, a domain, or everybody.
std::string owner_of(std::string_view word) {
  return base::iequals(word, everybody) ? std::string() : std::string(word);
}

std::string_view name_of(const std::string& owner) {
  return owner.empty() ? everybody : std::string_view(owner);
}

std::vector<Cell> cells_of(const ListEntry& entry) {
  return {text_cell(name_of(entry.owner)), text_cell(directory::list_kind_name(entry.kind)),
          text_cell(entry.pattern), time_cell(entry.created)};
}

std::string told(std::string_view what, const ListEntry& entry) {
  return std::string(what) + " " + entry.pattern + (what == "added" ? " to" : " from") + " the " +
         std::string(directory::list_kind_name(entry.kind)) + " list of " +
         std::string(name_of(entry.owner));
}

// The words OWNER, white|black and ENTRY.
base::Result<ListEntry> entry_of(const Arguments& arguments) {
  const auto kind = directory::parse_list_kind(arguments.words[1]);
  if (!kind) {
    return kind.error();
  }
  const auto entry = mail::parse_list_entry(arguments.words[2]);
  if (!entry) {
    return entry.error();
  }
  return ListEntry{owner_of(arguments.words[0]), *kind, entry->text(), {}};
}

base::Result<Item> add_one(directory::Directory& accounts, const Arguments& arguments) {
  auto entry = entry_of(arguments);
  if (!entry) {
    return entry.error();
  }
  const auto added = accounts.add_list_entry(std::move(*entry));
  if (!added) {
    return added.error();
  }
  return Item{told("added", *added), cells_of(*added)};
}

base::Result<Item> remove_one(directory::Directory& accounts, const Arguments& arguments) {
  auto entry = entry_of(arguments);
  if (!entry) {
    return entry.error();
  }
  if (auto removed = accounts.remove_list_entry(*entry); !removed) {
    return removed.error();
  }
  return Item{told("removed", *entry), cells_of(*entry)};
}

constexpr std::array<std::string_view, 3> words{"owner", "kind", "entry"};

base::Result<void> lists_add(Call& call) {
  return run_items(call, {words, {}, columns, add_one});
}

base::Result<void> lists_del(Call& call) {
  return run_items(call, {words, {}, columns, remove_one});
}

base::Result<void> lists_list(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const std::string owner =
      owner_of(call.arguments.words.empty() ? everybody : call.arguments.words.front());
  const auto entries = call.arguments.has("all") ? (*accounts)->list_entries_for(owner)
                                                 : (*accounts)->list_entries(owner);
  if (!entries) {
    return entries.error();
  }
  call.output.begin_list(columns);
  for (const ListEntry& entry : *entries) {
    call.output.row(cells_of(entry));
  }
  call.output.end_list("no entries");
  return {};
}

// What came of an import.
struct Tally {
  std::size_t added = 0;
  std::size_t held = 0;  // were there already
  std::vector<base::SettingProblem> problems{};
};

base::Result<void> add_all(directory::Directory& accounts, const std::string& owner,
                           const ListImport& import, Tally& tally) {
  for (const ListImport::Entry& entry : import.entries) {
    const auto added = accounts.add_list_entry({owner, entry.kind, entry.pattern, {}});
    if (added) {
      ++tally.added;
    } else if (added.error().code == Errc::exists) {
      ++tally.held;
    } else if (added.error().code == Errc::malformed || added.error().code == Errc::over_quota) {
      tally.problems.push_back({entry.line, added.error().detail, added.error().hint});
    } else {
      return added.error();  // no such owner, no right to it, no directory: true for all lines
    }
  }
  return {};
}

base::Result<ListImport> read_import(const Arguments& arguments, const std::string& file) {
  std::optional<ListKind> kind;
  const std::string_view name = std::string_view(file).substr(file.rfind('/') + 1);
  if (name == "whitelist.cf" || name == "blacklist.cf") {
    kind = name == "whitelist.cf" ? ListKind::white : ListKind::black;
  }
  if (const auto said = arguments.value("kind"); said) {
    const auto parsed = directory::parse_list_kind(*said);
    if (!parsed) {
      return parsed.error();
    }
    kind = *parsed;
  }
  const auto text = base::read_file(file == "-" ? "/dev/stdin" : file);
  if (!text) {
    return text.error();
  }
  return read_list_import(*text, kind);
}

base::Result<void> lists_import(Call& call) {
  static constexpr std::array<Column, 4> tally_columns{
      {{"owner", ""}, {"added", ""}, {"held", ""}, {"problems", ""}}};
  const std::string owner = owner_of(call.arguments.words[0]);
  const std::string file = call.arguments.words.size() > 1 ? call.arguments.words[1] : "-";
  const auto import = read_import(call.arguments, file);
  if (!import) {
    return import.error();
  }
  auto accounts = open_accounts(call, OpenAs::writer);
  if (!accounts) {
    return accounts.error();
  }
  Tally tally{.problems = import->problems};
  auto done = (*accounts)->together([&] { return add_all(**accounts, owner, *import, tally); });
  if (!done) {
    return done.error();
  }
  std::sort(tally.problems.begin(), tally.problems.end(),
            [](const auto& a, const auto& b) { return a.line < b.line; });
  call.output.done("added " + std::to_string(tally.added) + " entries to the lists of " +
                       std::string(name_of(owner)) + ", " + std::to_string(tally.held) +
                       " were there already",
                   tally_columns,
                   {text_cell(name_of(owner)), number_cell(tally.added), number_cell(tally.held),
                    number_cell(tally.problems.size())});
  if (!tally.problems.empty()) {
    return base::make_error(Errc::malformed, base::problems_text(file, tally.problems),
                            "the other lines were taken");
  }
  return {};
}

constexpr std::array<Option, 1> list_options{{
    {"all", "", "Of a user: also the entries of its domain and the global ones."},
}};
constexpr std::array<Option, 1> import_options{{
    {"kind", "white|black", "The list of the lines that do not say it themselves."},
}};

constexpr std::array<Verb, 4> verbs{{
    {"lists add",
     "OWNER white|black ENTRY",
     "Let a sender or client in, or keep it out, for a user, a domain, or all (global).",
     3,
     3,
     {},
     lists_add,
     Effect::bulk},
    {"lists list", "[OWNER]", "List the entries of a user, a domain, or the global ones.", 0, 1,
     list_options, lists_list, Effect::reads},
    {"lists del", "OWNER white|black ENTRY", "Remove an entry.", 3, 3, {}, lists_del, Effect::bulk},
    {"lists import", "OWNER [FILE]",
     "Add all entries of a file, such as ExtMail's whitelist.cf and blacklist.cf.", 1, 2,
     import_options, lists_import, Effect::writes},
}};

}  // namespace

std::span<const Verb> lists_verbs() {
  return verbs;
}

}  // namespace cli
