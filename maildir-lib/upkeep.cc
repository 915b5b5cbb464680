// maildir-lib/upkeep.cc -- going through the mail of an account and replacing some of it in place.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/upkeep.hh"

#include <map>
#include <utility>

#include <fcntl.h>

#include "base/files.hh"
#include "base/text.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/zstd.hh"

namespace maildir {

namespace {

constexpr std::size_t batch_mails = 128;
constexpr std::uint64_t batch_bytes = 32U << 20U;
constexpr std::uint64_t progress_step = 32;

bool has_sizes(const MailFile& file) {
  const FileName name = parse_file_name(file.name);
  return name.size && name.virtual_size;
}

std::uint64_t bare_lines(std::string_view text) {
  std::uint64_t count = 0;
  for (std::size_t at = text.find('\n'); at != std::string_view::npos;
       at = text.find('\n', at + 1)) {
    count += at == 0 || text[at - 1] != '\r' ? 1 : 0;
  }
  return count;
}

bool ends_the_run(const base::Error& error) {
  return error.code == base::Errc::over_quota || error.code == base::Errc::denied ||
         error.code == base::Errc::unavailable;
}

// Hands what is made to Replacements, and counts.
class Batches {
 public:
  Batches(AccountFiles& account, const Upkeep& how, UpkeepCounts& counts,
          const std::function<base::Result<void>()>& settle)
      : account_(account), counts_(counts), settle_(settle), batch_(*how.clock, *how.calls) {}

  base::Result<void> add(const Choice& choice, const Substitute& by) {
    std::vector<MailPlace> names;
    for (const std::size_t file : choice.files) {
      names.push_back(account_.place(account_.files[file]));
    }
    const MailFile& first = account_.files[choice.files.front()];
    if (auto added = batch_.add(std::move(names), first.stamp, by); !added) {
      // Its folder was removed meanwhile.
      if (added.error().code == base::Errc::not_found) {
        ++counts_.gone;
        return {};
      }
      return added;
    }
    sizes_.emplace_back(first.stamp.size, by.is_link ? 0 : by.bytes.size());
    bytes_ += by.bytes.size();
    return batch_.size() < batch_mails && bytes_ < batch_bytes ? base::Result<void>() : commit();
  }

  base::Result<void> commit() {
    const auto sizes = std::exchange(sizes_, {});
    bytes_ = 0;
    if (batch_.size() == 0) {
      return {};
    }
    if (auto settled = settle_ ? settle_() : base::Result<void>(); !settled) {
      return settled;
    }
    const auto done = batch_.commit();
    if (!done) {
      return done.error();
    }
    for (std::size_t i = 0; i < done->size(); ++i) {
      if ((*done)[i] != Replaced::done) {
        ++counts_.gone;
        continue;
      }
      ++counts_.replaced;
      counts_.before += sizes[i].first;
      counts_.after += sizes[i].second;
    }
    return {};
  }

 private:
  AccountFiles& account_;
  UpkeepCounts& counts_;
  const std::function<base::Result<void>()>& settle_;
  Replacements batch_;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sizes_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace

std::vector<Choice> choose(const AccountFiles& account, const Upkeep& how, const Asked& is_asked,
                           UpkeepCounts& counts) {
  const base::WallTime now = how.clock->now();
  std::vector<Choice> chosen;
  std::map<std::pair<std::uint64_t, std::uint64_t>, Choice> linked;
  for (std::size_t i = 0; i < account.files.size(); ++i) {
    const MailFile& file = account.files[i];
    if (!fits(how.policy, account, file, now) || !is_asked(account, file)) {
      continue;
    }
    if (!has_sizes(file)) {
      ++counts.unsized;
    } else if (file.links == 1) {
      chosen.push_back({{i}});
    } else {
      linked[{file.stamp.device, file.stamp.inode}].files.push_back(i);
    }
  }
  for (auto& [inode, choice] : linked) {
    if (choice.files.size() == account.files[choice.files.front()].links) {
      chosen.push_back(std::move(choice));
    } else {
      ++counts.shared;
    }
  }
  return chosen;
}

base::Result<std::string> read_sized(const AccountFiles& account, MailFile& file) {
  MailPlace place = account.place(file);
  auto fd = base::open_file(place.path(), O_RDONLY | O_NOFOLLOW);
  if (!fd && fd.error().code == base::Errc::not_found) {
    const auto found = find_again(place);
    if (found && *found) {
      file.name = place.name;
      file.in_new = place.in_new;
      fd = base::open_file(place.path(), O_RDONLY | O_NOFOLLOW);
    }
  }
  if (!fd) {
    return fd.error();
  }
  auto mail = read_mail(fd->get());
  if (!mail) {
    // A mail that is too large to be read, or damaged: of this mail alone.
    return base::make_error(base::Errc::corrupt, mail.error().detail, mail.error().hint);
  }
  const FileName name = parse_file_name(file.name);
  if (name.size != mail->size() || name.virtual_size != mail->size() + bare_lines(*mail)) {
    return base::make_error(base::Errc::corrupt,
                            "it has " + std::to_string(mail->size()) + " octets (with CRLF " +
                                std::to_string(mail->size() + bare_lines(*mail)) +
                                "), which is not what its name says");
  }
  return mail;
}

base::Result<void> replace_all(AccountFiles& account, const std::vector<Choice>& choices,
                               const Upkeep& how, const Make& make, Watcher& watcher,
                               UpkeepCounts& counts,
                               const std::function<base::Result<void>()>& settle) {
  Batches batches(account, how, counts, settle);
  std::uint64_t done = 0;
  for (const Choice& choice : choices) {
    if (done % progress_step == 0) {
      watcher.progress(done, choices.size());
    }
    ++done;
    MailFile& file = account.files[choice.files.front()];
    const auto made = make(file);
    if (!made && made.error().code == base::Errc::not_found) {
      ++counts.gone;
    } else if (!made && ends_the_run(made.error())) {
      return made.error();
    } else if (!made) {
      ++counts.problems;
      watcher.problem(account.place(file).path() + ": " + made.error().text());
    } else if (!*made) {
      ++counts.useless;
    } else if (how.is_rehearsal) {
      ++counts.replaced;
      counts.before += file.stamp.size;
      counts.after += (*made)->is_link ? 0 : (*made)->bytes.size();
    } else if (auto added = batches.add(choice, **made); !added) {
      return added;
    }
  }
  watcher.progress(done, choices.size());
  return batches.commit();
}

base::Result<OpenedAccount> open_for_upkeep(const std::string& maildir, const Upkeep& how) {
  OpenedAccount opened;
  if (!how.is_rehearsal) {
    const auto root = Directory::open(maildir);
    if (!root) {
      return root.error();
    }
    auto lock = AccountLock::take(maildir);
    if (!lock) {
      return lock.error();
    }
    opened.lock = std::move(*lock);
    const auto folders = list_folders(*root);
    if (!folders) {
      return folders.error();
    }
    for (const Folder& folder : *folders) {
      const std::string path = folder.is_inbox() ? maildir : maildir + "/" + folder.disk_name;
      if (const auto removed = remove_rests(path, *how.calls); !removed) {
        return removed.error();
      }
    }
  }
  auto account = list_account(maildir);
  if (!account) {
    return account.error();
  }
  opened.account = std::move(*account);
  return opened;
}

}  // namespace maildir
