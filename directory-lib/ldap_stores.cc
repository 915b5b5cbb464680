// directory-lib/ldap_stores.cc -- stores in notes beside the tree, and who is on them.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A store's note has the lines "host HOST", "folder FOLDER", "weight N", "room BYTES",
// "state open" or "state closed", and "created MS"; HOST and FOLDER as ldap_ascii() writes them.
#include <algorithm>
#include <array>

#include "base/text.hh"

#include "directory-lib/extman.hh"
#include "directory-lib/ldap_directory.hh"
#include "directory-lib/ldap_names.hh"
#include "directory-lib/rules.hh"

namespace directory {

namespace {

std::uint64_t number_of(const LdapNote& note, std::string_view word) {
  return base::parse_number<std::uint64_t>(note_text(note, word)).value_or(0);
}

Store store_of_note(std::string_view name, const LdapNote& note) {
  Store store;
  store.name = name;
  store.mail_host = ldap_unascii(note_text(note, "host"));
  store.folder = ldap_unascii(note_text(note, "folder"));
  store.weight = number_of(note, "weight");
  store.room = {number_of(note, "room")};
  store.open = note_text(note, "state") != "closed";
  store.created = base::WallTime(
      std::chrono::milliseconds(static_cast<std::int64_t>(number_of(note, "created"))));
  return store;
}

LdapNote note_of_store(const Store& store) {
  LdapNote note{{"weight", std::to_string(store.weight)},
                {"room", std::to_string(store.room.count)},
                {"state", store.open ? "open" : "closed"},
                {"created", std::to_string(store.created.time_since_epoch().count())}};
  if (!store.mail_host.empty()) {
    set_note(note, "host", ldap_ascii(store.mail_host));
  }
  if (!store.folder.empty()) {
    set_note(note, "folder", ldap_ascii(store.folder));
  }
  return note;
}

}  // namespace

base::Result<std::vector<Store>> LdapDirectory::read_stores() {
  const auto found =
      tree_.search({names_.notes(LdapNotes::stores), ldap_all("applicationProcess"), {"cn"}});
  if (!found) {
    return found.error();
  }
  std::vector<std::string> keys;
  for (const LdapAttributes& entry : *found) {
    keys.push_back(ldap_unascii(ldap_text(entry, "cn")));
  }
  // By name, with what is gathered: one that was just made is among them, one that is gone is not.
  tree_.replay(LdapList::stores, [&keys](const std::string& key, LdapChange::Kind kind) {
    std::erase(keys, key);
    if (kind != LdapChange::Kind::remove) {
      keys.push_back(key);
    }
  });
  std::sort(keys.begin(), keys.end());
  std::vector<std::string> names;
  names.reserve(keys.size());
  for (const std::string& key : keys) {
    names.push_back(names_.note(LdapNotes::stores, key));
  }
  static const std::array<std::string, 1> wanted{"description"};
  const auto entries = tree_.read(names, wanted);
  if (!entries) {
    return entries.error();
  }
  std::vector<Store> stores;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if ((*entries)[i]) {
      stores.push_back(store_of_note(keys[i], ldap_note((*entries)[i])));
    }
  }
  return stores;
}

// A domain at a time, so that the memory does not grow with the site. What is only gathered is not
// counted: the caller keeps its own account of that.
base::Result<std::vector<StoreUse>> LdapDirectory::read_use(std::span<const Store> stores) {
  StoreTally tally(stores);
  if (stores.empty()) {
    return tally.take();
  }
  const auto domains = scan(LdapList::domains, "");
  if (!domains) {
    return domains.error();
  }
  for (const std::string& domain : *domains) {
    const auto users =
        tree_.search({names_.domain(domain),
                      ldap_all("extmailUser"),
                      {"mailHost", "homeDirectory", "mailMessageStore", "mailQuota"}});
    if (!users) {
      return users.error();
    }
    for (const LdapAttributes& entry : *users) {
      const auto path = [&entry](std::string_view name) {
        return ldap_unascii(ldap_text(entry, name));
      };
      tally.add(path("mailHost"),
                extman::stored_home(path("homeDirectory"), path("mailMessageStore")), 1,
                extman::parse_quota(ldap_text(entry, "mailQuota")).value_or(base::Bytes()));
    }
  }
  return tally.take();
}

base::Result<void> LdapDirectory::insert_store(const Store& store) {
  const std::string name = names_.note(LdapNotes::stores, store.name);
  tree_.gather(ldap_addition(name,
                             {{"cn", {ldap_ascii(store.name)}},
                              {"description", note_values(note_of_store(store))}},
                             {"top", "applicationProcess"}),
               LdapList::stores, store.name);
  return {};
}

base::Result<void> LdapDirectory::replace_store(const Store& store) {
  const std::string name = names_.note(LdapNotes::stores, store.name);
  if (const auto found = read_entry(name, absent("store", store.name)); !found) {
    return found.error();
  }
  gather_edits(name, {{LdapEdit::How::replace, "description", note_values(note_of_store(store))}},
               LdapList::stores, store.name);
  return {};
}

base::Result<void> LdapDirectory::erase_store(std::string_view name) {
  const std::string entry = names_.note(LdapNotes::stores, name);
  if (const auto found = read_entry(entry, absent("store", name)); !found) {
    return found.error();
  }
  tree_.gather({LdapChange::Kind::remove, entry, {}, {}}, LdapList::stores, std::string(name));
  return {};
}

}  // namespace directory
