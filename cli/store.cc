// cli/store.cc -- the verbs of stores: where homes may lie.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <set>
#include <utility>

#include "base/files.hh"
#include "base/text.hh"

#include "directory-lib/webman.hh"

#include "cli/accounts.hh"
#include "cli/items.hh"

namespace cli {

namespace {

using base::Errc;
using directory::OpenAs;

constexpr std::array<Column, 7> columns{{
    {"name", "Store"},
    {"mail_host", "Mail host"},
    {"folder", "Folder"},
    {"weight", "Weight", true},
    {"room", "Room", true},
    {"state", "State"},
    {"created", ""},
}};
constexpr std::array<Column, 2> use_columns{{
    {"users", "Users", true},
    {"allotted", "Given out", true},
}};

std::vector<Cell> cells_of(const directory::Store& store) {
  return {text_cell(store.name),   text_cell(store.mail_host),
          text_cell(store.folder), number_cell(store.weight),
          size_cell(store.room),   text_cell(store.open ? "open" : "closed"),
          time_cell(store.created)};
}

std::vector<Cell> cells_of(const directory::UsedStore& used) {
  auto cells = cells_of(used.store);
  cells.push_back(number_cell(used.use.users));
  cells.push_back(used.use.quota.count == 0 ? json_cell("none", "0") : size_cell(used.use.quota));
  return cells;
}

std::vector<Column> all_columns() {
  std::vector<Column> all(columns.begin(), columns.end());
  all.insert(all.end(), use_columns.begin(), use_columns.end());
  return all;
}

base::Result<bool> parse_state(std::string_view text) {
  if (text == "open" || text == "closed") {
    return text == "open";
  }
  return base::make_error(Errc::malformed, "'" + base::printable(text, 40) + "' is no state",
                          "open or closed");
}

base::Result<void> take_fields(const Arguments& arguments, directory::Store& store) {
  take(arguments, "mail-host", store.mail_host);
  take(arguments, "folder", store.folder);
  return first_error({take(arguments, "weight", parse_count, store.weight),
                      take(arguments, "room", parse_size, store.room),
                      take(arguments, "state", parse_state, store.open)});
}

base::Result<Item> add_one(directory::Directory& accounts, const Arguments& arguments) {
  directory::Store store;
  store.name = arguments.words.front();
  if (auto ok = take_fields(arguments, store); !ok) {
    return ok.error();
  }
  const auto added = accounts.add_store(std::move(store));
  if (!added) {
    return added.error();
  }
  return Item{"added store " + added->name, cells_of(*added)};
}

base::Result<Item> set_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto changed = accounts.update_store(
      arguments.words.front(),
      [&arguments](directory::Store& store) { return take_fields(arguments, store); });
  if (!changed) {
    return changed.error();
  }
  return Item{"changed store " + changed->name, cells_of(*changed)};
}

base::Result<Item> remove_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto found = accounts.find_store(arguments.words.front());
  if (!found) {
    return found.error();
  }
  const auto removed = accounts.remove_store(found->store.name);
  if (!removed) {
    return removed.error();
  }
  Item item{"removed store " + removed->name, cells_of(*removed)};
  if (found->use.users != 0) {
    item.warnings.push_back(std::to_string(found->use.users) +
                            " users stay where they are, on no store");
  }
  return item;
}

constexpr std::array<std::string_view, 1> words{"name"};

base::Result<void> store_add(Call& call) {
  return run_items(call, {words, {}, columns, add_one});
}

base::Result<void> store_set(Call& call) {
  return run_items(call, {words, {}, columns, set_one});
}

base::Result<void> store_del(Call& call) {
  return run_items(call, {words, {}, columns, remove_one});
}

base::Result<void> store_list(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto stores = (*accounts)->list_stores();
  if (!stores) {
    return stores.error();
  }
  const auto all = all_columns();
  call.output.begin_list(all);
  for (const directory::UsedStore& one : *stores) {
    call.output.row(cells_of(one));
  }
  call.output.end_list("no stores: all homes lie below the mail root of this host");
  return {};
}

base::Result<void> store_show(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto store = (*accounts)->find_store(call.arguments.words.front());
  if (!store) {
    return store.error();
  }
  call.output.record(all_columns(), cells_of(*store));
  return {};
}

// What came of webman.cf.
struct Imported {
  std::size_t added = 0;
  std::size_t held = 0;
  std::set<std::string> hosts{};  // of all stores
  std::set<std::string> names{};
};

