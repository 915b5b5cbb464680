// cli/mail_export.cc -- `posthouse mail export`: mail as an mbox file, or as a file each.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <algorithm>
#include <array>
#include <cerrno>
#include <tuple>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"
#include "base/text.hh"

#include "mail-lib/mbox.hh"
#include "maildir-lib/filename.hh"
#include "maildir-lib/message.hh"

#include "cli/mail_verbs.hh"

namespace cli {

namespace {

using base::Errc;

constexpr std::uint64_t progress_step = 16;
constexpr std::string_view return_path = "Return-Path:";

constexpr std::array<Column, 4> columns{{
    {"account", "Account"},
    {"mails", "Mails", true},
    {"size", "Size", true},
    {"problems", "Problems", true},
}};

// Who sent it, as the first line of most stored mail says.
std::string sender_of(std::string_view octets) {
  if (!base::istarts_with(octets, return_path)) {
    return {};
  }
  std::string_view line = octets.substr(return_path.size());
  line = base::trim(line.substr(0, line.find('\n')));
  if (line.starts_with('<') && line.ends_with('>')) {
    line = line.substr(1, line.size() - 2);
  }
  return std::string(line);
}

mail::MboxFlags flags_of(const maildir::Flags& flags) {
  return {flags.has(maildir::flag_seen), flags.has(maildir::flag_replied),
          flags.has(maildir::flag_flagged), flags.has(maildir::flag_draft),
          flags.has(maildir::flag_trashed)};
}

struct Target {
  base::Fd mbox;       // or
  std::string folder;  // of eml files
  maildir::Policy policy;
  maildir::TierRoots tiers;
};

class Export {
 public:
  Export(const Target& target, MailReport& report) : target_(target), report_(report) {}

  base::Result<void> run(const std::string& maildir) {
    auto account = maildir::list_account(maildir);
    auto root = maildir::Directory::open(maildir);
    auto for_packs = maildir::Directory::open(maildir);
    if (!account || !root || !for_packs) {
      return !account ? account.error() : !root ? root.error() : for_packs.error();
    }
    maildir::Packs packs(std::move(*for_packs));
    std::vector<const maildir::MailFile*> files;
    const auto now = base::system_clock().now();
    for (const maildir::MailFile& file : account->files) {
      if (maildir::fits(target_.policy, *account, file, now)) {
        files.push_back(&file);
      }
    }
    std::sort(files.begin(), files.end(), [](const auto* a, const auto* b) {
      return std::tie(a->folder, a->stamp.modified, a->name) <
             std::tie(b->folder, b->stamp.modified, b->name);
    });
    std::uint64_t done = 0;
    for (const maildir::MailFile* file : files) {
      if (done++ % progress_step == 0) {
        report_.progress(done, files.size());
      }
      if (auto written = write_one(*account, *root, *file, packs); !written) {
        return written;
      }
    }
    return {};
  }

  Numbers numbers() const {
    return {{"mails", mails_}, {"size", octets_}, {"problems", problems_}};
  }

 private:
  base::Result<void> write_one(const maildir::AccountFiles& account, const maildir::Directory& root,
                               const maildir::MailFile& file, maildir::Packs& packs) {
    maildir::MailPlace place = account.place(file);
    const auto found = maildir::find_again(place);
    if (found && !*found) {
      return {};  // expunged meanwhile
    }
    const auto folder = maildir::Directory::open(place.folder + (place.in_new ? "/new" : "/cur"));
    if (!folder) {
      return folder.error();
    }
    auto message = maildir::Message::open(root, *folder, place.name, target_.tiers, &packs);
    const auto octets = message ? message->read() : base::Result<std::string>(message.error());
    if (!octets) {
      ++problems_;
      report_.problem(place.path() + ": " + octets.error().text());
      return {};
    }
    ++mails_;
    octets_ += octets->size();
    if (target_.mbox.is_open()) {
      return base::write_all(target_.mbox.get(),
                             mail::mbox_entry(*octets, sender_of(*octets), message->received(),
                                              flags_of(maildir::parse_file_name(place.name).flags)),
                             "the mbox file");
    }
    return write_eml(account, file, *octets, message->received());
  }

