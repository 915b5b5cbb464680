// cli/user.cc -- the verbs of users.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "mail-lib/address.hh"
#include "maildir-lib/layout.hh"

#include "cli/accounts.hh"
#include "cli/alias_warnings.hh"
#include "cli/items.hh"

namespace cli {

namespace {

using base::Errc;
using directory::OpenAs;

constexpr std::array<Column, 12> columns{{
    {"address", "Address"},
    {"name", "Name"},
    {"quota", "Quota", true},
    {"disabled", "Disabled services"},
    {"enabled", "Enabled"},
    {"expires", "Expires"},
    {"mail_host", ""},
    {"home", "Home"},
    {"maildir", ""},
    {"may_change_password", ""},
    {"greylist", ""},
    {"created", ""},
}};

std::vector<Cell> cells_of(const directory::User& user) {
  return {text_cell(user.address),   text_cell(user.name),
          size_cell(user.quota),     services_cell(user.disabled),
          flag_cell(user.enabled),   date_cell(user.expires),
          text_cell(user.mail_host), text_cell(user.home),
          text_cell(user.maildir),   flag_cell(user.may_change_password),
          flag_cell(user.greylist),  time_cell(user.created)};
}

base::Result<void> take_fields(const Arguments& arguments, directory::User& user) {
  take(arguments, "name", user.name);
  take(arguments, "mail-host", user.mail_host);
  return first_error({take(arguments, "quota", parse_size, user.quota),
                      take(arguments, "expires", parse_date, user.expires),
                      take(arguments, "enabled", parse_flag, user.enabled),
                      take(arguments, "greylist", parse_flag, user.greylist),
                      take(arguments, "change-password", parse_flag, user.may_change_password),
                      take_services(arguments, user.disabled)});
}

// --home and --maildir, which are for accounts that come from elsewhere.
base::Result<void> take_places(const Arguments& arguments, directory::User& user) {
  for (const std::string_view option : {"home", "maildir"}) {
    if (const auto path = arguments.value(option)) {
      if (auto ok = maildir::check_relative_path(*path); !ok) {
        return ok.error();
      }
    }
  }
  if (const auto home = arguments.value("home")) {
    if (user.maildir == user.home + "/Maildir") {
      user.maildir = *home + "/Maildir";
    }
    user.home = *home;
  }
  take(arguments, "maildir", user.maildir);
  return {};
}

// What a new user gets from the domain and the settings.
base::Result<directory::User> born_in(directory::Directory& accounts,
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
  user.mail_host = domain->mail_host;
  user.quota =
      domain->default_quota.count != 0 ? domain->default_quota : accounts.settings().default_quota;
  user.disabled = domain->disabled;
  const auto expires = directory::expiry_after(domain->default_term, base::system_clock().now());
  if (!expires) {
    return expires.error();
  }
  user.expires = *expires;
  return user;
}

// The path of a new home: the store's folder, the domain's, a hash that is drawn now, the user's.
base::Result<std::string> new_home(const directory::Settings& settings,
                                   const directory::Store& store, const directory::Domain& domain,
                                   const std::string& local) {
  const auto form = maildir::parse_hash_form(settings.user_hash);
  if (!form) {
    return form.error();
  }
  auto home =
      maildir::home_path(domain.hash_path, domain.name, maildir::random_hash_path(*form), local);
  return home ? base::Result<std::string>(directory::path_on(nullptr, store, *home)) : home.error();
}

// On a store, unless the command line says where the home is.
base::Result<directory::User> add_placed(directory::Directory& accounts, directory::User user,
                                         const Arguments& arguments, const std::string& stored) {
  if (arguments.has("home")) {
    return accounts.add_user(std::move(user), stored);
  }
  directory::Placing placing;
  placing.store = arguments.value("store").value_or("");
  const std::string local = user.address.substr(0, user.address.rfind('@'));
  placing.home = [&accounts, local](const directory::Store& store,
                                    const directory::Domain& domain) {
    return new_home(accounts.settings(), store, domain, local);
  };
  return accounts.place_user(std::move(user), stored, placing);
}

base::Result<Item> add_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto address = mail::parse_account(arguments.words.front());
  if (!address) {
    return address.error();
  }
  auto user = born_in(accounts, *address);
  if (!user) {
    return user.error();
  }
  if (auto ok = first_error({take_fields(arguments, *user), take_places(arguments, *user)}); !ok) {
    return ok.error();
  }
  if (arguments.has("store") && (arguments.has("home") || arguments.has("mail-host"))) {
    return base::make_error(Errc::malformed, "--store says both host and home",
                            "leave out --home and --mail-host");
  }
  // Before the password is asked for; add_user() makes sure.
  if (accounts.find_user(user->address)) {
    return base::make_error(Errc::exists, user->address + " is a user already",
                            "posthouse user passwd " + user->address + " changes the password");
  }
  const auto stored = take_password(arguments, accounts.settings().password_scheme, user->address);
  if (!stored) {
    return stored.error();
  }
  const auto added = add_placed(accounts, std::move(*user), arguments, *stored);
  if (!added) {
    return added.error();
  }
  const std::string where = added->mail_host.empty() ? "" : " on " + added->mail_host;
  return Item{"added user " + added->address + ", home " + added->home + where, cells_of(*added)};
}

base::Result<Item> set_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto changed = accounts.update_user(
      arguments.words.front(), [&arguments](directory::User& user) -> base::Result<void> {
        auto ok = take_fields(arguments, user);
        return ok ? take_places(arguments, user) : ok;
      });
  if (!changed) {
    return changed.error();
  }
  return Item{"changed user " + changed->address, cells_of(*changed)};
}

