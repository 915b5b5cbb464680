// cli/mail_fsck.cc -- `posthouse mail fsck`: what does not fit in stored mail.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "cli/mail_verbs.hh"

namespace cli {

namespace {

constexpr std::array<Column, 5> columns{{
    {"account", "Account"},
    {"finding", "Finding"},
    {"repaired", "Repaired"},
    {"path", "Path"},
    {"detail", "Detail"},
}};

base::Result<void> look(const MailAccount& account, const maildir::FsckOptions& options,
                        MailReport& report) {
  const auto found = maildir::fsck_account(account.maildir, {}, options, report);
  if (!found) {
    return found.error();
  }
  for (const maildir::Fault& fault : found->faults) {
    report.fault(fault);
  }
  report.row("", {{"mails", found->mails}, {"packs", found->packs}, {"unlinked", found->unlinked}});
  return {};
}

}  // namespace

base::Result<void> mail_fsck(Call& call) {
  const auto request = request_of(call);
  if (!request) {
    return request.error();
  }
  const maildir::FsckOptions options{call.arguments.has("repair"), call.arguments.has("restore"),
                                     call.arguments.has("read"), request->settings.tier_roots};
  Numbers sum;
  std::size_t left = 0;
  call.output.begin_list(columns);
  auto done = run_accounts(
      request->accounts, request->jobs, std::string(call.verb.name),
      [&options](const MailAccount& account, MailReport& report) {
        return look(account, options, report);
      },
      [&](const MailAccount& account, const AccountResult& result) {
        for (const maildir::Fault& fault : result.faults) {
          left += fault.is_repaired ? 0 : 1;
          call.output.row({text_cell(account.address), text_cell(fault.what),
                           flag_cell(fault.is_repaired), text_cell(fault.path),
                           text_cell(fault.detail)});
        }
        for (const MailRow& row : result.rows) {
          add_numbers(sum, row.numbers);
        }
      });
  call.output.end_list("everything fits: " + std::to_string(number_of(sum, "mails")) +
                       " mails, and " + std::to_string(number_of(sum, "packs")) + " packs with " +
                       std::to_string(number_of(sum, "unlinked")) + " mails that have no name");
  if (!done || left == 0) {
    return done;
  }
  return base::make_error(base::Errc::corrupt, std::to_string(left) + " things do not fit",
                          options.repairs ? "what is left needs a backup, or your decision"
                                          : "--repair mends what is certain");
}

}  // namespace cli
