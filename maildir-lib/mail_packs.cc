// maildir-lib/mail_packs.cc -- putting the mail of an account into packs, and taking it out again.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/mail_packs.hh"

#include <algorithm>
#include <cerrno>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.hh"
#include "base/files.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/uidlist.hh"
#include "maildir-lib/unused.hh"

namespace maildir {

namespace {

using base::Errc;

constexpr std::int64_t second = 1'000'000'000;
constexpr std::string_view unfinished_suffix = ".tmp";
constexpr std::uint64_t progress_step = 32;

std::string packs_path(const std::string& maildir) {
  return maildir + "/" + packs_folder;
}

std::uint64_t file_size(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0 ? static_cast<std::uint64_t>(st.st_size) : 0;
}

// Writes nowhere, and counts.
class Nowhere final : public DiskCalls {
 public:
  std::uint64_t written = 0;
  int open(const char* /*path*/, int /*flags*/, mode_t /*mode*/) override {
    return ::open("/dev/null", O_RDWR | O_CLOEXEC);
  }
  ssize_t write(int /*fd*/, const void* /*data*/, std::size_t size) override {
    written += size;
    return static_cast<ssize_t>(size);
  }
  int fsync(int /*fd*/) override { return 0; }
  int link(const char* /*from*/, const char* /*to*/) override { return 0; }
  int rename(const char* /*from*/, const char* /*to*/) override { return 0; }
  int unlink(const char* /*path*/) override { return 0; }
  int symlink(const char* /*text*/, const char* /*path*/) override { return 0; }
  int exchange(const char* /*one*/, const char* /*other*/) override { return 0; }
};

// GUIDs as the uidlists of the folders have them, each read once.
class Guids {
 public:
  explicit Guids(const AccountFiles& account) : account_(account) {}

  std::string of(const MailFile& file) {
    const std::string_view base = base_name(file.name);
    const auto& uidlist = list_of(file.folder);
    const UidRecord* record = uidlist ? uidlist->find(base) : nullptr;
    return std::string(record != nullptr && !record->guid.empty() ? record->guid : base);
  }

 private:
  const std::optional<Uidlist>& list_of(std::size_t folder) {
    const auto [at, is_new] = lists_.emplace(folder, std::nullopt);
    if (is_new) {
      auto text =
          base::read_file(account_.folder_path(folder) + "/dovecot-uidlist", max_uidlist_bytes);
      auto parsed = text ? Uidlist::parse(std::move(*text)) : base::Result<Uidlist>(text.error());
      if (parsed) {
        at->second.emplace(std::move(*parsed));
      }
    }
    return at->second;
  }

  const AccountFiles& account_;
  std::map<std::size_t, std::optional<Uidlist>> lists_{};
};

// The octets of mail in packs; errors of one mail alone.
class Unpacker {
 public:
  static base::Result<Unpacker> open(const std::string& maildir) {
    auto root = Directory::open(maildir);
    if (!root) {
      return root.error();
    }
    return Unpacker(std::move(*root));
  }

  base::Result<std::string> read(const MailFile& file) {
    const auto stub = parse_stub(file.target);
    if (!stub) {
      return base::make_error(Errc::corrupt, "no stub: " + file.target);
    }
    auto mail = packs_.read(*stub);
    if (!mail) {
      return base::make_error(Errc::corrupt,
                              mail.error().code == Errc::not_found
                                  ? "its pack " + stub->pack + " is missing"
                                  : mail.error().detail,
                              "nothing was changed; restore the pack from a backup");
    }
    if (parse_file_name(file.name).size != mail->size()) {
      return base::make_error(Errc::corrupt, file.target + " is not what its name says");
    }
    return mail;
  }

