// maildir-lib/tier.cc -- mail on a second, cheaper disk, with a symbolic link in its place.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/tier.hh"

#include <array>
#include <cerrno>
#include <set>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/layout.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/unused.hh"

namespace maildir {

namespace {

using base::Errc;

constexpr mode_t folder_mode = 0700;
constexpr std::int64_t second = 1'000'000'000;
constexpr const char* inbox_name = "INBOX";
constexpr const char* unfinished = "posthouse-tmp";  // no mail is named so

base::Result<void> check_root(const std::string& root) {
  struct stat st {};
  if (::stat((root + "/" + tier_mark).c_str(), &st) == 0) {
    return {};
  }
  return base::make_error(
      Errc::unavailable, "the tier " + root + " is not there: it has no file " + tier_mark,
      "mount its disk; on a new tier make that file, and give the folder to the "
      "mail user");
}

// The files on the tiers that are this account's: ROOT/HOME/FOLDER/NAME.
struct TierFile {
  std::string path;
  std::string in_home;  // FOLDER/NAME
};

std::vector<TierFile> files_of(const std::string& home) {
  std::vector<TierFile> files;
  const auto folders = base::list_directory(home);
  for (const std::string& folder : folders ? *folders : std::vector<std::string>()) {
    const auto names = base::list_directory(path_in(home, folder));
    for (const std::string& name : names ? *names : std::vector<std::string>()) {
      const std::string in_home = path_in(folder, name);
      files.push_back({path_in(home, in_home), in_home});
    }
  }
  return files;
}

// Removes what is known to be unused for long enough.
base::Result<std::size_t> sweep(const std::string& maildir, const Upkeep& how, const Tier& tier) {
  const auto used = all_link_targets(maildir);
  if (!used) {
    return used.error();
  }
  std::size_t removed = 0;
  for (const std::string& root : tier.roots) {
    const std::string home = root + "/" + tier.home;
    if (!check_root(root) || ::access(home.c_str(), F_OK) != 0) {
      continue;
    }
    std::vector<std::string> unused;
    for (const TierFile& file : files_of(home)) {
      if (!used->contains(file.path)) {
        unused.push_back(file.in_home);
      }
    }
    auto gone = remove_unused(
        home + "/unused", unused, how.clock->now(),
        [&home](const std::string& name) {
          struct stat st {};
          return ::lstat(path_in(home, name).c_str(), &st) == 0 ? std::int64_t{st.st_ctime} : 0;
        },
        [&](const std::string& name) -> base::Result<void> {
          const std::string path = path_in(home, name);
          return how.calls->unlink(path.c_str()) == 0 ? base::Result<void>()
                                                      : base::errno_error(path, errno);
        });
    if (!gone) {
      return gone;
    }
    removed += *gone;
  }
  return removed;
}

// Writes mails to the tier; their folders are synced together.
class Writer {
 public:
  Writer(const Tier& tier, const Upkeep& how) : tier_(tier), how_(how) {}

  base::Result<std::string> write(const std::string& folder, const MailFile& file,
                                  std::string_view bytes) {
    const std::string path =
        tier_.roots.front() + "/" + tier_.home + "/" + (folder.empty() ? inbox_name : folder);
    if (auto made = base::make_directories(path, folder_mode); !made) {
      return made.error();
    }
    const std::string tmp = path + "/" + unfinished;
    std::string target = path + "/" + std::string(base_name(file.name));
    how_.calls->unlink(tmp.c_str());
    if (auto written = write_file(tmp, file, bytes); !written) {
      how_.calls->unlink(tmp.c_str());
      return written.error();
    }
    // A file of that name is of this mail: names are made once in the world.
    if (how_.calls->rename(tmp.c_str(), target.c_str()) != 0) {
      return base::errno_error(target, errno);
    }
    folders_.insert(path);
    return target;
  }

