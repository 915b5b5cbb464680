// maildir-lib/fsck.cc -- looking for what does not fit in the stored mail of an account.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/fsck.hh"

#include <array>
#include <cerrno>
#include <map>
#include <set>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/message.hh"
#include "maildir-lib/pack.hh"
#include "maildir-lib/tier.hh"

namespace maildir {

namespace {

constexpr std::string_view unfinished_suffix = ".tmp";
constexpr std::uint64_t progress_step = 64;

class Fsck {
 public:
  Fsck(AccountFiles& account, const Upkeep& how, const FsckOptions& options, Watcher& watcher)
      : account_(account), how_(how), options_(options), watcher_(watcher) {}

  base::Result<FsckReport> run() {
    if (auto done = look_at_packs(); !done) {
      return done.error();
    }
    look_for_doubles();
    std::uint64_t done = 0;
    for (MailFile& file : account_.files) {
      if (done++ % progress_step == 0) {
        watcher_.progress(done, account_.files.size());
      }
      if (auto looked = file.is_link ? look_at_link(file) : look_at_file(file); !looked) {
        return looked.error();
      }
    }
    if (auto restored = look_at_records(); !restored) {
      return restored.error();
    }
    report_.mails = account_.files.size();
    return std::move(report_);
  }

 private:
  struct Record {
    PackedMail mail;
    Stub stub;
  };

  void find(std::string what, std::string path, std::string detail, bool is_repaired = false) {
    report_.faults.push_back({std::move(what), std::move(path), std::move(detail), is_repaired});
  }

  // Sessions rename, expunge and copy meanwhile.
  bool is_as_listed(const MailFile& file) const {
    const MailPlace place = account_.place(file);
    const auto part = Directory::open(place.folder + (place.in_new ? "/new" : "/cur"));
    const auto stamp = part ? part->stamp(place.name) : std::nullopt;
    return stamp && *stamp == file.stamp;
  }
  void find_at(const MailFile& file, std::string what, std::string detail) {
    if (is_as_listed(file)) {
      find(std::move(what), account_.place(file).path(), std::move(detail));
    }
  }

  base::Result<void> look_at_packs() {
    const auto root = Directory::open(account_.maildir);
    if (!root) {
      return root.error();
    }
    const auto packs = root->open_directory(packs_folder);
    if (!packs) {
      return packs.error().code == base::Errc::not_found ? base::Result<void>() : packs.error();
    }
    const auto entries = packs->list();
    if (!entries) {
      return entries.error();
    }
    for (const DirectoryEntry& entry : *entries) {
      const std::string path = account_.maildir + "/" + packs_folder + "/" + entry.name;
      if (const auto id = pack_id_of(entry.name)) {
        look_at_pack(*packs, *id, path);
      } else if (entry.name.ends_with(unfinished_suffix) &&
                 is_pack_id(std::string_view(entry.name)
                                .substr(0, entry.name.size() - unfinished_suffix.size()))) {
        const bool is_gone = options_.repairs && how_.calls->unlink(path.c_str()) == 0;
        find("unfinished", path, "a pack that was never finished: nothing points to it", is_gone);
      }
    }
    return {};
  }

  void look_at_pack(const Directory& packs, const std::string& id, const std::string& path) {
    ++report_.packs;
    auto scan = PackScan::open(packs, id);
    if (!scan) {
      find("damaged", path, scan.error().text());
      return;
    }
    for (;;) {
      auto record = scan->next();
      if (!record) {
        find("damaged", path, record.error().text());
        return;
      }
      if (!*record) {
        break;
      }
      const std::string base(base_name((*record)->mail.name));
      stubs_.insert(stub_text((*record)->stub));
      records_[base] = {std::move((*record)->mail), (*record)->stub};
    }
    if (scan->damaged_bytes() > 0) {
      find("damaged", path,
           std::to_string(scan->damaged_bytes()) +
               " octets cannot be read; restore it from a backup");
    } else if (!scan->is_finished()) {
      find("damaged", path, "it has no end: it was cut; restore it from a backup");
    }
  }

  void look_for_doubles() {
    std::map<std::pair<std::size_t, std::string>, const MailFile*> seen;
    for (const MailFile& file : account_.files) {
      const std::string base(base_name(file.name));
      bases_.insert(base);
      const auto [at, is_first] = seen.emplace(std::pair(file.folder, base), &file);
      if (!is_first && is_as_listed(*at->second)) {
        find_at(file, "doubled", "the same mail is there as " + account_.place(*at->second).path());
      }
    }
  }

