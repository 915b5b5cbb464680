// directory-lib/ldap_lists.cc -- list entries and app passwords, in notes beside the tree.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A list's note has a line "white CREATED PATTERN" or "black ..." for each entry, that of app
// passwords "password ID DIGEST SERVICES CREATED LAST-USED EXPIRES LABEL", "-" for what is not
// there. A change writes its own line alone, so that two writers do not undo each other's.
#include <algorithm>
#include <array>

#include "base/text.hh"

#include "directory-lib/ldap_directory.hh"
#include "directory-lib/ldap_names.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

using base::Errc;
using Kind = LdapChange::Kind;
using Line = std::pair<std::string, std::string>;

constexpr std::string_view everybody = "*";  // whose list counts for all mail
constexpr std::string_view app_password_word = "password";
const std::array<std::string, 2> note_attributes{"description", "createDate"};

std::string number(base::WallTime time) {
  return std::to_string(time.time_since_epoch().count());
}

base::WallTime time_of(std::string_view text) {
  return base::WallTime(
      std::chrono::milliseconds(base::parse_number<std::int64_t>(text).value_or(0)));
}

// The first `count` words, and what stands behind them.
std::vector<std::string> words_of(std::string_view text, std::size_t count) {
  std::vector<std::string> words;
  while (words.size() < count) {
    const std::size_t blank = std::min(text.find(' '), text.size());
    words.emplace_back(text.substr(0, blank));
    text.remove_prefix(std::min(blank + 1, text.size()));
  }
  words.emplace_back(text);
  return words;
}

std::string owner_key(std::string_view owner) {
  return std::string(owner.empty() ? everybody : owner);
}

Line line_of(const ListEntry& entry) {
  return {std::string(list_kind_name(entry.kind)),
          number(entry.created) + " " + ldap_ascii(entry.pattern)};
}

std::optional<ListEntry> list_entry_of(std::string_view owner, const Line& line) {
  const auto kind = parse_list_kind(line.first);
  if (!kind) {
    return std::nullopt;
  }
  const auto words = words_of(line.second, 1);
  return ListEntry{std::string(owner), *kind, ldap_unascii(words[1]), time_of(words[0])};
}

Line line_of(const StoredAppPassword& one) {
  const AppPassword& entry = one.entry;
  std::string text = entry.id + " " + one.digest + " " + std::to_string(entry.services.bits());
  text += " " + number(entry.created);
  text += " " + (entry.last_used ? number(*entry.last_used) : "-");
  text += " " + (entry.expires ? std::to_string(entry.expires->time_since_epoch().count()) : "-");
  return {std::string(app_password_word), text + " " + entry.label};
}

std::optional<StoredAppPassword> app_password_of(std::string_view user, const Line& line) {
  if (line.first != app_password_word) {
    return std::nullopt;
  }
  const auto words = words_of(line.second, 6);
  StoredAppPassword out;
  out.entry.user = user;
  out.entry.id = words[0];
  out.digest = words[1];
  out.entry.services = Services::from_bits(base::parse_number<std::uint32_t>(words[2]).value_or(0));
  out.entry.created = time_of(words[3]);
  if (words[4] != "-") {
    out.entry.last_used = time_of(words[4]);
  }
  if (const auto days = base::parse_number<int>(words[5])) {
    out.entry.expires = std::chrono::sys_days(std::chrono::days(*days));
  }
  out.entry.label = words[6];
  return out;
}

std::string value_of(const Line& line) {
  return note_values({line}).front();
}

}  // namespace

// Adds a line to a note, which is made when it is not there.
base::Result<void> LdapDirectory::add_line(LdapNotes kind, const std::string& key,
                                           const std::optional<LdapAttributes>& found,
                                           const std::string& value) {
  const std::string name = names_.note(kind, key);
  if (found) {
    gather_edits(name, {{LdapEdit::How::add, "description", {value}}});
    return {};
  }
  tree_.gather(ldap_addition(name, {{"cn", {ldap_ascii(key)}}, {"description", {value}}},
                             {"top", "applicationProcess"}));
  return {};
}

base::Result<std::vector<ListEntry>> LdapDirectory::read_list(std::string_view owner) {
  const auto found =
      tree_.read_one(names_.note(LdapNotes::lists, owner_key(owner)), note_attributes);
  if (!found) {
    return found.error();
  }
  std::vector<ListEntry> entries;
  for (const Line& line : ldap_note(*found)) {
    if (auto entry = list_entry_of(owner, line)) {
      entries.push_back(std::move(*entry));
    }
  }
  std::sort(entries.begin(), entries.end(), [](const ListEntry& a, const ListEntry& b) {
    return std::tie(a.kind, a.pattern) < std::tie(b.kind, b.pattern);
  });
  entries.resize(std::min(entries.size(), list_entry_limit));
  return entries;
}

