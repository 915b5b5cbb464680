// cli/mail_adopt.cc -- `posthouse mail adopt`: Maildirs of Courier or ExtMail, where they lie.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cstdio>

#include "base/text.hh"

#include "maildir-lib/adopt.hh"
#include "maildir-lib/folder.hh"

#include "cli/mail_verbs.hh"

namespace cli {

namespace {

constexpr std::array<Column, 11> columns{{
    {"account", "Account"},
    {"folder", "Folder"},
    {"adopted", "Adopted", true},
    {"before", "Before", true},
    {"dovecots", "Dovecot's", true},
    {"uids", "UIDs", true},
    {"uidls", "UIDLs", true},
    {"keywords", "Keywords", true},
    {"sized", "Sized", true},
    {"subscriptions", "Subscribed", true},
    {"renamed", "Renamed", true},
}};
Numbers numbers_of(const maildir::AdoptedFolder& folder) {
  const auto is = [&folder](maildir::Adopted state) -> std::uint64_t {
    return folder.state == state ? 1 : 0;
  };
  return {{"adopted", is(maildir::Adopted::now)},
          {"before", is(maildir::Adopted::before)},
          {"dovecots", is(maildir::Adopted::dovecots)},
          {"uids", folder.counts.uids},
          {"uidls", folder.counts.uidls},
          {"keywords", folder.counts.keywords},
          {"sized", folder.counts.sized}};
}

base::Result<void> adopt(const MailAccount& account, const maildir::Adoption& how,
                         bool with_folders, MailReport& report) {
  const auto adopted = maildir::adopt_account(account.maildir, how, report);
  if (!adopted) {
    return adopted.error();
  }
  Numbers sum{{"subscriptions", adopted->subscriptions}, {"renamed", adopted->renamed}};
  for (const maildir::AdoptedFolder& folder : adopted->folders) {
    const Numbers numbers = numbers_of(folder);
    if (with_folders) {
      report.row("/" + base::join(maildir::folder_of(folder.disk_name).levels, "/"), numbers);
    }
    add_numbers(sum, numbers);
  }
  report.row("", sum);
  for (const maildir::AdoptNote& note : adopted->notes) {
    report.fault({note.what, note.path, note.detail, !note.needs_you});
  }
  return {};
}

std::vector<Cell> cells_of(std::string_view account, std::string_view folder,
                           const Numbers& numbers) {
  std::vector<Cell> cells;
  for (const Column& column : columns) {
    const std::uint64_t number = number_of(numbers, column.key);
    if (column.key == "account") {
      cells.push_back(text_cell(account));
    } else if (column.key == "folder") {
      cells.push_back(folder.empty() ? null_cell() : text_cell(folder));
    } else {
      cells.push_back({number == 0 ? "-" : std::to_string(number), std::to_string(number)});
    }
  }
  return cells;
}

// Beside the table: a line for people.
void tell_note(const MailAccount& account, const maildir::Fault& note) {
  const std::string text = "posthouse: " + account.address + ": " +
                           (note.is_repaired ? "note: " : "") + note.what + ": " +
                           base::printable(note.path + ": " + note.detail, 1000) + "\n";
  (void)std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace

base::Result<void> mail_adopt(Call& call) {
  const auto request = request_of(call);
  if (!request) {
    return request.error();
  }
  maildir::Adoption how;
  how.is_rehearsal = call.arguments.has("dry-run");
  how.gives_sizes = call.arguments.has("sizes");
  how.renames_folders = call.arguments.has("rename-folders");
  const bool with_folders = call.arguments.has("folders");
  std::vector<Column> shown(columns.begin(), columns.end());
  shown[1].title = with_folders ? shown[1].title : "";
  Numbers sum;
  std::size_t accounts = 0;
  std::size_t left = 0;
  call.output.begin_list(shown);
  auto done = run_accounts(
      request->accounts, request->jobs, std::string(call.verb.name),
      [&how, with_folders](const MailAccount& account, MailReport& report) {
        return adopt(account, how, with_folders, report);
      },
      [&](const MailAccount& account, const AccountResult& result) {
        for (const MailRow& row : result.rows) {
          const bool is_folder = row.label.starts_with('/');
          call.output.row(cells_of(account.address,
                                   is_folder ? std::string_view(row.label).substr(1) : "",
                                   row.numbers));
          add_numbers(sum, is_folder ? Numbers() : row.numbers);
          accounts += is_folder ? 0 : 1;
        }
        for (const maildir::Fault& note : result.faults) {
          left += note.is_repaired ? 0 : 1;
          tell_note(account, note);
        }
      });
  if (accounts > 1 && !call.output.is_json()) {
    call.output.row(cells_of("all " + std::to_string(accounts), "", sum));
  }
  call.output.end_list("no account has mail here");
  if (!done || left == 0) {
    return done;
  }
  return base::make_error(base::Errc::corrupt,
                          std::to_string(left) + " things need you, told above",
                          "run it again when they are settled: what is done stays done");
}

}  // namespace cli
