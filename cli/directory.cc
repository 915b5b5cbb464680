// cli/directory.cc -- the verbs of the directory as a whole: the audit trail.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "base/text.hh"

#include "cli/accounts.hh"
#include "cli/directory_check.hh"

namespace cli {

namespace {

using directory::OpenAs;

constexpr std::size_t usual_limit = 100;

constexpr std::array<Column, 7> audit_columns{{
    {"when", "When"},
    {"who", "Who"},
    {"verb", "Did"},
    {"object", "To"},
    {"domain", ""},
    {"outcome", "Outcome"},
    {"detail", "Detail"},
}};

std::vector<Cell> cells_of(const directory::AuditEntry& entry) {
  return {text_cell(base::rfc3339(entry.when)),
          text_cell(entry.who),
          text_cell(entry.verb),
          text_cell(entry.object),
          text_cell(entry.domain),
          text_cell(entry.outcome),
          text_cell(entry.detail)};
}

base::Result<void> directory_audit(Call& call) {
  directory::AuditFilter filter;
  filter.who = base::to_lower(call.arguments.value("who").value_or(""));
  filter.object = base::to_lower(call.arguments.value("object").value_or(""));
  filter.domains = call.arguments.values("domain");
  std::uint64_t limit = usual_limit;
  directory::Expiry since;
  if (auto ok = first_error({take(call.arguments, "limit", parse_count, limit),
                             take(call.arguments, "since", parse_date, since)});
      !ok) {
    return ok.error();
  }
  filter.since = since ? base::WallTime(*since) : base::WallTime();
  auto accounts = open_accounts(call, OpenAs::reader);
  if (!accounts) {
    return accounts.error();
  }
  return print_pages<directory::AuditEntry>(
      call, audit_columns,
      [&](const std::string& after) {
        return (*accounts)->list_audit(filter, after, directory::page_limit);
      },
      cells_of, "nothing was done that this asks for",
      limit == 0 ? static_cast<std::size_t>(-1) : static_cast<std::size_t>(limit));
}

// A writer does it as it opens.
base::Result<void> directory_upgrade(Call& call) {
  auto accounts = open_accounts(call, OpenAs::writer);
  if (!accounts) {
    return accounts.error();
  }
  static constexpr std::array<Column, 1> driver_columns{{{"driver", "Driver"}}};
  const std::string& driver = (*accounts)->settings().driver;
  call.output.done("the directory (" + driver + ") has the form that this program writes",
                   driver_columns, {text_cell(driver)});
  return {};
}

constexpr std::array<Option, 5> audit_options{{
    {"who", "NAME", "Only what this manager or Unix user did."},
    {"object", "NAME", "Only what was done to this address or domain."},
    {"domain", "DOMAIN", "Only what was done within this domain; may be repeated.", true},
    {"since", "DATE", "Only from this day on."},
    {"limit", "N", "At most so many (100); 0 for all."},
}};

constexpr std::array<Verb, 3> verbs{{
    {"directory audit", "", "Show who changed what, the newest first.", 0, 0, audit_options,
     directory_audit, Effect::reads},
    {"directory check", "", "Look for what does not fit, in the directory and on the disk.", 0, 0,
     directory_check_options, directory_check, Effect::reads},
    {"directory upgrade",
     "",
     "Make what is missing, and bring what is older to the form of this program.",
     0,
     0,
     {},
     directory_upgrade},
}};

}  // namespace

std::span<const Verb> directory_verbs() {
  return verbs;
}

}  // namespace cli
