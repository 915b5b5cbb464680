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
constexpr std::array<Option, 8> adopt_options{{
    all_option,
    domain_option,
    {"sizes", "", "Put sizes into names that have none; Courier does not know these mails again."},
    {"rename-folders", "", "Give folders with names in UTF-8 the names that Dovecot reads."},
    {"folders", "", "A line for each folder as well."},
    dry_run_option,
    jobs_option,
    mail_config_option,
}};
constexpr std::array<Option, 5> import_options{{
    {"mbox", "FILE", "The file."},
    {"folder", "NAME", "Into this folder, as Archive/2024; INBOX otherwise. It is made if needed."},
    {"quoting", "mboxrd|mboxo|none", "How lines of mail that begin with From are quoted (mboxrd)."},
    {"again", "", "Store also what was imported before and is no longer in the folder."},
    {"dry-run", "", "Read the file, and store nothing."},
}};
constexpr std::array<Option, 7> export_options{{
    {"mbox", "FILE", "Write an mbox file (mboxrd). It must not be there yet."},
    {"eml", "FOLDER", "Write a file for each mail, in a folder for each folder."},
    older_option,
    larger_option,
    folder_option,
    flag_option,
    mail_config_option,
}};
constexpr std::array<Option, 7> fsck_options{{
    all_option,
    domain_option,
    {"repair", "", "Mend what is certain; delete no mail."},
    {"restore", "", "Make names for all mail in packs that has none; deleted mail comes back too."},
    {"read", "", "Read every mail to its end."},
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

constexpr std::array<Verb, 9> verbs{{
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
    {"mail fsck", "[USER ...]", "Look for what does not fit in stored mail, and mend it.", 0,
     most_accounts, fsck_options, mail_fsck},
    {"mail adopt", "[USER ...]",
     "Take over Maildirs of Courier or ExtMail where they lie: UIDs, UIDLs, keywords.", 0,
     most_accounts, adopt_options, mail_adopt},
    {"mail import", "USER", "Store the mail of an mbox file.", 1, 1, import_options, mail_import},
    {"mail export", "USER", "Write mail into an mbox file, or a file for each.", 1, 1,
     export_options, mail_export},
}};

}  // namespace

std::span<const Verb> mail_verbs() {
  return verbs;
}

}  // namespace cli