base::Result<void> LdapDirectory::insert_list_entry(const ListEntry& entry) {
  const std::string key = owner_key(entry.owner);
  const auto found = tree_.read_one(names_.note(LdapNotes::lists, key), note_attributes);
  if (!found) {
    return found.error();
  }
  for (const Line& line : ldap_note(*found)) {
    const auto known = list_entry_of(entry.owner, line);
    if (known && known->kind == entry.kind && known->pattern == entry.pattern) {
      return base::make_error(Errc::exists, "the list has it already");
    }
  }
  return add_line(LdapNotes::lists, key, *found, value_of(line_of(entry)));
}

base::Result<void> LdapDirectory::erase_list_entry(const ListEntry& entry) {
  const std::string name = names_.note(LdapNotes::lists, owner_key(entry.owner));
  const auto found = tree_.read_one(name, note_attributes);
  if (!found) {
    return found.error();
  }
  const LdapNote note = ldap_note(*found);
  for (const Line& line : note) {
    const auto known = list_entry_of(entry.owner, line);
    if (!known || known->kind != entry.kind || known->pattern != entry.pattern) {
      continue;
    }
    // Without its last line the note stays, empty: a line may just be coming from elsewhere.
    gather_edits(name, {{LdapEdit::How::drop, "description", {value_of(line)}}});
    return {};
  }
  return absent("list entry", entry.pattern);
}

base::Result<std::vector<StoredAppPassword>> LdapDirectory::read_app_passwords(
    std::string_view address) {
  const auto key = mail::parse_account(address);
  if (!key) {
    return std::vector<StoredAppPassword>();
  }
  const std::array<std::string, 2> names{names_.note(LdapNotes::app_passwords, address),
                                         names_.user(*key)};
  const auto found = tree_.read(names, note_attributes);
  if (!found) {
    return found.error();
  }
  std::vector<StoredAppPassword> held;
  if (!(*found)[1]) {
    return held;
  }
  for (const Line& line : note_of(ldap_note((*found)[0]), *(*found)[1])) {
    if (auto one = app_password_of(address, line)) {
      held.push_back(std::move(*one));
    }
  }
  std::sort(held.begin(), held.end(), [](const StoredAppPassword& a, const StoredAppPassword& b) {
    return std::tie(a.entry.created, a.entry.id) < std::tie(b.entry.created, b.entry.id);
  });
  return held;
}

base::Result<void> LdapDirectory::insert_app_password(const StoredAppPassword& entry) {
  const std::string& address = entry.entry.user;
  const auto key = mail::parse_account(address);
  if (!key) {
    return key.error();
  }
  const std::array<std::string, 2> names{names_.note(LdapNotes::app_passwords, address),
                                         names_.user(*key)};
  const auto found = tree_.read(names, note_attributes);
  if (!found) {
    return found.error();
  }
  if (!(*found)[1]) {
    return absent("user", address);
  }
  const LdapNote old = ldap_note((*found)[0]);
  const LdapNote own = note_of(old, *(*found)[1]);
  if (std::any_of(own.begin(), own.end(), [&](const Line& line) {
        const auto one = app_password_of(address, line);
        return one && one->entry.id == entry.entry.id;
      })) {
    return base::make_error(Errc::exists, "there is one of that id");
  }
  if (!own.empty()) {
    return add_line(LdapNotes::app_passwords, address, (*found)[0], value_of(line_of(entry)));
  }
  // None yet, or those of an older account of that name.
  return write_note(LdapNotes::app_passwords, address, {line_of(entry)},
                    ldap_text(*(*found)[1], "createDate"));
}

base::Result<void> LdapDirectory::change_app_password(std::string_view address, std::string_view id,
                                                      std::optional<base::WallTime> used) {
  const std::string name = names_.note(LdapNotes::app_passwords, address);
  const auto found = tree_.read_one(name, note_attributes);
  if (!found) {
    return found.error();
  }
  for (const Line& line : ldap_note(*found)) {
    auto one = app_password_of(address, line);
    if (!one || one->entry.id != id) {
      continue;
    }
    std::vector<LdapEdit> edits{{LdapEdit::How::drop, "description", {value_of(line)}}};
    if (used) {
      one->entry.last_used = used;
      edits.push_back({LdapEdit::How::add, "description", {value_of(line_of(*one))}});
    }
    gather_edits(name, std::move(edits));
    return {};
  }
  return absent("app password", id);
}

base::Result<void> LdapDirectory::erase_app_password(std::string_view address,
                                                     std::string_view id) {
  return change_app_password(address, id, std::nullopt);
}

base::Result<void> LdapDirectory::store_app_password_use(std::string_view address,
                                                         std::string_view id, base::WallTime when) {
  return change_app_password(address, id, when);
}

// What belongs to an owner alone, once it is gone.
base::Result<void> LdapDirectory::forget(std::string_view owner) {
  for (const LdapNotes kind : {LdapNotes::users, LdapNotes::app_passwords, LdapNotes::lists}) {
    if (auto ok = write_note(kind, owner, {}, ""); !ok) {
      return ok;
    }
  }
  return {};
}

}  // namespace directory