  base::Result<void> write_eml(const maildir::AccountFiles& account, const maildir::MailFile& file,
                               const std::string& octets, std::int64_t received) const {
    const std::string& name = account.folders[file.folder].disk_name;
    const std::string folder = target_.folder + "/" + (name.empty() ? "INBOX" : name.substr(1));
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
      return base::errno_error(folder, errno,
                               "the folder must be new, or writable to the mail user");
    }
    const std::string path = folder + "/" + std::string(maildir::base_name(file.name)) + ".eml";
    const auto fd = base::open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
    if (!fd) {
      return fd.error();
    }
    const std::array<timespec, 2> times{timespec{received, 0}, timespec{received, 0}};
    if (auto written = base::write_all(fd->get(), octets, path); !written) {
      return written;
    }
    return ::futimens(fd->get(), times.data()) == 0 ? base::Result<void>()
                                                    : base::errno_error(path, errno);
  }

  const Target& target_;
  MailReport& report_;
  std::uint64_t mails_ = 0;
  std::uint64_t octets_ = 0;
  std::uint64_t problems_ = 0;
};

// A new folder that belongs to the owner of the mail, who writes into it.
base::Result<void> make_folder(const std::string& folder, const MailAccount& account) {
  if (::mkdir(folder.c_str(), 0700) != 0) {
    return errno == EEXIST ? base::Result<void>() : base::errno_error(folder, errno);
  }
  struct stat st {};
  if (::geteuid() == 0 && (::stat(account.maildir.c_str(), &st) != 0 ||
                           ::chown(folder.c_str(), st.st_uid, st.st_gid) != 0)) {
    return base::errno_error(folder, errno);
  }
  return {};
}

base::Result<Target> target_of(const Call& call, const MailSettings& settings,
                               const MailAccount& account) {
  const auto mbox = call.arguments.value("mbox");
  const auto eml = call.arguments.value("eml");
  if (mbox.has_value() == eml.has_value()) {
    return base::make_error(Errc::malformed, "where to is not said, or said twice",
                            "--mbox FILE or --eml FOLDER");
  }
  Target target;
  target.tiers = settings.tier_roots;
  auto policy = policy_of(call, {});
  if (!policy) {
    return policy.error();
  }
  target.policy = std::move(*policy);
  if (mbox) {
    auto fd = base::open_file(*mbox, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (!fd) {
      return fd.error();
    }
    target.mbox = std::move(*fd);
    return target;
  }
  target.folder = *eml;
  if (auto made = make_folder(*eml, account); !made) {
    return made.error();
  }
  return target;
}

}  // namespace

base::Result<void> mail_export(Call& call) {
  const auto settings = mail_settings_of(call);
  if (!settings) {
    return settings.error();
  }
  const auto accounts = choose_accounts(call);
  if (!accounts) {
    return accounts.error();
  }
  const auto target = target_of(call, *settings, accounts->front());
  if (!target) {
    return target.error();
  }
  call.output.begin_list(columns);
  auto done = run_accounts(
      *accounts, 1, std::string(call.verb.name),
      [&target](const MailAccount& account, MailReport& report) -> base::Result<void> {
        Export work(*target, report);
        auto exported = work.run(account.maildir);
        report.row("", work.numbers());
        return exported;
      },
      [&](const MailAccount& account, const AccountResult& result) {
        for (const MailRow& row : result.rows) {
          const std::uint64_t size = number_of(row.numbers, "size");
          call.output.row({text_cell(account.address),
                           number_cell(number_of(row.numbers, "mails")),
                           {human_size(size), std::to_string(size)},
                           number_cell(number_of(row.numbers, "problems"))});
        }
      });
  call.output.end_list("nothing was exported");
  if (done && target->mbox.is_open()) {
    return base::sync_file(target->mbox.get(), "the mbox file");
  }
  return done;
}

}  // namespace cli
