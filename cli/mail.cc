// cli/mail.cc -- the verbs of stored mail: how it is kept, and keeping it otherwise.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>

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

constexpr std::array<Option, 11> unpack_options{{
    all_option,
    domain_option,
    {"zstd", "", "Leave it compressed, each mail in its own file."},
    older_option,
    larger_option,
    folder_option,
    flag_option,
    level_option,
    dry_run_option,
    jobs_option,
    mail_config_option,
}};
constexpr std::array<Option, 11> tier_options{{
    all_option,
    domain_option,
    {"back", "", "Bring mail home from the tiers: all of it, or what the options choose."},
    older_option,
    larger_option,
    folder_option,
    flag_option,
    level_option,
    dry_run_option,
    jobs_option,
    mail_config_option,
}};

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

namespace {

constexpr std::array<Verb, 5> verbs{{
    {"mail stat", "[USER ...]", "Tell how much mail there is, and how it is kept.", 0,
     most_accounts, stat_options, mail_stat},
    {"mail compress", "[USER ...]", "Compress mail that was stored as it is.", 0, most_accounts,
     compress_options, mail_compress},
    {"mail pack", "[USER ...]", "Put old mail into packs, many mails a file.", 0, most_accounts,
     compress_options, mail_pack},
    {"mail unpack", "[USER ...]", "Take mail out of packs: a file each, as stock Dovecot has it.",
     0, most_accounts, unpack_options, mail_unpack},
    {"mail tier", "[USER ...]", "Move mail to a second disk, or bring it home.", 0, most_accounts,
     tier_options, mail_tier},
}};

}  // namespace

std::span<const Verb> mail_verbs() {
  return verbs;
}

}  // namespace cli
