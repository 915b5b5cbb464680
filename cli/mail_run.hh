// cli/mail_run.hh -- a verb over the stored mail of one account, some, or all: a process for each.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Each account is worked on by a child process of its own. Started as root, the child becomes the
// owner of the account's Maildir before it touches it, for good: no mail is ever written as root,
// and no account's mail is within reach of another account's owner. The child reports in lines:
//   line = "progress" SP done SP total / "problem" SP text / "row" SP label *(TAB key "=" number)
//        / "fault" SP what TAB path TAB detail TAB repaired / "error" SP code TAB detail TAB hint /
//        "end"
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hh"

#include "maildir-lib/fsck.hh"
#include "maildir-lib/upkeep.hh"

#include "cli/mail_settings.hh"
#include "cli/verb.hh"

namespace cli {

struct MailAccount {
  std::string address;
  std::string home;     // relative to the mail root
  std::string maildir;  // the path
};

// The accounts that the words, --domain or --all name. Of all or a domain, those without a Maildir
// here are left out; one that is named has to be there.
base::Result<std::vector<MailAccount>> choose_accounts(const Call& call);

using Numbers = std::map<std::string, std::uint64_t, std::less<>>;
struct MailRow {
  std::string label;  // empty: of the account
  Numbers numbers;
};

// The child's half.
class MailReport final : public maildir::Watcher {
 public:
  explicit MailReport(int fd) : fd_(fd) {}
  void progress(std::uint64_t done, std::uint64_t total) override;
  void problem(const std::string& text) override;
  void row(std::string_view label, const Numbers& numbers);
  void fault(const maildir::Fault& fault);
  void error(const base::Error& error);
  void end() { line("end"); }

 private:
  void line(std::string text);
  int fd_;
};

struct AccountResult {
  std::vector<MailRow> rows;
  std::vector<std::string> problems;
  std::vector<maildir::Fault> faults;
  std::optional<base::Error> error;
};

using AccountWork = std::function<base::Result<void>(const MailAccount&, MailReport&)>;
using AccountDone = std::function<void(const MailAccount&, const AccountResult&)>;

// `done` is called in the order in which accounts end. Problems and errors of an account go to
// standard error; the answer is an error when there was any.
base::Result<void> run_accounts(const std::vector<MailAccount>& accounts, std::size_t jobs,
                                const std::string& title, const AccountWork& work,
                                const AccountDone& done);

// The options that all verbs of this kind share.
inline constexpr Option all_option{"all", "", "All accounts of this host."};
inline constexpr Option domain_option{"domain", "DOMAIN", "All accounts of this domain.", true};
inline constexpr Option jobs_option{"jobs", "N", "Work on so many accounts at the same time."};
inline constexpr Option mail_config_option{"mail-config", "FILE",
                                           "Settings; /etc/posthouse/mail.conf otherwise."};
inline constexpr Option dry_run_option{"dry-run", "",
                                       "Tell what would be done, and change nothing."};
inline constexpr Option older_option{"older-than", "TIME", "Mail that arrived so long ago: 90d."};
inline constexpr Option larger_option{"larger-than", "SIZE", "Mail of at least this size: 64k."};
inline constexpr Option folder_option{"folder", "PATTERN",
                                      "Mail in these folders, as Archive/*; !Trash excepts.", true};
inline constexpr Option flag_option{"flag", "FLAG",
                                    "Mail with these flags: seen, unflagged; all must hold.", true};
inline constexpr Option level_option{"level", "N", "How hard zstd tries, from 1 to 19."};

base::Result<MailSettings> mail_settings_of(const Call& call);

// What all verbs over accounts are told.
struct MailRequest {
  MailSettings settings;
  std::size_t jobs = 1;
  std::vector<MailAccount> accounts;
};
base::Result<MailRequest> request_of(const Call& call);

// `policy` as the settings say, changed by --older-than, --larger-than, --folder and --flag.
base::Result<maildir::Policy> policy_of(const Call& call, maildir::Policy policy);

// What the settings of a verb make.
maildir::Policy policy_from(base::Duration older_than, base::Bytes larger_than,
                            const base::Words& folders, const base::Words& flags);

// "23.4 MB", for people.
std::string human_size(std::uint64_t bytes);

}  // namespace cli
