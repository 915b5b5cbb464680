// maildir-lib/storage_stats.cc -- how much mail an account has, and how it is kept.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/storage_stats.hh"

#include <map>
#include <set>
#include <utility>

#include <sys/stat.h>

#include "base/files.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/pack.hh"

namespace maildir {

namespace {

constexpr std::uint64_t block = 512;

struct Counted {
  std::uint64_t found = 0;  // links in this account
  std::uint64_t links = 0;
  std::uint64_t disk_bytes = 0;
};

// The blocks of a file that a link leads to; nothing when it is not there.
std::optional<struct stat> follow(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 ? std::optional(st) : std::nullopt;
}

std::set<std::string> count_packs(const std::string& maildir, AccountStats& stats) {
  std::set<std::string> packs;
  const std::string folder = maildir + "/" + packs_folder;
  const auto names = base::list_directory(folder);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const auto id = pack_id_of(name);
    const auto st = follow(path_in(folder, name));
    if (id && st) {
      packs.insert(*id);
      ++stats.packs;
      stats.pack_bytes += static_cast<std::uint64_t>(st->st_blocks) * block;
    }
  }
  return packs;
}

void count(const AccountFiles& account, const MailFile& file, const std::set<std::string>& packs,
           FolderStats& folder) {
  const Storage storage = storage_of(account, file);
  Amount amount{1, parse_file_name(file.name).size.value_or(file.stamp.size), file.disk_bytes};
  if (storage == Storage::packed) {
    folder.missing += packs.contains(parse_stub(file.target)->pack) ? 0 : 1;
  } else if (storage == Storage::tiered) {
    const auto st = follow(account.place(file).path());
    folder.missing += st ? 0 : 1;
    amount.disk_bytes += st ? static_cast<std::uint64_t>(st->st_blocks) * block : 0;
  }
  folder.by_storage.at(static_cast<std::size_t>(storage)) += amount;
}

}  // namespace

Amount& Amount::operator+=(const Amount& more) {
  mails += more.mails;
  octets += more.octets;
  disk_bytes += more.disk_bytes;
  return *this;
}

FolderStats AccountStats::total() const {
  FolderStats sum;
  for (const FolderStats& folder : folders) {
    sum.names += folder.names;
    sum.missing += folder.missing;
    for (std::size_t i = 0; i < sum.by_storage.size(); ++i) {
      sum.by_storage.at(i) += folder.by_storage.at(i);
    }
  }
  return sum;
}

base::Result<AccountStats> count_account(const std::string& maildir) {
  const auto account = list_account(maildir);
  if (!account) {
    return account.error();
  }
  AccountStats stats;
  const auto packs = count_packs(maildir, stats);
  for (const Folder& folder : account->folders) {
    stats.folders.push_back({folder});
  }
  std::map<std::pair<std::uint64_t, std::uint64_t>, Counted> linked;
  for (const MailFile& file : account->files) {
    FolderStats& folder = stats.folders[file.folder];
    ++folder.names;
    if (file.links > 1) {
      Counted& known = linked[{file.stamp.device, file.stamp.inode}];
      known.links = file.links;
      known.disk_bytes = file.disk_bytes;
      if (++known.found > 1) {
        continue;
      }
    }
    count(*account, file, packs, folder);
  }
  for (const auto& [inode, known] : linked) {
    if (known.found < known.links) {
      stats.shared.push_back({inode.first, inode.second, known.disk_bytes});
    }
  }
  return stats;
}

}  // namespace maildir
