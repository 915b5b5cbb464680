// cli/mail_upkeep.cc -- the verbs that keep stored mail otherwise: compress, pack, tier.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

#include "base/text.hh"

#include "maildir-lib/mail_packs.hh"
#include "maildir-lib/tier.hh"

#include "cli/mail_verbs.hh"

namespace cli {

namespace {

constexpr std::array<Column, 12> columns{{
    {"account", "Account"},
    {"mails", "Mails", true},
    {"before", "Before", true},
    {"after", "After", true},
    {"useless", "No gain", true},
    {"shared", "Shared", true},
    {"unsized", "No sizes", true},
    {"gone", "", true},
    {"problems", "Problems", true},
    {"removed", "Removed", true},
    {"packs", "", true},
    {"rewritten", "", true},
}};

std::vector<Cell> cells_of(std::string_view account, const Numbers& numbers) {
  std::vector<Cell> cells;
  for (const Column& column : columns) {
    const std::uint64_t number = number_of(numbers, column.key);
    if (column.key == "account") {
      cells.push_back(text_cell(account));
    } else if (column.key == "before" || column.key == "after") {
      cells.push_back({human_size(number), std::to_string(number)});
    } else {
      cells.push_back({number == 0 ? "-" : std::to_string(number), std::to_string(number)});
    }
  }
  return cells;
}

Numbers numbers_of(const maildir::UpkeepCounts& counts) {
  return {{"mails", counts.replaced}, {"before", counts.before},    {"after", counts.after},
          {"shared", counts.shared},  {"unsized", counts.unsized},  {"useless", counts.useless},
          {"gone", counts.gone},      {"problems", counts.problems}};
}

Numbers numbers_of(const maildir::PackingCounts& counts) {
  Numbers numbers = numbers_of(counts.mails);
  numbers["packs"] = counts.written;
  numbers["rewritten"] = counts.rewritten;
  numbers["removed"] = counts.removed;
  return numbers;
}

base::Result<int> level_of(const Call& call, const MailSettings& settings) {
  const auto text = call.arguments.value("level");
  constexpr int highest = 19;
  auto level = text ? base::parse_number<int>(*text)
                    : base::Result<int>(static_cast<int>(settings.zstd_level));
  if (!level || *level < 1 || *level > highest) {
    return base::make_error(base::Errc::malformed, "--level: " + base::printable(*text, 40),
                            "a number from 1 to 19");
  }
  return level;
}

// What the verbs that change mail are told.
struct Order {
  MailRequest request;
  int level = 0;
  maildir::Upkeep how;
};

base::Result<Order> order_of(const Call& call,
                             maildir::Policy (*policy_of_settings)(const MailSettings&)) {
  auto request = request_of(call);
  if (!request) {
    return request.error();
  }
  const auto level = level_of(call, request->settings);
  if (!level) {
    return level.error();
  }
  auto policy = policy_of(call, policy_of_settings(request->settings));
  if (!policy) {
    return policy.error();
  }
  Order order{std::move(*request), *level, {}};
  order.how.policy = std::move(*policy);
  order.how.is_rehearsal = call.arguments.has("dry-run");
  return order;
}

using Work = std::function<base::Result<Numbers>(const MailAccount&, MailReport&)>;

// A line for each account, and their sum.
base::Result<void> run(Call& call, const Order& order, const Work& work) {
  const std::vector<MailAccount>& accounts = order.request.accounts;
  call.output.begin_list(columns);
  Numbers sum;
  auto done = run_accounts(
      accounts, order.request.jobs, std::string(call.verb.name),
      [&work](const MailAccount& account, MailReport& report) -> base::Result<void> {
        const auto numbers = work(account, report);
        if (!numbers) {
          return numbers.error();
        }
        report.row("", *numbers);
        return {};
      },
      [&](const MailAccount& account, const AccountResult& result) {
        for (const MailRow& row : result.rows) {
          call.output.row(cells_of(account.address, row.numbers));
          add_numbers(sum, row.numbers);
        }
      });
  if (accounts.size() > 1 && !call.output.is_json()) {
    call.output.row(cells_of("all " + std::to_string(accounts.size()), sum));
  }
  call.output.end_list("no account has mail here");
  return done;
}

// For the ways back: all mail that no option leaves out.
maildir::Policy everything(const MailSettings& /*settings*/) {
  return {};
}

}  // namespace

base::Result<void> mail_compress(Call& call) {
  const auto order = order_of(call, [](const MailSettings& settings) {
    return policy_from(settings.compress_older_than, settings.compress_larger_than,
                       settings.compress_folders, settings.compress_flags);
  });
  if (!order) {
    return order.error();
  }
  return run(call, *order,
             [&order](const MailAccount& account, MailReport& report) -> base::Result<Numbers> {
               const auto counts =
                   maildir::compress_account(account.maildir, order->how, order->level, report);
               return counts ? base::Result<Numbers>(numbers_of(*counts)) : counts.error();
             });
}

base::Result<void> mail_tier(Call& call) {
  const bool is_back = call.arguments.has("back");
  const auto order = order_of(
      call, is_back ? everything : [](const MailSettings& settings) {
        return policy_from(settings.tier_older_than, settings.tier_larger_than,
                           settings.tier_folders, settings.tier_flags);
      });
  if (!order) {
    return order.error();
  }
  return run(
      call, *order, [&](const MailAccount& account, MailReport& report) -> base::Result<Numbers> {
        const maildir::Tier tier{order->request.settings.tier_roots, account.home, order->level};
        const auto counts = is_back
                                ? maildir::untier_account(account.maildir, order->how, tier, report)
                                : maildir::tier_account(account.maildir, order->how, tier, report);
        if (!counts) {
          return counts.error();
        }
        Numbers numbers = numbers_of(counts->mails);
        numbers["removed"] = counts->removed;
        return numbers;
      });
}

base::Result<void> mail_pack(Call& call) {
  const auto order = order_of(call, [](const MailSettings& settings) {
    return policy_from(settings.pack_older_than, settings.pack_larger_than, settings.pack_folders,
                       settings.pack_flags);
  });
  if (!order) {
    return order.error();
  }
  const maildir::Packing packing{order->level, order->request.settings.pack_size.count,
                                 order->request.settings.pack_least.count};
  return run(
      call, *order, [&](const MailAccount& account, MailReport& report) -> base::Result<Numbers> {
        const auto counts = maildir::pack_account(account.maildir, order->how, packing, report);
        return counts ? base::Result<Numbers>(numbers_of(*counts)) : counts.error();
      });
}

base::Result<void> mail_unpack(Call& call) {
  const auto order = order_of(call, everything);
  if (!order) {
    return order.error();
  }
  const int level = call.arguments.has("zstd") ? order->level : 0;
  return run(
      call, *order, [&](const MailAccount& account, MailReport& report) -> base::Result<Numbers> {
        const auto counts = maildir::unpack_account(account.maildir, order->how, level, report);
        return counts ? base::Result<Numbers>(numbers_of(*counts)) : counts.error();
      });
}

}  // namespace cli