 private:
  explicit Unpacker(Directory maildir) : packs_(std::move(maildir)) {}
  Packs packs_;
};

// Rests of killed runs, and packs that are known to be unused for long enough.
base::Result<std::size_t> sweep(const std::string& maildir, const Upkeep& how) {
  const std::string packs = packs_path(maildir);
  const auto names = base::list_directory(packs);
  if (!names) {
    return names.error();
  }
  const auto links = all_link_targets(maildir);
  if (!links) {
    return links.error();
  }
  std::set<std::string> used;
  for (const std::string& target : *links) {
    if (const auto stub = parse_stub(target)) {
      used.insert(stub->pack);
    }
  }
  std::vector<std::string> unused;
  for (const std::string& name : *names) {
    if (name.ends_with(unfinished_suffix) &&
        is_pack_id(std::string_view(name).substr(0, name.size() - unfinished_suffix.size()))) {
      how.calls->unlink(path_in(packs, name).c_str());
    } else if (const auto id = pack_id_of(name); id && !used.contains(*id)) {
      unused.push_back(name);
    }
  }
  return remove_unused(
      packs + "/unused", unused, how.clock->now(),
      [&packs](const std::string& name) {
        struct stat st {};
        return ::lstat((packs + "/" + name).c_str(), &st) == 0 ? std::int64_t{st.st_ctime} : 0;
      },
      [&](const std::string& name) -> base::Result<void> {
        const std::string path = packs + "/" + name;
        return how.calls->unlink(path.c_str()) == 0 ? base::Result<void>()
                                                    : base::errno_error(path, errno);
      });
}

// The packs of which less than half is alive, but something.
base::Result<std::set<std::string>> sparse_packs(const AccountFiles& account, Watcher& watcher) {
  std::map<std::string, std::set<std::pair<std::uint64_t, std::uint64_t>>> stubs;
  for (const MailFile& file : account.files) {
    if (const auto stub = file.is_link ? parse_stub(file.target) : std::nullopt) {
      stubs[stub->pack].emplace(stub->offset, stub->length);
    }
  }
  std::set<std::string> sparse;
  if (stubs.empty()) {
    return sparse;
  }
  const auto packs = Directory::open(packs_path(account.maildir));
  if (!packs) {
    return packs.error();
  }
  for (const auto& [id, alive] : stubs) {
    auto reader = PackReader::open(*packs, id);
    const auto totals = reader ? reader->totals() : base::Result<PackTotals>(reader.error());
    if (!totals) {
      watcher.problem("pack " + id + ": " + totals.error().text());
      continue;
    }
    std::uint64_t octets = 0;
    for (const auto& [offset, length] : alive) {
      octets += length;
    }
    if (octets * 2 < totals->octets) {
      sparse.insert(id);
    }
  }
  return sparse;
}

// One run: reads what was chosen, and writes pack after pack.
class Run {
 public:
  Run(AccountFiles& account, const Upkeep& how, const Packing& packing, Watcher& watcher,
      PackingCounts& counts, Unpacker& unpacker)
      : account_(account),
        how_(how),
        packing_(packing),
        watcher_(watcher),
        counts_(counts),
        unpacker_(unpacker),
        guids_(account) {}

  base::Result<void> pack(const std::vector<Choice>& choices) {
    for (std::size_t i = 0; i < choices.size(); ++i) {
      if (i % progress_step == 0) {
        watcher_.progress(i, choices.size());
      }
      if (auto added = add(choices[i]); !added) {
        return added;
      }
      if (writer_ && writer_->size() >= packing_.pack_bytes) {
        if (auto ended = finish(); !ended) {
          return ended;
        }
      }
    }
    watcher_.progress(choices.size(), choices.size());
    return finish();
  }

 private:
  base::Result<void> add(const Choice& choice) {
    MailFile& file = account_.files[choice.files.front()];
    const auto mail = file.is_link ? unpacker_.read(file) : read_sized(account_, file);
    if (!mail) {
      if (mail.error().code == Errc::not_found) {
        ++counts_.mails.gone;
        return {};
      }
      if (mail.error().code != Errc::corrupt) {
        return mail.error();
      }
      ++counts_.mails.problems;
      watcher_.problem(account_.place(file).path() + ": " + mail.error().text());
      return {};
    }
    if (!writer_) {
      id_ = new_pack_id();
      auto begun = PackWriter::begin(packs_path(account_.maildir), id_, packing_.zstd_level,
                                     how_.is_rehearsal ? nowhere_ : *how_.calls);
      if (!begun) {
        return begun.error();
      }
      writer_.emplace(std::move(*begun));
    }
    const std::int64_t part = (file.stamp.modified % second + second) % second;
    const PackedMail about{account_.folders[file.folder].disk_name, file.name, guids_.of(file),
                           (file.stamp.modified - part) / second};
    const auto ticket = writer_->add(about, *mail);
    if (!ticket) {
      return ticket.error();
    }
    held_.push_back(choice);
    digests_.push_back(base::sha256(*mail));
    return {};
  }

  // Reads back what will soon be the only copy.
  base::Result<void> verify(const std::vector<Stub>& stubs) {
    const auto packs = Directory::open(packs_path(account_.maildir));
    auto reader = packs ? PackReader::open(*packs, id_) : base::Result<PackReader>(packs.error());
    if (!reader) {
      return reader.error();
    }
    for (std::size_t i = 0; i < stubs.size(); ++i) {
      const auto mail = reader->read(stubs[i]);
      if (!mail || base::sha256(*mail) != digests_[i]) {
        return base::make_error(Errc::unavailable,
                                "pack " + id_ + " does not give back what was written into it",
                                "nothing was replaced; look at the disk and the memory");
      }
    }
    return {};
  }