// A route that is one of the stores already is left alone, whatever the store is called.
base::Result<void> add_route(directory::Directory& accounts, const std::string& route,
                             Imported& done) {
  if (!done.hosts.insert(route).second) {
    ++done.held;
    return {};
  }
  directory::Store store;
  store.mail_host = route;
  store.name = directory::store_name_of(route);
  const std::string name = store.name;
  for (int number = 2; !done.names.insert(store.name).second; ++number) {
    store.name = name + "-" + std::to_string(number);
  }
  const auto added = accounts.add_store(store);
  if (!added) {
    return added.error();
  }
  ++done.added;
  return {};
}

base::Result<void> add_routes(directory::Directory& accounts,
                              const std::vector<std::string>& routes, Imported& done) {
  const auto known = accounts.list_stores();
  if (!known) {
    return known.error();
  }
  for (const directory::UsedStore& one : *known) {
    done.hosts.insert(one.store.mail_host);
    done.names.insert(one.store.name);
  }
  for (const std::string& route : routes) {
    if (auto ok = add_route(accounts, route, done); !ok) {
      return ok;
    }
  }
  return {};
}

// What else the file says, as settings of directory.conf.
std::vector<std::string> settings_of(const directory::Webman& webman) {
  std::vector<std::string> settings;
  for (const auto& [name, value] :
       {std::pair{"mail_root", &webman.mail_root}, std::pair{"domain_hash", &webman.domain_hash},
        std::pair{"user_hash", &webman.user_hash}, std::pair{"extman_quota", &webman.quota},
        std::pair{"default_password_scheme", &webman.scheme}}) {
    if (!value->empty()) {
      settings.push_back(std::string(name) + " = " + *value);
    }
  }
  return settings;
}

base::Result<void> store_import(Call& call) {
  static constexpr std::array<Column, 3> import_columns{
      {{"added", ""}, {"held", ""}, {"settings", ""}}};
  const std::string file = call.arguments.words.front();
  const auto text = base::read_file(file == "-" ? "/dev/stdin" : file);
  if (!text) {
    return text.error();
  }
  const auto webman = directory::parse_webman(*text);
  auto accounts = open_accounts(call, OpenAs::writer);
  if (!accounts) {
    return accounts.error();
  }
  Imported done;
  auto ok = (*accounts)->together([&] { return add_routes(**accounts, webman.routes, done); });
  if (!ok) {
    return ok.error();
  }
  const auto settings = settings_of(webman);
  std::string sentence = (call.arguments.has("dry-run") ? "would have added " : "added ") +
                         std::to_string(done.added) + " stores, " + std::to_string(done.held) +
                         " were there already";
  if (!settings.empty()) {
    sentence += "; for directory.conf it says: " + base::join(settings, ", ");
  }
  call.output.done(sentence, import_columns,
                   {number_cell(done.added), number_cell(done.held), words_cell(settings)});
  if (!webman.problems.empty()) {
    return base::make_error(Errc::malformed,
                            file + ": no mail host: " + base::join(webman.problems, ", "),
                            "the other routes were taken");
  }
  return {};
}

constexpr std::array<Option, 5> field_options{{
    {"mail-host", "HOST", "The host, as users' mail hosts are written; this one when empty."},
    {"folder", "FOLDER", "One folder below the mail root of that host, such as a mounted disk."},
    {"weight", "N", "Its share of new users (1); 0 takes only who is put there by name."},
    {"room", "SIZE", "What the quotas of its users may sum to, as 4T, or none."},
    {"state", "open|closed", "A closed store keeps its users and takes no new ones."},
}};

constexpr std::array<Verb, 6> verbs{{
    {"store add", "NAME", "Name a place for homes.", 1, 1, field_options, store_add, Effect::bulk},
    {"store list",
     "",
     "List all stores, and how full they are.",
     0,
     0,
     {},
     store_list,
     Effect::reads},
    {"store show", "NAME", "Show one store.", 1, 1, {}, store_show, Effect::reads},
    {"store set", "NAME", "Change a store.", 1, 1, field_options, store_set, Effect::bulk},
    {"store del",
     "NAME",
     "Remove a store; its users stay where they are.",
     1,
     1,
     {},
     store_del,
     Effect::bulk},
    {"store import",
     "FILE",
     "Make a store of each route in ExtMan's webman.cf.",
     1,
     1,
     {},
     store_import,
     Effect::writes},
}};

}  // namespace

std::span<const Verb> store_verbs() {
  return verbs;
}

}  // namespace cli
