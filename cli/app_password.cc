// cli/app_password.cc -- the verbs of app passwords; a secret is printed once, when it is made.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "cli/accounts.hh"
#include "cli/items.hh"

namespace cli {

namespace {

using directory::OpenAs;

constexpr std::array<Column, 7> columns{{
    {"id", "Id"},
    {"user", ""},
    {"label", "Label"},
    {"services", "Opens"},
    {"created", "Created"},
    {"last_used", "Last used"},
    {"expires", "Expires"},
}};
constexpr std::array<Column, 8> issued_columns{{
    {"id", "Id"},
    {"user", ""},
    {"label", "Label"},
    {"services", "Opens"},
    {"created", "Created"},
    {"last_used", "Last used"},
    {"expires", "Expires"},
    {"secret", "Secret"},
}};

std::vector<Cell> cells_of(const directory::AppPassword& entry) {
  return {text_cell(entry.id),      text_cell(entry.user),
          text_cell(entry.label),   services_cell(entry.services),
          time_cell(entry.created), entry.last_used ? time_cell(*entry.last_used) : null_cell(),
          date_cell(entry.expires)};
}

base::Result<Item> add_one(directory::Directory& accounts, const Arguments& arguments) {
  directory::AppPassword entry;
  entry.user = arguments.words.front();
  entry.label = arguments.value("label").value_or("");
  auto services = parse_services(arguments.values("service"));
  if (!services) {
    return services.error();
  }
  entry.services = *services;
  if (entry.services.empty()) {
    entry.services.add(directory::Service::imap);
    entry.services.add(directory::Service::submission);
  }
  if (auto ok = take(arguments, "expires", parse_date, entry.expires); !ok) {
    return ok.error();
  }
  const auto issued = accounts.add_app_password(std::move(entry));
  if (!issued) {
    return issued.error();
  }
  std::vector<Cell> cells = cells_of(issued->entry);
  cells.push_back(text_cell(issued->secret));
  return Item{"app password " + issued->entry.id + " of " + issued->entry.user + " for " +
                  issued->entry.label + ", shown this once: " + issued->secret,
              std::move(cells)};
}

base::Result<Item> remove_one(directory::Directory& accounts, const Arguments& arguments) {
  const auto removed = accounts.remove_app_password(arguments.words[0], arguments.words[1]);
  if (!removed) {
    return removed.error();
  }
  return Item{
      "removed app password " + removed->id + " of " + removed->user + " for " + removed->label,
      cells_of(*removed)};
}

base::Result<void> app_password_add(Call& call) {
  return run_items(call, {{}, {}, issued_columns, add_one});
}

base::Result<void> app_password_del(Call& call) {
  return run_items(call, {{}, {}, columns, remove_one});
}

base::Result<void> app_password_list(Call& call) {
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  const auto entries = (*accounts)->list_app_passwords(call.arguments.words.front());
  if (!entries) {
    return entries.error();
  }
  call.output.begin_list(columns);
  for (const directory::AppPassword& entry : *entries) {
    call.output.row(cells_of(entry));
  }
  call.output.end_list("no app passwords");
  return {};
}

constexpr std::array<Option, 3> add_options{{
    {"label", "TEXT", "The program or device it is for, as phone."},
    {"service", "SERVICE",
     "A service it opens: submission, imap, pop3, sieve, webmail or netdisk; may be repeated. "
     "imap and submission otherwise.",
     true},
    expires_option,
}};

constexpr std::array<Verb, 3> verbs{{
    {"app-password add", "ADDRESS", "Make a second password for one program.", 1, 1, add_options,
     app_password_add, Effect::writes},
    {"app-password list",
     "ADDRESS",
     "List a user's app passwords.",
     1,
     1,
     {},
     app_password_list,
     Effect::reads},
    {"app-password del", "ADDRESS ID", "Withdraw one.", 2, 2, {}, app_password_del, Effect::writes},
}};

}  // namespace

std::span<const Verb> app_password_verbs() {
  return verbs;
}

}  // namespace cli
