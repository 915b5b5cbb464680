// cli/mail_accounts.cc -- whose mail a verb is about, and what it is told by options and settings.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>

#include <sys/stat.h>

#include "base/text.hh"

#include "maildir-lib/layout.hh"

#include "cli/accounts.hh"
#include "cli/mail_run.hh"
#include "cli/values.hh"

namespace cli {

namespace {

using base::Errc;

base::Result<MailAccount> account_of(const directory::Directory& accounts,
                                     const directory::User& user) {
  const std::string relative = user.maildir.empty() ? user.home + "/Maildir" : user.maildir;
  for (const std::string& path : {user.home, relative}) {
    if (auto ok = maildir::check_relative_path(path); !ok) {
      return base::make_error(Errc::malformed, user.address + ": its path " + ok.error().detail,
                              "posthouse directory check");
    }
  }
  return MailAccount{user.address, user.home, accounts.settings().mail_root + "/" + relative};
}

// Also when we may not look: its run will say so.
bool has_maildir(const MailAccount& account) {
  struct stat st {};
  return ::stat((account.maildir + "/cur").c_str(), &st) == 0 ? S_ISDIR(st.st_mode)
                                                              : errno == EACCES;
}

base::Result<void> add_all(directory::Directory& accounts, const std::string& domain,
                           std::vector<MailAccount>& chosen) {
  std::string after;
  do {
    auto page = accounts.list_users(domain, after, directory::page_limit);
    if (!page) {
      return page.error();
    }
    for (const directory::User& user : page->items) {
      auto account = account_of(accounts, user);
      if (!account) {
        return account.error();
      }
      if (has_maildir(*account)) {
        chosen.push_back(std::move(*account));
      }
    }
    after = page->next;
  } while (!after.empty());
  return {};
}

base::Result<void> add_named(directory::Directory& accounts, const std::string& address,
                             std::vector<MailAccount>& chosen) {
  const auto user = accounts.find_user(address);
  if (!user) {
    return user.error();
  }
  auto account = account_of(accounts, *user);
  if (!account) {
    return account.error();
  }
  if (!has_maildir(*account)) {
    return base::make_error(Errc::not_found,
                            user->address + " has no Maildir here: " + account->maildir,
                            user->mail_host.empty() ? "it is made with its first mail or login"
                                                    : "its mail is on " + user->mail_host);
  }
  chosen.push_back(std::move(*account));
  return {};
}

base::Result<base::SettingValue> parse_as(std::string_view option, std::size_t kind,
                                          std::string_view text) {
  const base::SettingRow row{option, kind, "", "", base::Reload::live, ""};
  auto value = base::parse_setting_value(row, text);
  if (!value) {
    return base::make_error(Errc::malformed,
                            "--" + std::string(option) + ": " + value.error().detail,
                            value.error().hint);
  }
  return value;
}

// As they were given: a folder's name may hold commas and blanks.
std::vector<std::string> texts_of(const Call& call, std::string_view option) {
  const auto found = call.arguments.options.find(option);
  return found == call.arguments.options.end() ? std::vector<std::string>() : found->second;
}

base::Result<std::size_t> jobs_of(const Call& call, const MailSettings& settings) {
  const auto text = call.arguments.value("jobs");
  auto jobs = text ? base::parse_number<std::size_t>(*text)
                   : base::Result<std::size_t>(static_cast<std::size_t>(settings.jobs));
  if (!jobs || *jobs == 0 || *jobs > 64) {
    return base::make_error(Errc::malformed, "--jobs: " + base::printable(*text, 40),
                            "a number from 1 to 64");
  }
  return jobs;
}

}  // namespace

base::Result<std::vector<MailAccount>> choose_accounts(const Call& call) {
  const auto domains = call.arguments.values("domain");
  const bool is_all = call.arguments.has("all");
  const int ways =
      (call.arguments.words.empty() ? 0 : 1) + (domains.empty() ? 0 : 1) + (is_all ? 1 : 0);
  if (ways != 1) {
    return base::make_error(
        Errc::malformed,
        ways == 0 ? "whose mail is not said" : "whose mail is said in more than one way",
        "name users, or --domain, or --all");
  }
  auto accounts = open_accounts(call, directory::OpenAs::service);
  if (!accounts) {
    return accounts.error();
  }
  std::vector<MailAccount> chosen;
  for (const std::string& address : call.arguments.words) {
    if (auto ok = add_named(**accounts, address, chosen); !ok) {
      return ok.error();
    }
  }
  for (const std::string& domain : is_all ? std::vector<std::string>{""} : domains) {
    if (auto ok = add_all(**accounts, domain, chosen); !ok) {
      return ok.error();
    }
  }
  return chosen;
}

base::Result<MailSettings> mail_settings_of(const Call& call) {
  const auto path = call.arguments.value("mail-config");
  return path ? load_mail_settings(*path) : load_mail_settings();
}

base::Result<MailRequest> request_of(const Call& call) {
  auto settings = mail_settings_of(call);
  if (!settings) {
    return settings.error();
  }
  const auto jobs = jobs_of(call, *settings);
  if (!jobs) {
    return jobs.error();
  }
  auto accounts = choose_accounts(call);
  if (!accounts) {
    return accounts.error();
  }
  return MailRequest{std::move(*settings), *jobs, std::move(*accounts)};
}

maildir::Policy policy_from(base::Duration older_than, base::Bytes larger_than,
                            const base::Words& folders, const base::Words& flags) {
  return {std::chrono::duration_cast<std::chrono::seconds>(older_than), larger_than.count, folders,
          flags};
}

base::Result<maildir::Policy> policy_of(const Call& call, maildir::Policy policy) {
  constexpr std::size_t duration_kind = 2;  // in base::SettingValue
  constexpr std::size_t size_kind = 3;
  if (const auto text = call.arguments.value("older-than")) {
    const auto value = parse_as("older-than", duration_kind, *text);
    if (!value) {
      return value.error();
    }
    policy.older_than =
        std::chrono::duration_cast<std::chrono::seconds>(std::get<base::Duration>(*value));
  }
  if (const auto text = call.arguments.value("larger-than")) {
    const auto value = parse_as("larger-than", size_kind, *text);
    if (!value) {
      return value.error();
    }
    policy.larger_than = std::get<base::Bytes>(*value).count;
  }
  if (auto folders = texts_of(call, "folder"); !folders.empty()) {
    policy.folders = std::move(folders);
  }
  if (auto flags = call.arguments.values("flag"); !flags.empty()) {
    policy.flags = std::move(flags);
  }
  if (auto ok = maildir::check_policy(policy); !ok) {
    return ok.error();
  }
  return policy;
}

std::string human_size(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> units{"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  std::array<char, 32> room{};
  const int digits = unit == 0 || value >= 99.95 ? 0 : 1;
  (void)std::snprintf(room.data(), room.size(), "%.*f %s", digits, value, units.at(unit));
  return room.data();
}

}  // namespace cli
