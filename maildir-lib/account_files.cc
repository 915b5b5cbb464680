// maildir-lib/account_files.cc -- every message file of an account, and the lock to change them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/account_files.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <unordered_map>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fnmatch.h>

#include "base/files.hh"
#include "base/text.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/zstd.hh"

namespace maildir {

namespace {

constexpr std::uint64_t block = 512;  // of st_blocks
constexpr std::int64_t second = 1'000'000'000;
constexpr std::size_t magic_bytes = 6;

struct FlagName {
  std::string_view name;
  Flag flag;
};
constexpr std::array<FlagName, 6> flag_names{{
    {"seen", flag_seen},
    {"answered", flag_replied},
    {"flagged", flag_flagged},
    {"draft", flag_draft},
    {"deleted", flag_trashed},
    {"forwarded", flag_passed},
}};

struct FlagWish {
  Flag flag;
  bool is_set;
};

std::optional<FlagWish> parse_flag_wish(std::string_view word) {
  for (const bool is_set : {true, false}) {
    const std::string_view name = is_set ? word : word.substr(word.starts_with("un") ? 2 : 0);
    for (const FlagName& known : flag_names) {
      if (name == known.name && (is_set || word.starts_with("un"))) {
        return FlagWish{known.flag, is_set};
      }
    }
  }
  return std::nullopt;
}

std::string link_target(const std::string& path) {
  std::array<char, 4096> room;
  const ssize_t size = ::readlink(path.c_str(), room.data(), room.size());
  return size < 0 ? std::string() : std::string(room.data(), static_cast<std::size_t>(size));
}

std::optional<MailFile> look_at(const std::string& path) {
  struct stat st {};
  if (::lstat(path.c_str(), &st) != 0 || !(S_ISREG(st.st_mode) || S_ISLNK(st.st_mode))) {
    return std::nullopt;
  }
  MailFile file;
  file.stamp = {st.st_dev, st.st_ino, std::int64_t{st.st_mtim.tv_sec} * second + st.st_mtim.tv_nsec,
                std::int64_t{st.st_ctim.tv_sec} * second + st.st_ctim.tv_nsec,
                static_cast<std::uint64_t>(st.st_size)};
  file.links = st.st_nlink;
  file.disk_bytes = static_cast<std::uint64_t>(st.st_blocks) * block;
  file.is_link = S_ISLNK(st.st_mode);
  if (file.is_link) {
    file.target = link_target(path);
  }
  return file;
}

base::Result<void> list_folder(AccountFiles& account, std::size_t folder) {
  const std::string path = account.folder_path(folder);
  std::unordered_map<std::string, std::size_t> known;  // base name -> file
  for (const bool in_new : {true, false}) {
    const std::string part = path + (in_new ? "/new/" : "/cur/");
    auto names = base::list_directory(part);
    if (!names) {
      if (names.error().code == base::Errc::not_found) {
        continue;
      }
      return names.error();
    }
    for (std::string& name : *names) {
      auto file = is_message_name(name) ? look_at(part + name) : std::nullopt;
      if (!file) {
        continue;
      }
      file->folder = folder;
      file->in_new = in_new;
      const auto [at, is_first] = known.emplace(std::string(base_name(name)), account.files.size());
      file->name = std::move(name);
      // The same file twice: it was renamed meanwhile, and this is the later name. Two files of one
      // base name are told apart by fsck.
      if (!is_first && account.files[at->second].stamp.inode == file->stamp.inode &&
          file->links == 1) {
        account.files[at->second] = std::move(*file);
      } else {
        account.files.push_back(std::move(*file));
      }
    }
  }
  return {};
}

std::string shown_name(const Folder& folder) {
  return base::join(folder.levels, "/");
}

}  // namespace

std::string AccountFiles::folder_path(std::size_t folder) const {
  const std::string& name = folders[folder].disk_name;
  return name.empty() ? maildir : maildir + "/" + name;
}

MailPlace AccountFiles::place(const MailFile& file) const {
  return {folder_path(file.folder), file.name, file.in_new};
}

std::string path_in(const std::string& folder, const std::string& name) {
  return folder + "/" + name;
}

base::Result<AccountFiles> list_account(const std::string& maildir) {
  const auto root = Directory::open(maildir);
  if (!root) {
    return root.error();
  }
  auto folders = list_folders(*root);
  if (!folders) {
    return folders.error();
  }
  AccountFiles account;
  account.maildir = maildir;
  account.folders = std::move(*folders);
  for (std::size_t i = 0; i < account.folders.size(); ++i) {
    if (auto listed = list_folder(account, i); !listed) {
      return listed.error();
    }
  }
  return account;
}

base::Result<std::set<std::string>> all_link_targets(const std::string& maildir) {
  namespace fs = std::filesystem;
  std::set<std::string> targets;
  std::error_code trouble;
  fs::recursive_directory_iterator at(maildir, trouble);
  for (; !trouble && at != fs::end(at); at.increment(trouble)) {
    std::error_code vanished;  // a file that was renamed is found under its other name, or was seen
    if (at->is_symlink(vanished)) {
      if (auto target = link_target(at->path().string()); !target.empty()) {
        targets.insert(std::move(target));
      }
    }
  }
  if (trouble) {
    return base::errno_error(maildir, trouble.value());
  }
  return targets;
}

bool is_compressed(std::string_view start) {
  using namespace std::string_view_literals;
  return is_zstd(start) || start.starts_with("\x1F\x8B"sv) || start.starts_with("BZh"sv) ||
         start.starts_with(
             "\xFD"
             "7zXZ"sv) ||
         start.starts_with("Dovecot-LZ4"sv.substr(0, magic_bytes));
}

Storage storage_of(const AccountFiles& account, const MailFile& file) {
  if (file.is_link) {
    return parse_stub(file.target) ? Storage::packed : Storage::tiered;
  }
  if (parse_file_name(file.name).size == file.stamp.size) {
    return Storage::plain;
  }
  const auto fd = base::open_file(account.place(file).path(), O_RDONLY | O_NOFOLLOW);
  const auto start = fd ? read_start(fd->get(), magic_bytes) : std::string();
  return start && is_compressed(*start) ? Storage::compressed : Storage::plain;
}

base::Result<AccountLock> AccountLock::take(const std::string& maildir) {
  const std::string packs = maildir + "/" + packs_folder;
  if (::mkdir(packs.c_str(), 0700) != 0 && errno != EEXIST) {
    return base::errno_error(packs, errno);
  }
  auto fd = base::open_file(packs + "/lock", O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
  if (!fd) {
    return fd.error();
  }
  if (::flock(fd->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return base::make_error(base::Errc::unavailable,
                              packs + "/lock is held: another run works on this account",
                              "try again when it has ended");
    }
    return base::errno_error(packs + "/lock", errno);
  }
  return AccountLock(std::move(*fd));
}

base::Result<void> check_policy(const Policy& policy) {
  for (const std::string& flag : policy.flags) {
    if (!parse_flag_wish(flag)) {
      return base::make_error(base::Errc::malformed, "no flag: " + base::printable(flag, 40),
                              "seen, answered, flagged, draft, deleted, forwarded, or one of these "
                              "with un in front");
    }
  }
  return {};
}

bool fits_folder(const Policy& policy, const Folder& folder) {
  const std::string name = shown_name(folder);
  bool is_in = policy.folders.empty();
  for (const std::string& pattern : policy.folders) {
    const bool excepts = pattern.starts_with('!');
    // The first word tells whether all the others are meant but for the exceptions.
    if (excepts && &pattern == &policy.folders.front()) {
      is_in = true;
    }
    if (::fnmatch(pattern.c_str() + (excepts ? 1 : 0), name.c_str(), FNM_NOESCAPE) == 0) {
      is_in = !excepts;
    }
  }
  return is_in;
}

bool fits(const Policy& policy, const AccountFiles& account, const MailFile& file,
          base::WallTime now) {
  const FileName name = parse_file_name(file.name);
  if (name.size.value_or(file.stamp.size) < policy.larger_than) {
    return false;
  }
  const auto age =
      std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count() -
      file.stamp.modified / second;
  if (age < policy.older_than.count()) {
    return false;
  }
  for (const std::string& flag : policy.flags) {
    const auto wish = parse_flag_wish(flag);
    if (!wish || name.flags.has(wish->flag) != wish->is_set) {
      return false;
    }
  }
  return fits_folder(policy, account.folders[file.folder]);
}

}  // namespace maildir
