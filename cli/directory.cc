// cli/directory.cc -- the verbs of domains, users and aliases.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory-lib/directory.hh"

#include <array>
#include <memory>

#include "base/text.hh"

#include "directory-lib/password.hh"
#include "directory-lib/password_digest.hh"
#include "directory-lib/resolve.hh"
#include "mail-lib/address.hh"
#include "maildir-lib/layout.hh"

#include "cli/password_prompt.hh"
#include "cli/values.hh"
#include "cli/verb.hh"

namespace cli {

namespace {

using base::Errc;
using directory::OpenAs;

constexpr std::array<Column, 11> domain_columns{{
    {"name", "Domain"},
    {"description", "Description"},
    {"hash_path", ""},
    {"mail_host", "Mail host"},
    {"max_users", "Users at most", true},
    {"max_aliases", "", true},
    {"max_quota", "Quota at most", true},
    {"default_quota", "Quota of new users", true},
    {"enabled", "Enabled"},
    {"expires", "Expires"},
    {"created", ""},
}};

std::vector<Cell> domain_cells(const directory::Domain& domain) {
  return {
      text_cell(domain.name),      text_cell(domain.description),   text_cell(domain.hash_path),
      text_cell(domain.mail_host), limit_cell(domain.max_users),    limit_cell(domain.max_aliases),
      size_cell(domain.max_quota), size_cell(domain.default_quota), flag_cell(domain.enabled),
      date_cell(domain.expires),   time_cell(domain.created)};
}

constexpr std::array<Column, 10> user_columns{{
    {"address", "Address"},
    {"name", "Name"},
    {"quota", "Quota", true},
    {"disabled", "Disabled services"},
    {"enabled", "Enabled"},
    {"expires", "Expires"},
    {"mail_host", ""},
    {"home", "Home"},
    {"maildir", ""},
    {"created", ""},
}};

std::vector<Cell> user_cells(const directory::User& user) {
  return {text_cell(user.address),      text_cell(user.name),    size_cell(user.quota),
          services_cell(user.disabled), flag_cell(user.enabled), date_cell(user.expires),
          text_cell(user.mail_host),    text_cell(user.home),    text_cell(user.maildir),
          time_cell(user.created)};
}

constexpr std::array<Column, 5> alias_columns{{
    {"address", "Address"},
    {"targets", "Goes to"},
    {"enabled", "Enabled"},
    {"expires", "Expires"},
    {"created", ""},
}};

std::vector<Cell> alias_cells(const directory::Alias& alias) {
  return {text_cell(alias.address), words_cell(alias.targets), flag_cell(alias.enabled),
          date_cell(alias.expires), time_cell(alias.created)};
}

base::Result<std::unique_ptr<directory::Directory>> open_directory(const Call& call, OpenAs mode) {
  const auto config = call.arguments.value("config");
  auto settings = config ? directory::load_settings(*config) : directory::load_settings();
  if (!settings) {
    return settings.error();
  }
  return directory::open(*settings, mode);
}

// Sets `into` when the option is there.
template <typename T>
base::Result<void> take(const Call& call, std::string_view option,
                        base::Result<T> (*parse)(std::string_view), T& into) {
  const auto text = call.arguments.value(option);
  if (!text) {
    return {};
  }
  auto value = parse(*text);
  if (!value) {
    return base::make_error(value.error().code,
                            "--" + std::string(option) + ": " + value.error().detail,
                            value.error().hint);
  }
  into = std::move(*value);
  return {};
}

// All pages of one list.
template <typename T, typename ListPage>
base::Result<void> print_pages(Call& call, std::span<const Column> columns, ListPage list_page,
                               std::vector<Cell> (*cells_of)(const T&), std::string_view nothing) {
  std::string after;
  bool is_begun = false;
  do {
    auto page = list_page(after);
    if (!page) {
      return page.error();
    }
    if (!is_begun) {
      call.output.begin_list(columns);
      is_begun = true;
    }
    for (const T& item : page->items) {
      call.output.row(cells_of(item));
    }
    after = page->next;
  } while (!after.empty());
  call.output.end_list(nothing);
  return {};
}

base::Result<void> domain_add(Call& call) {
  auto accounts = open_directory(call, OpenAs::writer);
  if (!accounts) {
    return accounts.error();
  }
  directory::Domain domain;
  domain.name = call.arguments.words.front();
  domain.description = call.arguments.value("description").value_or("");
  domain.mail_host = call.arguments.value("mail-host").value_or("");
  for (auto ok : {take(call, "max-users", parse_count, domain.max_users),
                  take(call, "max-aliases", parse_count, domain.max_aliases),
                  take(call, "max-quota", parse_size, domain.max_quota),
                  take(call, "default-quota", parse_size, domain.default_quota),
                  take(call, "expires", parse_date, domain.expires)}) {
    if (!ok) {
      return ok.error();
    }
  }
  const auto form = maildir::parse_hash_form((*accounts)->settings().domain_hash);
  if (!form) {
    return form.error();
  }
  domain.hash_path = maildir::random_hash_path(*form);
  const auto added = (*accounts)->add_domain(std::move(domain));
  if (!added) {
    return added.error();
  }
  call.output.done("added domain " + added->name, domain_columns, domain_cells(*added));
  return {};
}

base::Result<void> domain_list(Call& call) {
  auto accounts = open_directory(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  return print_pages<directory::Domain>(
      call, domain_columns,
      [&](const std::string& after) {
        return (*accounts)->list_domains(after, directory::page_limit);
      },
      domain_cells, "no domains yet; posthouse domain add DOMAIN makes the first");
}

base::Result<void> domain_show(Call& call) {
  auto accounts = open_directory(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto domain = (*accounts)->find_domain(call.arguments.words.front());
  if (!domain) {
    return domain.error();
  }
  call.output.record(domain_columns, domain_cells(*domain));
  return {};
}

// The stored form of a password asked for now; empty with --no-password.
base::Result<std::string> ask_password(const Call& call, const std::string& scheme,
                                       const std::string& whose) {
  if (call.arguments.has("no-password")) {
    return std::string();
  }
  auto password = read_new_password(whose, call.arguments.has("password-stdin"));
  if (!password) {
    return password.error();
  }
  auto stored = directory::hash_password(scheme, *password);
  directory::wipe(*password);
  return stored;
}

// What a new user gets from the domain, the settings and the options.
base::Result<directory::User> describe_user(const Call& call, directory::Directory& accounts,
                                            const mail::Address& address) {
  const auto domain = accounts.find_domain(address.domain);
  if (!domain) {
    auto error = domain.error();
    error.hint =
        error.code == Errc::not_found ? "posthouse domain add " + address.domain : error.hint;
    return error;
  }
  directory::User user;
  user.address = address.key();
  user.name = call.arguments.value("name").value_or("");
  user.mail_host = call.arguments.value("mail-host").value_or(domain->mail_host);
  user.quota =
      domain->default_quota.count != 0 ? domain->default_quota : accounts.settings().default_quota;
  user.disabled = domain->disabled;
  for (auto ok : {take(call, "quota", parse_size, user.quota),
                  take(call, "expires", parse_date, user.expires)}) {
    if (!ok) {
      return ok.error();
    }
  }
  for (const std::string& name : call.arguments.values("disable")) {
    const auto service = directory::parse_service(name);
    if (!service) {
      return service.error();
    }
    user.disabled.add(*service);
  }
  const auto form = maildir::parse_hash_form(accounts.settings().user_hash);
  if (!form) {
    return form.error();
  }
  auto home = maildir::home_path(domain->hash_path, domain->name, maildir::random_hash_path(*form),
                                 address.local);
  if (!home) {
    return home.error();
  }
  user.home = std::move(*home);
  return user;
}

base::Result<void> user_add(Call& call) {
  const auto address = mail::parse_account(call.arguments.words.front());
  if (!address) {
    return address.error();
  }
  auto accounts = open_directory(call, OpenAs::writer);
  if (!accounts) {
    return accounts.error();
  }
  auto user = describe_user(call, **accounts, *address);
  if (!user) {
    return user.error();
  }
  // Before the password is asked for; add_user() makes sure.
  if ((*accounts)->find_user(user->address)) {
    return base::make_error(Errc::exists, user->address + " is a user already",
                            "posthouse user passwd " + user->address + " changes the password");
  }
  const auto stored = ask_password(call, (*accounts)->settings().password_scheme, user->address);
  if (!stored) {
    return stored.error();
  }
  const auto added = (*accounts)->add_user(std::move(*user), *stored);
  if (!added) {
    return added.error();
  }
  call.output.done("added user " + added->address + ", home " + added->home, user_columns,
                   user_cells(*added));
  return {};
}

base::Result<void> user_passwd(Call& call) {
  auto accounts = open_directory(call, OpenAs::writer);
  if (!accounts) {
    return accounts.error();
  }
  const auto user = (*accounts)->find_user(call.arguments.words.front());
  if (!user) {
    return user.error();
  }
  const auto stored = ask_password(call, (*accounts)->settings().password_scheme, user->address);
  if (!stored) {
    return stored.error();
  }
  if (auto ok = (*accounts)->set_password(user->address, *stored); !ok) {
    return ok.error();
  }
  const std::string sentence =
      stored->empty() ? "removed the password of " : "changed the password of ";
  call.output.done(sentence + user->address, user_columns, user_cells(*user));
  return {};
}

base::Result<void> user_list(Call& call) {
  auto accounts = open_directory(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const std::string domain = call.arguments.words.empty() ? "" : call.arguments.words.front();
  return print_pages<directory::User>(
      call, user_columns,
      [&](const std::string& after) {
        return (*accounts)->list_users(domain, after, directory::page_limit);
      },
      user_cells, "no users yet; posthouse user add ADDRESS makes the first");
}

base::Result<void> user_show(Call& call) {
  auto accounts = open_directory(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto user = (*accounts)->find_user(call.arguments.words.front());
  if (!user) {
    return user.error();
  }
  call.output.record(user_columns, user_cells(*user));
  return {};
}

base::Result<void> alias_add(Call& call) {
  auto accounts = open_directory(call, OpenAs::writer);
  if (!accounts) {
    return accounts.error();
  }
  directory::Alias alias;
  alias.address = call.arguments.words.front();
  alias.targets.assign(call.arguments.words.begin() + 1, call.arguments.words.end());
  if (auto ok = take(call, "expires", parse_date, alias.expires); !ok) {
    return ok.error();
  }
  const auto added = (*accounts)->add_alias(std::move(alias));
  if (!added) {
    return added.error();
  }
  call.output.done("added alias " + added->address + " to " + base::join(added->targets, ", "),
                   alias_columns, alias_cells(*added));
  return {};
}

base::Result<void> alias_list(Call& call) {
  auto accounts = open_directory(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const std::string domain = call.arguments.words.empty() ? "" : call.arguments.words.front();
  return print_pages<directory::Alias>(
      call, alias_columns,
      [&](const std::string& after) {
        return (*accounts)->list_aliases(domain, after, directory::page_limit);
      },
      alias_cells, "no aliases yet; posthouse alias add ADDRESS TARGET makes the first");
}

base::Result<void> alias_resolve(Call& call) {
  static constexpr std::array<Column, 2> columns{
      {{"address", "Recipient"}, {"mailbox", "Mailbox"}}};
  auto accounts = open_directory(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto recipients =
      directory::resolve(**accounts, call.arguments.words.front(), base::system_clock().now());
  if (!recipients) {
    return recipients.error();
  }
  call.output.begin_list(columns);
  for (const directory::Recipient& recipient : *recipients) {
    call.output.row({text_cell(recipient.address), flag_cell(recipient.is_mailbox)});
  }
  call.output.end_list("nobody");
  return {};
}

constexpr Option expires_option{"expires", "DATE",
                                "The last day it is valid, as 2030-12-31 (UTC)."};
constexpr Option mail_host_option{"mail-host", "HOST",
                                  "The host that holds the mail; this one when absent."};
constexpr Option stdin_option{"password-stdin", "",
                              "Read the password from the first line of standard input, even at a "
                              "terminal."};
constexpr Option no_password_option{"no-password", "",
                                    "Store no password, so that nobody can log in."};

constexpr std::array<Option, 7> domain_add_options{{
    {"description", "TEXT", "What the domain is, for people."},
    {"max-users", "N", "How many users it may have; 0 for no limit."},
    {"max-aliases", "N", "How many aliases it may have; 0 for no limit."},
    {"max-quota", "SIZE", "What its users' quotas may sum to, as 500G, or none."},
    {"default-quota", "SIZE", "The quota of its new users, as 2G, or none."},
    mail_host_option,
    expires_option,
}};
constexpr std::array<Option, 7> user_add_options{{
    {"name", "TEXT", "The person's name."},
    {"quota", "SIZE", "How much mail the user may keep, as 500M or 2G, or none."},
    {"disable", "SERVICE",
     "A service the user may not use: receive, submission, imap, pop3, sieve, webmail or netdisk; "
     "may be repeated.",
     true},
    mail_host_option,
    expires_option,
    stdin_option,
    no_password_option,
}};
constexpr std::array<Option, 2> user_passwd_options{{stdin_option, no_password_option}};
constexpr std::array<Option, 1> alias_add_options{{expires_option}};

constexpr std::size_t one_alias = directory::resolve_recipients + 1;  // it and its targets

constexpr std::array<Verb, 10> verbs{{
    {"domain add", "DOMAIN", "Make a domain.", 1, 1, domain_add_options, domain_add},
    {"domain list", "", "List all domains.", 0, 0, {}, domain_list},
    {"domain show", "DOMAIN", "Show one domain.", 1, 1, {}, domain_show},
    {"user add", "ADDRESS", "Make a user with a mailbox.", 1, 1, user_add_options, user_add},
    {"user list", "[DOMAIN]", "List the users of a domain, or all.", 0, 1, {}, user_list},
    {"user passwd", "ADDRESS", "Change a user's password.", 1, 1, user_passwd_options, user_passwd},
    {"user show", "ADDRESS", "Show one user.", 1, 1, {}, user_show},
    {"alias add", "ADDRESS|@DOMAIN TARGET ...",
     "Send mail for an address, or for all unknown ones of a domain, elsewhere.", 2, one_alias,
     alias_add_options, alias_add},
    {"alias list", "[DOMAIN]", "List the aliases of a domain, or all.", 0, 1, {}, alias_list},
    {"alias resolve",
     "ADDRESS",
     "Show where mail for an address ends up.",
     1,
     1,
     {},
     alias_resolve},
}};

}  // namespace

std::span<const Verb> directory_verbs() {
  return verbs;
}

}  // namespace cli
