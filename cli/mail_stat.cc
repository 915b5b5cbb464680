// cli/mail_stat.cc -- `posthouse mail stat`: how much mail there is, and how it is kept.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <set>
#include <utility>

#include "base/text.hh"

#include "maildir-lib/storage_stats.hh"

#include "cli/mail_verbs.hh"

namespace cli {

namespace {

constexpr std::array<Column, 20> columns{{
    {"account", "Account"},
    {"folder", "Folder"},
    {"mails", "Mails", true},
    {"size", "Size", true},
    {"disk", "On disk", true},
    {"plain_mails", "Plain", true},
    {"plain_size", "", true},
    {"plain_disk", "", true},
    {"compressed_mails", "Compressed", true},
    {"compressed_size", "", true},
    {"compressed_disk", "", true},
    {"packed_mails", "Packed", true},
    {"packed_size", "", true},
    {"packed_disk", "", true},
    {"tiered_mails", "Tiered", true},
    {"tiered_size", "", true},
    {"tiered_disk", "", true},
    {"missing", "Missing", true},
    {"pack_files", "", true},
    {"shared_files", "", true},
}};
constexpr std::array<std::string_view, 4> storage_keys{"plain", "compressed", "packed", "tiered"};
constexpr std::string_view mails_suffix = "_mails";

Numbers numbers_of_folder(const maildir::FolderStats& folder) {
  Numbers numbers{{"mails", folder.names}, {"missing", folder.missing}};
  for (std::size_t i = 0; i < storage_keys.size(); ++i) {
    const std::string key(storage_keys.at(i));
    const maildir::Amount& amount = folder.by_storage.at(i);
    numbers[key + "_mails"] = amount.mails;
    numbers[key + "_size"] = amount.octets;
    numbers[key + "_disk"] = amount.disk_bytes;
    numbers["size"] += amount.octets;
    numbers["disk"] += amount.disk_bytes;
  }
  return numbers;
}

// The rows "/FOLDER", then the account's own, then files that other accounts share.
base::Result<void> report_stats(const MailAccount& account, MailReport& report, bool with_folders) {
  const auto stats = maildir::count_account(account.maildir);
  if (!stats) {
    return stats.error();
  }
  for (const maildir::FolderStats& folder : stats->folders) {
    if (with_folders) {
      report.row("/" + base::join(folder.folder.levels, "/"), numbers_of_folder(folder));
    }
  }
  Numbers numbers = numbers_of_folder(stats->total());
  numbers["packed_disk"] += stats->pack_bytes;
  numbers["disk"] += stats->pack_bytes;
  numbers["pack_files"] = stats->packs;
  numbers["shared_files"] = stats->shared.size();
  report.row("", numbers);
  for (const maildir::SharedFile& file : stats->shared) {
    report.row("=", {{"device", file.device}, {"inode", file.inode}, {"disk", file.disk_bytes}});
  }
  return {};
}

// Of one kind of storage: "1204 (23.4 MB)"; a folder has no share of the packs' bytes.
Cell amount_cell(const Numbers& numbers, std::string_view key) {
  const std::uint64_t mails = number_of(numbers, key);
  std::string text = mails == 0 ? "-" : std::to_string(mails);
  const std::string kind(key.substr(0, key.size() - mails_suffix.size()));
  if (const std::uint64_t bytes = number_of(numbers, kind + "_disk"); mails != 0 && bytes != 0) {
    text += " (" + human_size(bytes) + ")";
  }
  return {std::move(text), std::to_string(mails)};
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
    } else if (column.key == "size" || column.key == "disk") {
      cells.push_back({human_size(number), std::to_string(number)});
    } else if (column.key == "missing") {
      cells.push_back({number == 0 ? "-" : std::to_string(number), std::to_string(number)});
    } else if (column.key.ends_with(mails_suffix)) {
      cells.push_back(amount_cell(numbers, column.key));
    } else {
      cells.push_back(number_cell(number));
    }
  }
  return cells;
}

class Statistics {
 public:
  explicit Statistics(Output& output) : output_(output) {}

  void take(const MailAccount& account, const AccountResult& result) {
    for (const MailRow& row : result.rows) {
      if (row.label.starts_with('/')) {
        output_.row(cells_of(account.address, std::string_view(row.label).substr(1), row.numbers));
      } else if (row.label.empty()) {
        output_.row(cells_of(account.address, "", row.numbers));
        add_numbers(sum_, row.numbers);
        ++accounts_;
      } else if (!shared_.emplace(number_of(row.numbers, "device"), number_of(row.numbers, "inode"))
                      .second) {
        // The same file in another account: it takes its place on the disk once.
        sum_["disk"] -= number_of(row.numbers, "disk");
        sum_["plain_disk"] -= std::min(sum_["plain_disk"], number_of(row.numbers, "disk"));
      }
    }
  }

  // For people; programs sum for themselves.
  void end() {
    if (accounts_ > 1 && !output_.is_json()) {
      output_.row(cells_of("all " + std::to_string(accounts_), "", sum_));
    }
  }

 private:
  Output& output_;
  Numbers sum_{};
  std::set<std::pair<std::uint64_t, std::uint64_t>> shared_{};
  std::size_t accounts_ = 0;
};

}  // namespace

base::Result<void> mail_stat(Call& call) {
  const auto request = request_of(call);
  if (!request) {
    return request.error();
  }
  const bool with_folders = call.arguments.has("folders");
  std::vector<Column> shown(columns.begin(), columns.end());
  shown[1].title = with_folders ? shown[1].title : "";
  call.output.begin_list(shown);
  Statistics statistics(call.output);
  auto done = run_accounts(
      request->accounts, request->jobs, "mail stat",
      [with_folders](const MailAccount& account, MailReport& report) {
        return report_stats(account, report, with_folders);
      },
      [&statistics](const MailAccount& account, const AccountResult& result) {
        statistics.take(account, result);
      });
  statistics.end();
  call.output.end_list("no account has mail here");
  return done;
}

}  // namespace cli