  base::Result<void> look_at_link(MailFile& file) {
    const std::string path = account_.place(file).path();
    const auto stub = parse_stub(file.target);
    const auto size = parse_file_name(file.name).size;
    if (!stub) {
      struct stat st {};
      if (!is_in_tier(options_.tier_roots, file.target)) {
        find_at(file, "dangling", "a link to " + file.target + ", which is on no tier");
      } else if (::stat(path.c_str(), &st) != 0) {
        find_at(file, "dangling", file.target + " is not there; mount the tier, or restore it");
      }
      return {};
    }
    if (stubs_.contains(file.target)) {
      if (size && *size != stub->length) {
        find_at(file, "size", "the packed mail has " + std::to_string(stub->length) + " octets");
      }
      return options_.reads_all ? read_packed(file) : base::Result<void>();
    }
    return mend_link(file, path, size);
  }

  base::Result<void> mend_link(const MailFile& file, const std::string& path,
                               const std::optional<std::uint64_t>& size) {
    const auto found = records_.find(std::string(base_name(file.name)));
    const bool can = found != records_.end() && size == found->second.stub.length;
    std::string detail = "no mail is at " + file.target;
    if (!can) {
      find_at(file, "dangling", detail + "; restore the pack from a backup");
      return {};
    }
    detail += "; it is at " + stub_text(found->second.stub);
    if (!options_.repairs) {
      find("dangling", path, detail);
      return {};
    }
    const auto done =
        replace_in_place({account_.place(file)}, file.stamp, {stub_text(found->second.stub), true},
                         *how_.clock, *how_.calls);
    if (!done) {
      return done.error();
    }
    find("dangling", path, std::move(detail), *done == Replaced::done);
    return {};
  }

  base::Result<void> read_packed(const MailFile& file) {
    if (!packs_) {
      auto root = Directory::open(account_.maildir);
      if (!root) {
        return root.error();
      }
      packs_.emplace(std::move(*root));
    }
    const auto mail = packs_->read(*parse_stub(file.target));
    if (!mail) {
      find_at(file, "unreadable", mail.error().text());
    }
    return {};
  }

  base::Result<void> look_at_file(MailFile& file) {
    const FileName name = parse_file_name(file.name);
    if (!name.size) {
      return {};
    }
    if (!options_.reads_all) {
      if (*name.size != file.stamp.size && storage_of(account_, file) == Storage::plain) {
        find_at(file, "size", "the file has " + std::to_string(file.stamp.size) + " octets");
      }
      return {};
    }
    if (const auto mail = read_sized(account_, file);
        !mail && mail.error().code != base::Errc::not_found) {
      find_at(file, mail.error().detail.starts_with("it has ") ? "size" : "unreadable",
              mail.error().detail);
    }
    return {};
  }

  // What packs have and no name leads to.
  base::Result<void> look_at_records() {
    for (const auto& [base, record] : records_) {
      if (bases_.contains(base)) {
        continue;
      }
      ++report_.unlinked;
      if (!options_.restores) {
        continue;
      }
      const std::string folder = record.mail.folder.empty()
                                     ? account_.maildir
                                     : account_.maildir + "/" + record.mail.folder;
      const std::string path = folder + "/cur/" + record.mail.name;
      if (auto made = make_link(folder, path, record); !made) {
        find("lost", path, "no link could be made: " + made.error().detail);
        continue;
      }
      find("lost", path, "in pack " + record.stub.pack + "; its name was lost", true);
    }
    return {};
  }

  base::Result<void> make_link(const std::string& folder, const std::string& path,
                               const Record& record) {
    const std::string tmp = folder + "/tmp/posthouse-" + unique_name(how_.clock->now());
    const timespec time{record.mail.received, 0};
    const std::array<timespec, 2> times{time, time};
    if (how_.calls->symlink(stub_text(record.stub).c_str(), tmp.c_str()) != 0) {
      return base::errno_error(tmp, errno);
    }
    // link(2) takes nobody's place.
    const bool is_made =
        ::utimensat(AT_FDCWD, tmp.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) == 0 &&
        how_.calls->link(tmp.c_str(), path.c_str()) == 0;
    const int error = errno;
    how_.calls->unlink(tmp.c_str());
    return is_made ? base::sync_directory(folder + "/cur") : base::errno_error(path, error);
  }

  AccountFiles& account_;
  const Upkeep& how_;
  const FsckOptions& options_;
  Watcher& watcher_;
  FsckReport report_{};
  std::set<std::string> stubs_{};            // that packs have a record for
  std::map<std::string, Record> records_{};  // by base name
  std::set<std::string> bases_{};            // of all names
  std::optional<Packs> packs_{};
};

}  // namespace

base::Result<FsckReport> fsck_account(const std::string& maildir, const Upkeep& how,
                                      const FsckOptions& options, Watcher& watcher) {
  Upkeep looking = how;
  looking.is_rehearsal = !options.repairs && !options.restores;
  auto opened = open_for_upkeep(maildir, looking);
  if (!opened) {
    return opened.error();
  }
  return Fsck(opened->account, looking, options, watcher).run();
}

}  // namespace maildir