  base::Result<void> sync() {
    // New folders are durable with those that they are in.
    std::set<std::string> all;
    for (const std::string& path : std::exchange(folders_, {})) {
      for (std::string at = path; at.size() > tier_.roots.front().size();
           at = base::parent_directory(at)) {
        all.insert(at);
      }
      all.insert(tier_.roots.front());
    }
    for (const std::string& path : all) {
      const base::Fd fd(how_.calls->open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
      if (!fd.is_open() || how_.calls->fsync(fd.get()) != 0) {
        return base::errno_error(path, errno);
      }
    }
    return {};
  }

 private:
  base::Result<void> write_file(const std::string& path, const MailFile& file,
                                std::string_view bytes) {
    const base::Fd fd(
        how_.calls->open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd.is_open()) {
      return base::errno_error(path, errno);
    }
    while (!bytes.empty()) {
      const ssize_t done = how_.calls->write(fd.get(), bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) {
        continue;
      }
      if (done < 0) {
        return base::errno_error(path, errno);
      }
      bytes.remove_prefix(static_cast<std::size_t>(done));
    }
    const std::int64_t part = (file.stamp.modified % second + second) % second;
    const timespec time{(file.stamp.modified - part) / second, part};
    const std::array<timespec, 2> times{time, time};
    if (::futimens(fd.get(), times.data()) != 0 || how_.calls->fsync(fd.get()) != 0) {
      return base::errno_error(path, errno);
    }
    return {};
  }

  const Tier& tier_;
  const Upkeep& how_;
  std::set<std::string> folders_{};
};

base::Result<std::optional<Substitute>> fetch(const MailFile& file, const Tier& tier) {
  const auto problem = [](std::string text, std::string hint) {
    return base::make_error(Errc::corrupt, std::move(text), std::move(hint));
  };
  if (!is_in_tier(tier.roots, file.target)) {
    return problem("it is a link to " + file.target + ", which is on no tier",
                   "name the tier in tier_roots");
  }
  const auto fd = base::open_file(file.target, O_RDONLY | O_NOFOLLOW);
  if (!fd) {
    return problem("its file on the tier cannot be read: " + fd.error().detail,
                   "nothing was changed; mount the tier, or restore the file");
  }
  auto bytes = read_all(fd->get(), max_mail_bytes);
  const auto mail = bytes ? read_mail(fd->get()) : bytes;
  if (!mail || parse_file_name(file.name).size != mail->size()) {
    return problem(
        file.target + " is not the mail: " +
            (mail ? "it has " + std::to_string(mail->size()) + " octets" : mail.error().detail),
        "restore the file");
  }
  return std::optional(Substitute{std::move(*bytes), false});
}

base::Result<void> check_tier(const Tier& tier) {
  if (tier.roots.empty()) {
    return base::make_error(Errc::unavailable, "no tier is configured",
                            "tier_roots in mail.conf names the folder of another disk");
  }
  return check_relative_path(tier.home);
}

}  // namespace

bool is_in_tier(const std::vector<std::string>& roots, const std::string& target) {
  for (const std::string& root : roots) {
    if (target.starts_with(root + "/") && target.find("/../") == std::string::npos &&
        target.find("/./") == std::string::npos && !target.ends_with("/..")) {
      return true;
    }
  }
  return false;
}

base::Result<TierCounts> tier_account(const std::string& maildir, const Upkeep& how,
                                      const Tier& tier, Watcher& watcher) {
  for (auto ready : {check_tier(tier),
                     tier.roots.empty() ? base::Result<void>() : check_root(tier.roots.front())}) {
    if (!ready) {
      return ready.error();
    }
  }
  auto opened = open_for_upkeep(maildir, how);
  if (!opened) {
    return opened.error();
  }
  AccountFiles& account = opened->account;
  TierCounts counts;
  if (!how.is_rehearsal) {
    const auto removed = sweep(maildir, how, tier);
    if (!removed) {
      return removed.error();
    }
    counts.removed = *removed;
  }
  const auto choices = choose(
      account, how, [](const AccountFiles&, const MailFile& file) { return !file.is_link; },
      counts.mails);
  Writer writer(tier, how);
  const auto make = [&](MailFile& file) -> base::Result<std::optional<Substitute>> {
    const auto mail = read_sized(account, file);
    if (!mail) {
      return mail.error();
    }
    auto small = shrink(*mail, tier.zstd_level);
    if (!small) {
      return small.error();
    }
    if (how.is_rehearsal) {
      return std::optional(Substitute{{}, true});
    }
    const auto target = writer.write(account.folders[file.folder].disk_name, file,
                                     *small ? std::string_view(**small) : *mail);
    if (!target) {
      return target.error();
    }
    return std::optional(Substitute{*target, true});
  };
  if (auto done = replace_all(account, choices, how, make, watcher, counts.mails,
                              [&writer] { return writer.sync(); });
      !done) {
    return done.error();
  }
  return counts;
}

base::Result<TierCounts> untier_account(const std::string& maildir, const Upkeep& how,
                                        const Tier& tier, Watcher& watcher) {
  if (auto ready = check_tier(tier); !ready) {
    return ready.error();
  }
  auto opened = open_for_upkeep(maildir, how);
  if (!opened) {
    return opened.error();
  }
  TierCounts counts;
  const auto choices = choose(
      opened->account, how,
      [](const AccountFiles&, const MailFile& file) {
        return file.is_link && !parse_stub(file.target);
      },
      counts.mails);
  const auto make = [&tier](MailFile& file) { return fetch(file, tier); };
  if (auto done = replace_all(opened->account, choices, how, make, watcher, counts.mails); !done) {
    return done.error();
  }
  return counts;
}

}  // namespace maildir
