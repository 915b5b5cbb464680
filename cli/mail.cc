// cli/mail.cc -- the verbs of stored mail: how it is kept, and keeping it otherwise.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "base/text.hh"

#include "cli/mail_verbs.hh"

namespace cli {

namespace {

constexpr std::size_t most_accounts = 10000;  // named by words

constexpr std::array<Option, 5> stat_options{{
    all_option,
    domain_option,
    {"folders", "", "A line for each folder as well."},
    jobs_option,
    mail_config_option,
}};
constexpr std::array<Option, 10> compress_options{{
    all_option,
    domain_option,
    older_option,
    larger_option,
    folder_option,
    flag_option,
    level_option,
    dry_run_option,
    jobs_option,
    mail_config_option,
}};

constexpr std::array<Column, 9> compress_columns{{
    {"account", "Account"},
    {"mails", "Compressed", true},
    {"before", "Before", true},
    {"after", "After", true},
    {"useless", "No gain", true},
    {"shared", "Shared", true},
    {"unsized", "No sizes", true},
    {"gone", "", true},
    {"problems", "Problems", true},
}};

std::vector<Cell> cells_of(std::string_view account, const Numbers& numbers) {
  std::vector<Cell> cells;
  for (const Column& column : compress_columns) {
    const std::uint64_t number = number_of(numbers, column.key);
    if (column.key == "account") {
      cells.push_back(text_cell(account));
    } else if (column.key == "before" || column.key == "after") {
      cells.push_back({human_size(number), std::to_string(number)});
    } else {
      cells.push_back(number_cell(number));
    }
  }
  return cells;
}

base::Result<int> level_of(const Call& call, const MailSettings& settings) {
  const auto text = call.arguments.value("level");
  constexpr int highest = 19;
  const auto level = text ? base::parse_number<int>(*text)
                          : base::Result<int>(static_cast<int>(settings.zstd_level));
  if (!level || *level < 1 || *level > highest) {
    return base::make_error(base::Errc::malformed, "--level: " + base::printable(*text, 40),
                            "a number from 1 to 19");
  }
  return level;
}

}  // namespace

std::uint64_t number_of(const Numbers& numbers, std::string_view key) {
  const auto found = numbers.find(key);
  return found == numbers.end() ? 0 : found->second;
}

void add_numbers(Numbers& sum, const Numbers& more) {
  for (const auto& [key, number] : more) {
    sum[key] += number;
  }
}

std::string mails_text(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " mail" : " mails");
}

Numbers numbers_of(const maildir::UpkeepCounts& counts) {
  return {{"mails", counts.replaced}, {"before", counts.before},    {"after", counts.after},
          {"shared", counts.shared},  {"unsized", counts.unsized},  {"useless", counts.useless},
          {"gone", counts.gone},      {"problems", counts.problems}};
}

base::Result<void> mail_compress(Call& call) {
  const auto settings = mail_settings_of(call);
  if (!settings) {
    return settings.error();
  }
  const auto jobs = jobs_of(call, *settings);
  if (!jobs) {
    return jobs.error();
  }
  const auto level = level_of(call, *settings);
  if (!level) {
    return level.error();
  }
  maildir::Upkeep how;
  auto policy =
      policy_of(call, policy_from(settings->compress_older_than, settings->compress_larger_than,
                                  settings->compress_folders, settings->compress_flags));
  if (!policy) {
    return policy.error();
  }
  how.policy = std::move(*policy);
  how.is_rehearsal = call.arguments.has("dry-run");
  const auto accounts = choose_accounts(call);
  if (!accounts) {
    return accounts.error();
  }
  call.output.begin_list(compress_columns);
  Numbers sum;
  auto done = run_accounts(
      *accounts, *jobs, "mail compress",
      [&](const MailAccount& account, MailReport& report) -> base::Result<void> {
        const auto counts = maildir::compress_account(account.maildir, how, *level, report);
        if (!counts) {
          return counts.error();
        }
        report.row("", numbers_of(*counts));
        return {};
      },
      [&](const MailAccount& account, const AccountResult& result) {
        for (const MailRow& row : result.rows) {
          call.output.row(cells_of(account.address, row.numbers));
          add_numbers(sum, row.numbers);
        }
      });
  if (accounts->size() > 1 && !call.output.is_json()) {
    call.output.row(cells_of("all " + std::to_string(accounts->size()), sum));
  }
  call.output.end_list("no account has mail here");
  return done;
}

namespace {

constexpr std::array<Verb, 2> verbs{{
    {"mail stat", "[USER ...]", "Tell how much mail there is, and how it is kept.", 0,
     most_accounts, stat_options, mail_stat},
    {"mail compress", "[USER ...]", "Compress mail that was stored as it is.", 0, most_accounts,
     compress_options, mail_compress},
}};

}  // namespace

std::span<const Verb> mail_verbs() {
  return verbs;
}

}  // namespace cli