base::Result<Item> remove_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto removed = accounts.remove_user(arguments.words.front());
  if (!removed) {
    return removed.error();
  }
  const std::string where = removed->mail_host.empty() ? "" : " on " + removed->mail_host;
  return Item{"removed user " + removed->address + "; its mail stays in " +
                  accounts.settings().mail_root + "/" + removed->maildir + where,
              cells_of(*removed),
              {},
              removed->address};
}

base::Result<Item> move_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto to = arguments.value("to");
  if (!to) {
    return base::make_error(Errc::malformed, "--to is missing", "--to STORE says where to");
  }
  const auto moved = accounts.move_user(arguments.words.front(), *to);
  if (!moved) {
    return moved.error();
  }
  const auto place = [&accounts](const directory::User& user) {
    return (user.mail_host.empty() ? "" : user.mail_host + ":") + accounts.settings().mail_root +
           "/" + user.maildir;
  };
  const std::string from = moved->from.empty() ? "no store" : moved->from;
  return Item{"moved user " + moved->after.address + " from " + from + " to " + moved->to +
                  " in the directory; its mail has yet to be moved: " + place(moved->before) +
                  " to " + place(moved->after),
              {text_cell(moved->after.address), text_cell(moved->from), text_cell(moved->to),
               text_cell(moved->before.mail_host), text_cell(moved->before.maildir),
               text_cell(moved->after.mail_host), text_cell(moved->after.maildir)}};
}

base::Result<Item> change_password(directory::Directory& accounts, const Arguments& arguments) {
  const auto user = accounts.find_user(arguments.words.front());
  if (!user) {
    return user.error();
  }
  const auto stored = take_password(arguments, accounts.settings().password_scheme, user->address);
  if (!stored) {
    return stored.error();
  }
  if (auto ok = accounts.set_password(user->address, *stored); !ok) {
    return ok.error();
  }
  const std::string sentence =
      stored->empty() ? "removed the password of " : "changed the password of ";
  return Item{sentence + user->address, cells_of(*user)};
}

constexpr std::array<Column, 7> moved_columns{{
    {"address", "Address"},
    {"from", "From"},
    {"to", "To"},
    {"from_host", ""},
    {"from_maildir", "Mail was in"},
    {"to_host", ""},
    {"to_maildir", "Mail belongs in"},
}};

constexpr std::array<std::string_view, 1> words{"address"};
constexpr std::array<std::string_view, 2> secrets{"password", "password-hash"};

