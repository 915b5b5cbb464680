// cli/domain.cc -- the verbs of domains.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "maildir-lib/layout.hh"

#include "cli/accounts.hh"
#include "cli/alias_warnings.hh"
#include "cli/items.hh"

namespace cli {

namespace {

using directory::OpenAs;

constexpr std::array<Column, 13> columns{{
    {"name", "Domain"},
    {"description", "Description"},
    {"hash_path", ""},
    {"mail_host", "Mail host"},
    {"max_users", "Users at most", true},
    {"max_aliases", "", true},
    {"max_quota", "Quota at most", true},
    {"default_quota", "Quota of new users", true},
    {"default_term", ""},
    {"disabled", "Without"},
    {"enabled", "Enabled"},
    {"expires", "Expires"},
    {"created", ""},
}};

std::vector<Cell> cells_of(const directory::Domain& domain) {
  return {text_cell(domain.name),         text_cell(domain.description),
          text_cell(domain.hash_path),    text_cell(domain.mail_host),
          limit_cell(domain.max_users),   limit_cell(domain.max_aliases),
          size_cell(domain.max_quota),    size_cell(domain.default_quota),
          text_cell(domain.default_term), services_cell(domain.disabled),
          flag_cell(domain.enabled),      date_cell(domain.expires),
          time_cell(domain.created)};
}

base::Result<void> take_fields(const Arguments& arguments, directory::Domain& domain) {
  take(arguments, "description", domain.description);
  take(arguments, "mail-host", domain.mail_host);
  take(arguments, "default-term", domain.default_term);
  return first_error({take(arguments, "max-users", parse_count, domain.max_users),
                      take(arguments, "max-aliases", parse_count, domain.max_aliases),
                      take(arguments, "max-quota", parse_size, domain.max_quota),
                      take(arguments, "default-quota", parse_size, domain.default_quota),
                      take(arguments, "enabled", parse_flag, domain.enabled),
                      take(arguments, "expires", parse_date, domain.expires),
                      take_services(arguments, domain.disabled)});
}

base::Result<Item> add_one(directory::Directory& accounts, const Arguments& arguments) {
  directory::Domain domain;
  domain.name = arguments.words.front();
  if (auto ok = take_fields(arguments, domain); !ok) {
    return ok.error();
  }
  const auto form = maildir::parse_hash_form(accounts.settings().domain_hash);
  if (!form) {
    return form.error();
  }
  domain.hash_path = maildir::random_hash_path(*form);
  const auto added = accounts.add_domain(std::move(domain));
  if (!added) {
    return added.error();
  }
  return Item{"added domain " + added->name, cells_of(*added)};
}

base::Result<Item> set_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto changed = accounts.update_domain(
      arguments.words.front(),
      [&arguments](directory::Domain& domain) { return take_fields(arguments, domain); });
  if (!changed) {
    return changed.error();
  }
  return Item{"changed domain " + changed->name, cells_of(*changed)};
}

constexpr std::array<Column, 3> removed_columns{
    {{"name", "Domain"}, {"users", "Users"}, {"aliases", "Aliases"}}};

base::Result<Item> remove_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto removed = accounts.remove_domain(arguments.words.front(), arguments.has("recursive"));
  if (!removed) {
    return removed.error();
  }
  std::string sentence = "removed domain " + removed->domain.name;
  if (removed->users + removed->aliases != 0) {
    sentence += " with " + std::to_string(removed->users) + " users and " +
                std::to_string(removed->aliases) + " aliases";
  }
  if (removed->users != 0) {
    sentence += "; their mail stays below " + accounts.settings().mail_root;
  }
  return Item{
      std::move(sentence),
      {text_cell(removed->domain.name), number_cell(removed->users), number_cell(removed->aliases)},
      {},
      removed->domain.name};
}

constexpr std::array<std::string_view, 1> words{"domain"};

base::Result<void> domain_add(Call& call) {
  return run_items(call, {words, {}, columns, add_one});
}

base::Result<void> domain_set(Call& call) {
  return run_items(call, {words, {}, columns, set_one});
}

base::Result<void> domain_del(Call& call) {
  return run_items(call, {words, {}, removed_columns, remove_one, warn_of_aliases});
}

base::Result<void> domain_list(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  return print_pages<directory::Domain>(
      call, columns,
      [&](const std::string& after) {
        return (*accounts)->list_domains(after, directory::page_limit);
      },
      cells_of, "no domains yet; posthouse domain add DOMAIN makes the first");
}

base::Result<void> domain_show(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto domain = (*accounts)->find_domain(call.arguments.words.front());
  if (!domain) {
    return domain.error();
  }
  const auto used = (*accounts)->find_allotment(domain->name);
  if (!used) {
    return used.error();
  }
  std::vector<Column> all(columns.begin(), columns.end());
  std::vector<Cell> cells = cells_of(*domain);
  for (const auto& [column, cell] :
       {std::pair(Column{"users", "Users"}, number_cell(used->users)),
        std::pair(Column{"aliases", "Aliases"}, number_cell(used->aliases)),
        std::pair(Column{"allotted", "Quota given out"},
                  used->quota.count == 0 ? json_cell("none", "0") : size_cell(used->quota))}) {
    all.push_back(column);
    cells.push_back(cell);
  }
  call.output.record(all, cells);
  return {};
}

constexpr std::array<Option, 11> field_options{{
    {"description", "TEXT", "What the domain is, for people."},
    {"max-users", "N", "How many users it may have; 0 for no limit."},
    {"max-aliases", "N", "How many aliases it may have; 0 for no limit."},
    {"max-quota", "SIZE", "What its users' quotas may sum to, as 500G, or none."},
    {"default-quota", "SIZE", "The quota of its new users, as 2G, or none."},
    {"default-term", "TERM", "How long its new users are valid, as 90d, 6m or 1y; 0 for ever."},
    {"disable", "SERVICE", "A service that new users start without.", true},
    {"enable", "SERVICE", "A service that they have again.", true},
    mail_host_option,
    enabled_option,
    expires_option,
}};
constexpr std::array<Option, 1> del_options{
    {{"recursive", "", "With all its users and aliases; their mail stays."}}};

constexpr std::array<Verb, 5> verbs{{
    {"domain add", "DOMAIN", "Make a domain.", 1, 1, field_options, domain_add, Effect::bulk},
    {"domain list", "", "List all domains.", 0, 0, {}, domain_list, Effect::reads},
    {"domain show", "DOMAIN", "Show one domain.", 1, 1, {}, domain_show, Effect::reads},
    {"domain set", "DOMAIN", "Change a domain.", 1, 1, field_options, domain_set, Effect::bulk},
    {"domain del", "DOMAIN", "Remove a domain.", 1, 1, del_options, domain_del, Effect::bulk},
}};

}  // namespace

std::span<const Verb> domain_verbs() {
  return verbs;
}

}  // namespace cli
