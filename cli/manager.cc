// cli/manager.cc -- the verbs of managers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "base/text.hh"

#include "cli/accounts.hh"
#include "cli/items.hh"

namespace cli {

namespace {

using base::Errc;
using directory::OpenAs;

constexpr std::array<Column, 8> columns{{
    {"address", "Manager"},
    {"name", "Name"},
    {"level", "Level"},
    {"domains", "Domains"},
    {"enabled", "Enabled"},
    {"expires", "Expires"},
    {"may_change_password", ""},
    {"created", ""},
}};

std::vector<Cell> cells_of(const directory::ManagerAccount& manager) {
  const bool is_admin = manager.level == directory::ManagerLevel::admin;
  return {text_cell(manager.address),
          text_cell(manager.name),
          text_cell(directory::manager_level_name(manager.level)),
          is_admin ? json_cell("all", "[]") : words_cell(manager.domains),
          flag_cell(manager.enabled),
          date_cell(manager.expires),
          flag_cell(manager.may_change_password),
          time_cell(manager.created)};
}

// --domain gives and --no-domain takes away.
void take_domains(const Arguments& arguments, directory::ManagerAccount& manager) {
  for (std::string& domain : arguments.values("domain")) {
    manager.domains.push_back(std::move(domain));
  }
  for (const std::string& domain : arguments.values("no-domain")) {
    std::erase_if(manager.domains,
                  [&domain](const std::string& one) { return base::iequals(one, domain); });
  }
}

base::Result<void> take_fields(const Arguments& arguments, directory::ManagerAccount& manager) {
  take(arguments, "name", manager.name);
  take_domains(arguments, manager);
  return first_error({take(arguments, "level", directory::parse_manager_level, manager.level),
                      take(arguments, "enabled", parse_flag, manager.enabled),
                      take(arguments, "change-password", parse_flag, manager.may_change_password),
                      take(arguments, "expires", parse_date, manager.expires)});
}

base::Result<Item> add_one(directory::Directory& accounts, const Arguments& arguments) {
  directory::ManagerAccount manager;
  manager.address = arguments.words.front();
  if (auto ok = take_fields(arguments, manager); !ok) {
    return ok.error();
  }
  // Before the password is asked for; add_manager() makes sure.
  const auto there = accounts.find_manager(manager.address);
  if (there || there.error().code != Errc::not_found) {
    return there ? base::make_error(Errc::exists, there->address + " is a manager already")
                 : there.error();
  }
  const auto stored =
      take_password(arguments, accounts.settings().password_scheme, manager.address);
  if (!stored) {
    return stored.error();
  }
  const auto added = accounts.add_manager(std::move(manager), *stored);
  if (!added) {
    return added.error();
  }
  return Item{
      "added " + std::string(directory::manager_level_name(added->level)) + " " + added->address,
      cells_of(*added)};
}

base::Result<Item> set_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto changed = accounts.update_manager(
      arguments.words.front(),
      [&arguments](directory::ManagerAccount& manager) { return take_fields(arguments, manager); });
  if (!changed) {
    return changed.error();
  }
  return Item{"changed manager " + changed->address, cells_of(*changed)};
}

base::Result<Item> remove_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto removed = accounts.remove_manager(arguments.words.front());
  if (!removed) {
    return removed.error();
  }
  return Item{"removed manager " + removed->address, cells_of(*removed)};
}

base::Result<Item> change_password(directory::Directory& accounts, const Arguments& arguments) {
  const auto manager = accounts.find_manager(arguments.words.front());
  if (!manager) {
    return manager.error();
  }
  const auto stored =
      take_password(arguments, accounts.settings().password_scheme, manager->address);
  if (!stored) {
    return stored.error();
  }
  if (auto ok = accounts.set_manager_password(manager->address, *stored); !ok) {
    return ok.error();
  }
  const std::string sentence =
      stored->empty() ? "removed the password of " : "changed the password of ";
  return Item{sentence + manager->address, cells_of(*manager)};
}

constexpr std::array<std::string_view, 1> words{"address"};
constexpr std::array<std::string_view, 2> secrets{"password", "password-hash"};

base::Result<void> manager_add(Call& call) {
  return run_items(call, {words, secrets, columns, add_one});
}

base::Result<void> manager_set(Call& call) {
  return run_items(call, {words, {}, columns, set_one});
}

base::Result<void> manager_del(Call& call) {
  return run_items(call, {words, {}, columns, remove_one});
}

base::Result<void> manager_passwd(Call& call) {
  return run_items(call, {words, secrets, columns, change_password});
}

base::Result<void> manager_list(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  return print_pages<directory::ManagerAccount>(
      call, columns,
      [&](const std::string& after) {
        return (*accounts)->list_managers(after, directory::page_limit);
      },
      cells_of, "no managers yet; posthouse manager add ADDRESS makes the first");
}

base::Result<void> manager_show(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto manager = (*accounts)->find_manager(call.arguments.words.front());
  if (!manager) {
    return manager.error();
  }
  call.output.record(columns, cells_of(*manager));
  return {};
}

constexpr Option name_option{"name", "TEXT", "The person's name."};
constexpr Option level_option{"level", "LEVEL",
                              "admin, who may do everything, or postmaster, who looks after "
                              "domains within their limits; postmaster otherwise."};
constexpr Option domain_option{"domain", "DOMAIN",
                               "A domain the postmaster looks after; may be repeated.", true};
constexpr Option change_option{"change-password", "yes|no",
                               "No: only an admin may change the password."};
constexpr std::array<Option, 8> add_options{{
    name_option,
    level_option,
    domain_option,
    enabled_option,
    change_option,
    expires_option,
    stdin_option,
    no_password_option,
}};
constexpr std::array<Option, 7> set_options{{
    name_option,
    level_option,
    domain_option,
    {"no-domain", "DOMAIN", "A domain taken from the postmaster; may be repeated.", true},
    enabled_option,
    change_option,
    expires_option,
}};
constexpr std::array<Option, 2> passwd_options{{stdin_option, no_password_option}};

constexpr std::array<Verb, 6> verbs{{
    {"manager add", "ADDRESS", "Make a manager.", 1, 1, add_options, manager_add, Effect::bulk},
    {"manager list", "", "List all managers.", 0, 0, {}, manager_list, Effect::reads},
    {"manager show", "ADDRESS", "Show one manager.", 1, 1, {}, manager_show, Effect::reads},
    {"manager set", "ADDRESS", "Change a manager.", 1, 1, set_options, manager_set, Effect::bulk},
    {"manager del", "ADDRESS", "Remove a manager.", 1, 1, {}, manager_del, Effect::bulk},
    {"manager passwd", "ADDRESS", "Change a manager's password.", 1, 1, passwd_options,
     manager_passwd, Effect::bulk},
}};

}  // namespace

std::span<const Verb> manager_verbs() {
  return verbs;
}

}  // namespace cli
