// cli/alias.cc -- the verbs of aliases.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>

#include "base/text.hh"

#include "directory-lib/resolve.hh"
#include "mail-lib/address.hh"

#include "cli/accounts.hh"
#include "cli/alias_warnings.hh"
#include "cli/items.hh"

namespace cli {

namespace {

using base::Errc;
using directory::OpenAs;

constexpr std::array<Column, 5> columns{{
    {"address", "Address"},
    {"targets", "Goes to"},
    {"enabled", "Enabled"},
    {"expires", "Expires"},
    {"created", ""},
}};

std::vector<Cell> cells_of(const directory::Alias& alias) {
  return {text_cell(alias.address), words_cell(alias.targets), flag_cell(alias.enabled),
          date_cell(alias.expires), time_cell(alias.created)};
}

base::Result<void> take_fields(const Arguments& arguments, directory::Alias& alias) {
  return first_error({take(arguments, "expires", parse_date, alias.expires),
                      take(arguments, "enabled", parse_flag, alias.enabled)});
}

std::string goes_to(const directory::Alias& alias) {
  constexpr std::size_t shown = 20;
  return alias.targets.size() > shown ? std::to_string(alias.targets.size()) + " addresses"
                                      : base::join(alias.targets, ", ");
}

base::Result<Item> add_one(directory::Directory& accounts, const Arguments& arguments) {
  directory::Alias alias;
  alias.address = arguments.words.front();
  alias.targets.assign(arguments.words.begin() + 1, arguments.words.end());
  if (auto ok = take_fields(arguments, alias); !ok) {
    return ok.error();
  }
  const auto added = accounts.add_alias(std::move(alias));
  if (!added) {
    return added.error();
  }
  return Item{"added alias " + added->address + " to " + goes_to(*added), cells_of(*added),
              warnings_of(accounts, *added)};
}

// Targets given as words take the place of all; --add and --remove change some.
base::Result<void> take_targets(const Arguments& arguments, directory::Alias& alias) {
  if (arguments.words.size() > 1) {
    alias.targets.assign(arguments.words.begin() + 1, arguments.words.end());
  }
  for (const std::string& target : arguments.values("remove")) {
    const auto same = [&target](const std::string& one) { return base::iequals(one, target); };
    if (std::erase_if(alias.targets, same) == 0) {
      return base::make_error(Errc::not_found,
                              alias.address + " does not go to " + base::printable(target, 80));
    }
  }
  for (std::string& target : arguments.values("add")) {
    alias.targets.push_back(std::move(target));
  }
  return {};
}

base::Result<Item> set_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto changed = accounts.update_alias(
      arguments.words.front(), [&arguments](directory::Alias& alias) -> base::Result<void> {
        auto ok = take_fields(arguments, alias);
        return ok ? take_targets(arguments, alias) : ok;
      });
  if (!changed) {
    return changed.error();
  }
  return Item{"changed alias " + changed->address + ", to " + goes_to(*changed), cells_of(*changed),
              warnings_of(accounts, *changed)};
}

base::Result<Item> remove_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto removed = accounts.remove_alias(arguments.words.front());
  if (!removed) {
    return removed.error();
  }
  return Item{"removed alias " + removed->address + " to " + goes_to(*removed), cells_of(*removed)};
}

constexpr std::array<std::string_view, 2> words{"address", "targets"};
constexpr std::array<std::string_view, 1> address_word{"address"};

base::Result<void> alias_add(Call& call) {
  return run_items(call, {words, {}, columns, add_one});
}

base::Result<void> alias_set(Call& call) {
  return run_items(call, {words, {}, columns, set_one});
}

base::Result<void> alias_del(Call& call) {
  return run_items(call, {address_word, {}, columns, remove_one});
}

base::Result<void> alias_list(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const std::string domain = call.arguments.words.empty() ? "" : call.arguments.words.front();
  return print_pages<directory::Alias>(
      call, columns,
      [&](const std::string& after) {
        return (*accounts)->list_aliases(domain, after, directory::page_limit);
      },
      cells_of, "no aliases yet; posthouse alias add ADDRESS TARGET makes the first");
}

base::Result<void> alias_show(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto alias = (*accounts)->find_alias(call.arguments.words.front());
  if (!alias) {
    return alias.error();
  }
  call.output.record(columns, cells_of(*alias));
  return {};
}

base::Result<void> alias_resolve(Call& call) {
  static constexpr std::array<Column, 2> recipient_columns{
      {{"address", "Recipient"}, {"mailbox", "Mailbox"}}};
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const std::string& address = call.arguments.words.front();
  if (const auto parsed = mail::parse_address(address); parsed && call.arguments.has("as")) {
    if (auto ok = (*accounts)->may_manage(parsed->domain); !ok) {
      return ok.error();
    }
    // Where its own mail goes is a manager's to know, even when that is another's domain.
    (*accounts)->act_as("");
  }
  const auto recipients = directory::resolve(**accounts, address, base::system_clock().now());
  if (!recipients) {
    return recipients.error();
  }
  call.output.begin_list(recipient_columns);
  for (const directory::Recipient& recipient : *recipients) {
    call.output.row({text_cell(recipient.address), flag_cell(recipient.is_mailbox)});
  }
  call.output.end_list("nobody");
  return {};
}

constexpr std::array<Option, 2> add_options{{expires_option, enabled_option}};
constexpr std::array<Option, 4> set_options{{
    {"add", "TARGET", "An address it goes to as well; may be repeated.", true},
    {"remove", "TARGET", "An address it goes to no more; may be repeated.", true},
    expires_option,
    enabled_option,
}};

constexpr std::size_t one_alias = directory::resolve_recipients + 1;  // it and its targets

constexpr std::array<Verb, 6> verbs{{
    {"alias add", "ADDRESS|@DOMAIN TARGET ...",
     "Send mail for an address, or for all unknown ones of a domain, elsewhere.", 2, one_alias,
     add_options, alias_add, Effect::bulk},
    {"alias list",
     "[DOMAIN]",
     "List the aliases of a domain, or all.",
     0,
     1,
     {},
     alias_list,
     Effect::reads},
    {"alias show", "ADDRESS|@DOMAIN", "Show one alias.", 1, 1, {}, alias_show, Effect::reads},
    {"alias set", "ADDRESS|@DOMAIN [TARGET ...]", "Change an alias.", 1, one_alias, set_options,
     alias_set, Effect::bulk},
    {"alias del", "ADDRESS|@DOMAIN", "Remove an alias.", 1, 1, {}, alias_del, Effect::bulk},
    {"alias resolve",
     "ADDRESS",
     "Show where mail for an address ends up.",
     1,
     1,
     {},
     alias_resolve,
     Effect::reads},
}};

}  // namespace

std::span<const Verb> alias_verbs() {
  return verbs;
}

}  // namespace cli
