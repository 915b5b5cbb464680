// maildir-lib/adopt.cc -- an account of Courier: its folders, subscriptions, and what stays behind.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/adopt.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>

#include "base/files.hh"
#include "base/text.hh"

#include "maildir-lib/account_files.hh"
#include "maildir-lib/courier.hh"
#include "maildir-lib/folder.hh"

namespace maildir {

namespace {

using base::Errc;

constexpr std::size_t max_small_file = 4U << 20U;

base::Result<void> write_all(int fd, std::string_view rest, const std::string& path,
                             DiskCalls& calls) {
  while (!rest.empty()) {
    const ssize_t done = calls.write(fd, rest.data(), rest.size());
    if (done < 0 && errno == EINTR) {
      continue;
    }
    if (done < 0) {
      return base::errno_error(path, errno);
    }
    rest.remove_prefix(static_cast<std::size_t>(done));
  }
  return {};
}

// As Dovecot writes it: levels divided by tabs.
std::string format_subscriptions(const std::vector<std::string>& names) {
  std::string text = "V\t2\n\n";
  for (std::string name : names) {
    std::replace(name.begin(), name.end(), '.', '\t');
    text += name + "\n";
  }
  return text;
}

class Account {
 public:
  Account(const std::string& path, const Directory& root, const Adoption& how)
      : path_(path), root_(root), how_(how) {}

  base::Result<AdoptedAccount> run(Watcher& watcher) {
    if (auto done = rename_folders(); !done) {
      return done.error();
    }
    const auto folders = list_folders(root_);
    if (!folders) {
      return folders.error();
    }
    for (const Folder& folder : *folders) {
      watcher.progress(out_.folders.size(), folders->size());
      const std::string path = folder.is_inbox() ? path_ : path_ + "/" + folder.disk_name;
      auto adopted = adopt_folder(root_, path, folder.disk_name, how_, out_.notes);
      if (!adopted) {
        return adopted.error();
      }
      out_.folders.push_back(std::move(*adopted));
      tell_sharing(folder, path);
    }
    if (auto done = write_subscriptions(); !done) {
      return done.error();
    }
    tell_rest();
    return std::move(out_);
  }

 private:
  void tell(std::string what, std::string path, std::string detail, bool needs_you = false) {
    out_.notes.push_back({std::move(what), std::move(path), std::move(detail), needs_you});
  }

  // Dovecot lists a folder whose name is raw UTF-8 and cannot open it.
  base::Result<void> rename_folders() {
    const auto folders = list_folders(root_);
    if (!folders) {
      return folders.error();
    }
    for (const Folder& folder : *folders) {
      const std::string from = path_ + "/" + folder.disk_name;
      const auto name =
          folder.is_inbox() ? std::string() : to_dovecot_name(folder.disk_name.substr(1));
      if (!name) {
        tell("name", from, name.error().detail + ": rename it by hand", true);
        continue;
      }
      const std::string fresh = name->empty() ? "" : "." + *name;
      if (fresh == folder.disk_name) {
        continue;
      }
      if (!how_.renames_folders) {
        tell("name", from, "Dovecot reads it as " + fresh + ": --rename-folders", true);
      } else if (root_.stamp(fresh)) {
        tell("name", from, fresh + " is there too: join them by hand", true);
      } else if (auto renamed = rename_folder(from, path_ + "/" + fresh); !renamed) {
        return renamed;
      }
    }
    return out_.renamed == 0 || how_.is_rehearsal ? base::Result<void>()
                                                  : sync_folder(path_, *how_.calls);
  }

  base::Result<void> rename_folder(const std::string& from, const std::string& to) {
    if (!how_.is_rehearsal && how_.calls->rename(from.c_str(), to.c_str()) != 0) {
      return base::errno_error(from, errno);
    }
    ++out_.renamed;
    tell("name", from, "is now " + to);
    return {};
  }

  base::Result<void> write_subscriptions() {
    const auto text = root_.read_file("courierimapsubscribed", max_small_file);
    if (!text) {
      return text.error().code == Errc::not_found ? base::Result<void>()
                                                  : base::Result<void>(text.error());
    }
    const CourierSubscriptions wanted = parse_courier_subscriptions(*text);
    const std::string path = path_ + "/subscriptions";
    if (root_.stamp("subscriptions")) {
      return {};  // an earlier run's, or what the user has chosen since
    }
    for (const std::string& name : wanted.foreign) {
      tell("subscription", path, base::printable(name) + " is no folder of this account");
    }
    out_.subscriptions = wanted.names.size();
    return how_.is_rehearsal ? base::Result<void>()
                             : put_file(path, format_subscriptions(wanted.names), *how_.calls);
  }

  void tell_sharing(const Folder& folder, const std::string& path) {
    const auto place = folder.is_inbox() ? root_.again() : root_.open_directory(folder.disk_name);
    const auto text = place ? place->read_file("courierimapacl", max_small_file)
                            : base::Result<std::string>(place.error());
    if (text) {
      if (const auto others = parse_courier_acl(*text); !others.empty()) {
        tell("shared", path, "rights of " + base::join(others, ", ") + " are not taken over");
      }
    }
  }

  void tell_rest() {
    if (root_.stamp("shared-maildirs")) {
      tell("shared", path_ + "/shared-maildirs", "shared folders are not taken over");
    }
    for (const char* name : {"maildirfilter", ".mailfilter"}) {
      if (root_.stamp(name)) {
        tell("filter", path_ + "/" + name, "maildrop's rules are not read: write them in Sieve");
      }
    }
  }

  const std::string& path_;
  const Directory& root_;
  const Adoption& how_;
  AdoptedAccount out_{};
};

}  // namespace

base::Result<void> put_file(const std::string& path, std::string_view content, DiskCalls& calls) {
  constexpr mode_t mode = 0600;
  const std::string fresh = path + ".adopted";
  if (calls.unlink(fresh.c_str()) != 0 && errno != ENOENT) {
    return base::errno_error(fresh, errno);
  }
  base::Fd fd(
      calls.open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd.is_open()) {
    return base::errno_error(fresh, errno);
  }
  if (auto written = write_all(fd.get(), content, fresh, calls); !written) {
    return written;
  }
  if (calls.fsync(fd.get()) != 0) {
    return base::errno_error(fresh, errno);
  }
  fd.reset();
  if (calls.rename(fresh.c_str(), path.c_str()) != 0) {
    return base::errno_error(path, errno);
  }
  return sync_folder(base::parent_directory(path), calls);
}

base::Result<AdoptedAccount> adopt_account(const std::string& maildir, const Adoption& how,
                                           Watcher& watcher) {
  const auto root = Directory::open(maildir);
  if (!root) {
    return root.error();
  }
  std::optional<AccountLock> lock;
  if (!how.is_rehearsal) {
    auto taken = AccountLock::take(maildir);
    if (!taken) {
      return taken.error();
    }
    lock = std::move(*taken);
  }
  return Account(maildir, *root, how).run(watcher);
}

}  // namespace maildir