base::Result<void> user_add(Call& call) {
  return run_items(call, {words, secrets, columns, add_one});
}

base::Result<void> user_set(Call& call) {
  return run_items(call, {words, {}, columns, set_one});
}

base::Result<void> user_del(Call& call) {
  return run_items(call, {words, {}, columns, remove_one, warn_of_aliases});
}

base::Result<void> user_move(Call& call) {
  return run_items(call, {words, {}, moved_columns, move_one});
}

base::Result<void> user_passwd(Call& call) {
  return run_items(call, {words, secrets, columns, change_password});
}

base::Result<void> user_list(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const std::string domain = call.arguments.words.empty() ? "" : call.arguments.words.front();
  return print_pages<directory::User>(
      call, columns,
      [&](const std::string& after) {
        return (*accounts)->list_users(domain, after, directory::page_limit);
      },
      cells_of, "no users yet; posthouse user add ADDRESS makes the first");
}

base::Result<void> user_show(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto user = (*accounts)->find_user(call.arguments.words.front());
  if (!user) {
    return user.error();
  }
  call.output.record(columns, cells_of(*user));
  return {};
}

constexpr Option name_option{"name", "TEXT", "The person's name."};
constexpr Option quota_option{"quota", "SIZE",
                              "How much mail the user may keep, as 500M or 2G, or none."};
constexpr Option disable_option{
    "disable", "SERVICE",
    "A service the user may not use: receive, submission, imap, pop3, sieve, webmail or netdisk; "
    "may be repeated.",
    true};
constexpr Option enable_option{"enable", "SERVICE", "A service the user may use again.", true};
constexpr Option greylist_option{"greylist", "yes|no",
                                 "No: mail to the user is never put off by the greylist."};
constexpr Option change_option{"change-password", "yes|no",
                               "No: only an administrator may change the password."};
constexpr Option home_option{"home", "PATH", "The home, relative to the mail root."};
constexpr Option maildir_option{"maildir", "PATH",
                                "The Maildir, relative to the mail root; HOME/Maildir otherwise."};
constexpr std::array<Option, 11> set_options{{
    name_option,
    quota_option,
    disable_option,
    enable_option,
    mail_host_option,
    expires_option,
    enabled_option,
    greylist_option,
    change_option,
    home_option,
    maildir_option,
}};
constexpr Option store_option{"store", "STORE",
                              "Put the home on this store; one is chosen otherwise."};
constexpr std::array<Option, 1> move_options{{{"to", "STORE", "The store that is to have it."}}};
constexpr std::array<Option, 14> add_options{{
    name_option,
    quota_option,
    disable_option,
    enable_option,
    mail_host_option,
    expires_option,
    enabled_option,
    greylist_option,
    change_option,
    home_option,
    maildir_option,
    store_option,
    stdin_option,
    no_password_option,
}};
constexpr std::array<Option, 2> passwd_options{{stdin_option, no_password_option}};

constexpr std::array<Verb, 7> verbs{{
    {"user add", "ADDRESS", "Make a user with a mailbox.", 1, 1, add_options, user_add,
     Effect::bulk},
    {"user list",
     "[DOMAIN]",
     "List the users of a domain, or all.",
     0,
     1,
     {},
     user_list,
     Effect::reads},
    {"user show", "ADDRESS", "Show one user.", 1, 1, {}, user_show, Effect::reads},
    {"user set", "ADDRESS", "Change a user.", 1, 1, set_options, user_set, Effect::bulk},
    {"user del", "ADDRESS", "Remove a user; the mail stays.", 1, 1, {}, user_del, Effect::bulk},
    {"user move", "ADDRESS", "Say that a user's home is on another store; moves no mail.", 1, 1,
     move_options, user_move, Effect::bulk},
    {"user passwd", "ADDRESS", "Change a user's password.", 1, 1, passwd_options, user_passwd,
     Effect::bulk},
}};

}  // namespace

std::span<const Verb> user_verbs() {
  return verbs;
}

}  // namespace cli