  base::Result<void> finish() {
    if (!writer_) {
      return {};
    }
    const auto stubs = writer_->finish();
    writer_.reset();
    const auto choices = std::exchange(held_, {});
    if (!stubs) {
      return stubs.error();
    }
    auto verified = how_.is_rehearsal ? base::Result<void>() : verify(*stubs);
    digests_.clear();
    if (!verified) {
      return verified;
    }
    ++counts_.written;
    counts_.mails.after +=
        how_.is_rehearsal ? std::exchange(nowhere_.written, 0)
                          : file_size(packs_path(account_.maildir) + "/" + pack_file_name(id_));
    std::size_t next = 0;
    class Quiet final : public Watcher {
     public:
      explicit Quiet(Watcher& outer) : outer_(outer) {}
      void progress(std::uint64_t /*done*/, std::uint64_t /*total*/) override {}
      void problem(const std::string& text) override { outer_.problem(text); }

     private:
      Watcher& outer_;
    } quiet(watcher_);
    return replace_all(
        account_, choices, how_,
        [&](MailFile& /*file*/) -> base::Result<std::optional<Substitute>> {
          return std::optional(Substitute{stub_text((*stubs)[next++]), true});
        },
        quiet, counts_.mails);
  }

  AccountFiles& account_;
  const Upkeep& how_;
  const Packing& packing_;
  Watcher& watcher_;
  PackingCounts& counts_;
  Unpacker& unpacker_;
  Guids guids_;
  Nowhere nowhere_{};
  std::string id_{};
  std::optional<PackWriter> writer_{};
  std::vector<Choice> held_{};
  std::vector<std::string> digests_{};  // of the mails of held_
};

}  // namespace

base::Result<PackingCounts> pack_account(const std::string& maildir, const Upkeep& how,
                                         const Packing& packing, Watcher& watcher) {
  auto opened = open_for_upkeep(maildir, how);
  if (!opened) {
    return opened.error();
  }
  AccountFiles& account = opened->account;
  PackingCounts counts;
  if (!how.is_rehearsal) {
    const auto removed = sweep(maildir, how);
    if (!removed) {
      return removed.error();
    }
    counts.removed = *removed;
  }
  const auto sparse = sparse_packs(account, watcher);
  if (!sparse) {
    return sparse.error();
  }
  counts.rewritten = sparse->size();
  auto choices = choose(
      account, how, [](const AccountFiles&, const MailFile& file) { return !file.is_link; },
      counts.mails);
  std::uint64_t octets = 0;
  for (const Choice& choice : choices) {
    octets += parse_file_name(account.files[choice.files.front()].name).size.value_or(0);
  }
  if (octets < packing.least_octets) {
    counts.mails.useless += choices.size();
    choices.clear();
  }
  Upkeep all = how;
  all.policy = {};
  const auto moved = choose(
      account, all,
      [&sparse](const AccountFiles&, const MailFile& file) {
        const auto stub = file.is_link ? parse_stub(file.target) : std::nullopt;
        return stub && sparse->contains(stub->pack);
      },
      counts.mails);
  choices.insert(choices.end(), moved.begin(), moved.end());
  // As clients read it: a pass over a folder uncompresses each block once.
  std::sort(choices.begin(), choices.end(), [&account](const Choice& a, const Choice& b) {
    const MailFile& one = account.files[a.files.front()];
    const MailFile& other = account.files[b.files.front()];
    return std::tie(one.folder, one.name) < std::tie(other.folder, other.name);
  });
  auto unpacker = Unpacker::open(maildir);
  if (!unpacker) {
    return unpacker.error();
  }
  if (auto done = Run(account, how, packing, watcher, counts, *unpacker).pack(choices); !done) {
    return done.error();
  }
  return counts;
}

base::Result<PackingCounts> unpack_account(const std::string& maildir, const Upkeep& how,
                                           int zstd_level, Watcher& watcher) {
  auto opened = open_for_upkeep(maildir, how);
  if (!opened) {
    return opened.error();
  }
  AccountFiles& account = opened->account;
  PackingCounts counts;
  auto choices = choose(
      account, how,
      [](const AccountFiles&, const MailFile& file) {
        return file.is_link && parse_stub(file.target);
      },
      counts.mails);
  // Pack after pack, so that each block is uncompressed once.
  std::sort(choices.begin(), choices.end(), [&account](const Choice& a, const Choice& b) {
    const auto one = parse_stub(account.files[a.files.front()].target);
    const auto other = parse_stub(account.files[b.files.front()].target);
    return std::tie(one->pack, one->offset) < std::tie(other->pack, other->offset);
  });
  auto unpacker = Unpacker::open(maildir);
  if (!unpacker) {
    return unpacker.error();
  }
  const auto make = [&](MailFile& file) -> base::Result<std::optional<Substitute>> {
    auto mail = unpacker->read(file);
    if (!mail) {
      return mail.error();
    }
    if (zstd_level > 0) {
      auto small = shrink(*mail, zstd_level);
      if (!small) {
        return small.error();
      }
      if (*small) {
        return std::optional(Substitute{std::move(**small), false});
      }
    }
    return std::optional(Substitute{std::move(*mail), false});
  };
  if (auto done = replace_all(account, choices, how, make, watcher, counts.mails); !done) {
    return done.error();
  }
  if (!how.is_rehearsal) {
    const auto removed = sweep(maildir, how);
    if (!removed) {
      return removed.error();
    }
    counts.removed = *removed;
  }
  return counts;
}

}  // namespace maildir
