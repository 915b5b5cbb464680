// maildir-lib/replace.cc -- other bytes, or a symbolic link, in the place of a message file.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/replace.hh"

#include <array>
#include <cerrno>
#include <cstdio>
#include <set>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"

#include "maildir-lib/dotlock.hh"
#include "maildir-lib/filename.hh"

namespace maildir {

namespace {

constexpr int max_attempts = 8;  // against somebody who renames it again and again
constexpr int max_listings = 3;  // a rename can hide a name from one listing
constexpr std::int64_t second = 1'000'000'000;
constexpr std::chrono::seconds lock_patience{30};
constexpr std::string_view rest_prefix = "posthouse-";

std::optional<struct stat> look_at(const std::string& path) {
  struct stat st {};
  return ::lstat(path.c_str(), &st) == 0 ? std::optional(st) : std::nullopt;
}

bool is_same(const struct stat& st, const Stamp& seen) {
  return st.st_dev == seen.device && st.st_ino == seen.inode;
}

Stamp stamp_from(const struct stat& st) {
  Stamp stamp;
  stamp.device = st.st_dev;
  stamp.inode = st.st_ino;
  stamp.size = static_cast<std::uint64_t>(st.st_size);
  return stamp;
}

bool cannot_exchange(int error) {
  return error == EINVAL || error == ENOSYS || error == EOPNOTSUPP;
}

std::array<timespec, 2> times_of(const Stamp& seen) {
  const std::int64_t part = (seen.modified % second + second) % second;
  const timespec time{(seen.modified - part) / second, part};
  return {time, time};
}

// A client of NFS answers from its cache what a name leads to, for up to a minute after another
// host has renamed, removed or replaced it; it asks the server when the folder itself is opened.
void look_anew(const std::string& folder) {
  for (const char* part : {"/new", "/cur"}) {
    (void)base::open_file(folder + part, O_RDONLY | O_DIRECTORY);
  }
}

// The names in new/ and cur/ that have this base name.
base::Result<std::vector<MailPlace>> places_of(const std::string& folder, std::string_view base) {
  std::vector<MailPlace> found;
  for (const bool in_new : {true, false}) {
    auto names = base::list_directory(folder + (in_new ? "/new" : "/cur"));
    if (!names) {
      return names.error();
    }
    for (std::string& name : *names) {
      if (base_name(name) == base) {
        found.push_back({folder, std::move(name), in_new});
      }
    }
  }
  return found;
}

base::Result<void> sync_path(const std::string& path, DiskCalls& calls) {
  const base::Fd fd(calls.open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (!fd.is_open() || calls.fsync(fd.get()) != 0) {
    return base::errno_error(path, errno);
  }
  return {};
}

}  // namespace

base::Result<bool> find_again(MailPlace& place) {
  look_anew(place.folder);
  if (look_at(place.path())) {
    return true;
  }
  const std::string base(base_name(place.name));
  for (int i = 0; i < max_listings; ++i) {
    auto found = places_of(place.folder, base);
    if (!found) {
      return found.error();
    }
    if (!found->empty()) {
      place = std::move(found->front());
      return true;
    }
  }
  return false;
}

Replacements::~Replacements() {
  forget();
}

// Removes what may be removed; all else is left for remove_rests().
void Replacements::forget() {
  for (const Added& mail : added_) {
    for (const Link& link : mail.links) {
      if (!link.rest.empty() && link.may_remove) {
        calls_.unlink(link.rest.c_str());
      }
    }
  }
  added_.clear();
}

base::Result<void> Replacements::write_file(const std::string& path, const Stamp& seen,
                                            std::string_view bytes, unsigned mode) {
  const base::Fd fd(
      calls_.open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd.is_open()) {
    return base::errno_error(path, errno);
  }
  while (!bytes.empty()) {
    const ssize_t done = calls_.write(fd.get(), bytes.data(), bytes.size());
    if (done < 0 && errno == EINTR) {
      continue;
    }
    if (done < 0) {
      return base::errno_error(path, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(done));
  }
  const auto times = times_of(seen);
  if (::fchmod(fd.get(), mode) != 0 || ::futimens(fd.get(), times.data()) != 0 ||
      calls_.fsync(fd.get()) != 0) {
    return base::errno_error(path, errno);
  }
  return {};
}

// The new file in the tmp/ of its first link, and its links in the others.
base::Result<void> Replacements::make(Added& mail, const Substitute& by) {
  const auto old = look_at(mail.links.front().place.path());
  const auto folder = look_at(mail.links.front().place.folder + "/cur");
  if (!folder) {
    return base::errno_error(mail.links.front().place.folder + "/cur", errno);
  }
  const unsigned mode =
      old && S_ISREG(old->st_mode) ? old->st_mode & 0777U : folder->st_mode & 0666U;
  const std::string* first = nullptr;
  for (Link& link : mail.links) {
    link.rest = link.place.folder + "/tmp/" + std::string(rest_prefix) + unique_name(clock_.now());
    link.may_remove = true;
    if (first != nullptr) {
      if (calls_.link(first->c_str(), link.rest.c_str()) != 0) {
        return base::errno_error(link.rest, errno);
      }
      continue;
    }
    first = &link.rest;
    if (!by.is_link) {
      if (auto written = write_file(link.rest, mail.seen, by.bytes, mode); !written) {
        return written;
      }
      continue;
    }
    const auto times = times_of(mail.seen);
    if (calls_.symlink(by.bytes.c_str(), link.rest.c_str()) != 0 ||
        ::utimensat(AT_FDCWD, link.rest.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
      return base::errno_error(link.rest, errno);
    }
  }
  const std::string& path = mail.links.front().rest;
  const auto made = look_at(path);
  if (!made) {
    return base::errno_error(path, errno);
  }
  mail.made = stamp_from(*made);
  return {};
}

base::Result<void> Replacements::add(std::vector<MailPlace> names, const Stamp& seen,
                                     const Substitute& by) {
  Added mail;
  mail.seen = seen;
  for (MailPlace& place : names) {
    mail.links.push_back({std::move(place), {}, false});
  }
  added_.push_back(std::move(mail));
  auto made = make(added_.back(), by);
  if (!made) {
    for (const Link& link : added_.back().links) {
      if (!link.rest.empty()) {
        calls_.unlink(link.rest.c_str());
      }
    }
    added_.pop_back();
  }
  return made;
}

// fsync of every tmp/, and of the folders that the mails are in.
base::Result<void> Replacements::sync_folders(bool with_mail) {
  std::set<std::string> paths;
  for (const Added& mail : added_) {
    for (const Link& link : mail.links) {
      paths.insert(link.place.folder + "/tmp");
      if (with_mail) {
        paths.insert(link.place.folder + (link.place.in_new ? "/new" : "/cur"));
      }
    }
  }
  for (const std::string& path : paths) {
    if (auto synced = sync_path(path, calls_); !synced) {
      return synced;
    }
  }
  return {};
}

// What lies in tmp/ now is not the file that was read: the mail was replaced by somebody else, and
// that stays.
base::Result<Replaced> Replacements::put_back(const Added& mail, Link& link) {
  for (int i = 0; i < max_attempts; ++i) {
    const auto there = look_at(link.place.path());
    if (there && !is_same(*there, mail.made)) {
      break;  // replaced once more: both of what we hold are old
    }
    if (calls_.exchange(link.rest.c_str(), link.place.path().c_str()) == 0) {
      break;
    }
    if (errno != ENOENT) {
      return base::errno_error(link.place.path(), errno);
    }
    const auto found = find_again(link.place);
    if (!found) {
      return found.error();
    }
    if (!*found) {
      break;  // expunged
    }
  }
  link.may_remove = true;
  return Replaced::changed;
}

// One rename over the mail, under Dovecot's lock. Nothing when the base name was there twice then,
// and ours went again.
base::Result<std::optional<Replaced>> Replacements::rename_over(Link& link) {
  // The new file keeps a name in tmp/ as long as this one may have to go again.
  const std::string spare = link.rest + "-";
  const bool has_spare = calls_.link(link.rest.c_str(), spare.c_str()) == 0;
  const std::string& from = has_spare ? spare : link.rest;
  if (calls_.rename(from.c_str(), link.place.path().c_str()) != 0) {
    const int error = errno;
    if (has_spare) {
      calls_.unlink(spare.c_str());
    }
    return base::errno_error(link.place.path(), error);
  }
  const auto now = places_of(link.place.folder, base_name(link.place.name));
  if (!now) {
    return now.error();
  }
  if (now->size() > 1) {
    // Without links the new file goes back the way it came.
    has_spare ? calls_.unlink(link.place.path().c_str())
              : calls_.rename(link.place.path().c_str(), link.rest.c_str());
    return std::optional<Replaced>();
  }
  if (!has_spare) {
    link.rest.clear();
  }
  return std::optional(Replaced::done);
}

// Where EXCHANGE is missing.
base::Result<Replaced> Replacements::rename_locked(Added& mail, Link& link) {
  const auto lock = Dotlock::take(link.place.folder + "/dovecot-uidlist", lock_patience);
  if (!lock) {
    return lock.error();
  }
  for (int i = 0; i < max_attempts; ++i) {
    const auto before = find_again(link.place);
    if (!before || !*before) {
      return before ? base::Result<Replaced>(Replaced::gone) : before.error();
    }
    const auto old = look_at(link.place.path());
    if (!old) {
      continue;
    }
    if (!is_same(*old, mail.seen)) {
      return Replaced::changed;
    }
    const auto done = rename_over(link);
    if (!done || *done) {
      return done ? base::Result<Replaced>(**done) : done.error();
    }
  }
  return base::make_error(base::Errc::unavailable, link.place.path() + " is renamed all the time");
}

// Once the mail is where `link` says.
base::Result<Replaced> Replacements::exchange_found(Added& mail, Link& link) {
  if (calls_.exchange(link.rest.c_str(), link.place.path().c_str()) != 0) {
    const int error = errno;
    if (cannot_exchange(error)) {
      return rename_locked(mail, link);
    }
    if (error == ENOENT && look_at(link.rest)) {
      return base::make_error(base::Errc::not_found, link.place.path());
    }
    return base::errno_error(link.rest + " for " + link.place.path(),
                             error == ENOENT ? EIO : error);
  }
  link.may_remove = false;
  const auto old = look_at(link.rest);
  if (!old || !is_same(*old, mail.seen)) {
    return put_back(mail, link);
  }
  link.may_remove = true;
  return Replaced::done;
}

base::Result<Replaced> Replacements::exchange(Added& mail, Link& link) {
  for (int i = 0; i < max_attempts; ++i) {
    const auto now = look_at(link.place.path());
    if (now && !is_same(*now, mail.seen)) {
      return Replaced::changed;
    }
    if (now) {
      auto done = exchange_found(mail, link);
      if (done || done.error().code != base::Errc::not_found) {
        return done;
      }
    }
    const auto found = find_again(link.place);
    if (!found || !*found) {
      return found ? base::Result<Replaced>(Replaced::gone) : found.error();
    }
  }
  return base::make_error(base::Errc::unavailable, link.place.path() + " is renamed all the time");
}

base::Result<std::vector<Replaced>> Replacements::commit() {
  std::vector<Replaced> answers;
  auto ready = sync_folders(false);
  for (std::size_t i = 0; ready && i < added_.size(); ++i) {
    std::optional<Replaced> answer;
    for (Link& link : added_[i].links) {
      const auto done = exchange(added_[i], link);
      if (!done) {
        ready = done.error();
        break;
      }
      answer = answer == Replaced::done ? Replaced::done : *done;
    }
    answers.push_back(answer.value_or(Replaced::gone));
  }
  // Also after an error: some were exchanged, and their old files may only go when that is durable.
  if (auto durable = sync_folders(true); !durable) {
    for (Added& mail : added_) {
      for (Link& link : mail.links) {
        link.may_remove = false;
      }
    }
    forget();
    return durable.error();
  }
  forget();
  if (!ready) {
    return ready.error();
  }
  return answers;
}

base::Result<Replaced> replace_in_place(std::vector<MailPlace> names, const Stamp& seen,
                                        const Substitute& by, const base::Clock& clock,
                                        DiskCalls& calls) {
  Replacements one(clock, calls);
  if (auto added = one.add(std::move(names), seen, by); !added) {
    return added.error();
  }
  const auto done = one.commit();
  return done ? base::Result<Replaced>(done->front()) : done.error();
}

base::Result<std::size_t> remove_rests(const std::string& folder, DiskCalls& calls) {
  auto names = base::list_directory(folder + "/tmp");
  if (!names) {
    return names.error().code == base::Errc::not_found ? base::Result<std::size_t>(0)
                                                       : names.error();
  }
  std::erase_if(*names, [](const std::string& name) { return !name.starts_with(rest_prefix); });
  if (names->empty()) {
    return 0;
  }
  for (const char* part : {"/tmp", "/new", "/cur"}) {
    if (auto synced = sync_path(folder + part, calls); !synced) {
      return synced.error();
    }
  }
  std::size_t removed = 0;
  std::string path = folder + "/tmp/";
  const std::size_t length = path.size();
  for (const std::string& name : *names) {
    path.resize(length);
    path += name;
    removed += calls.unlink(path.c_str()) == 0 ? 1 : 0;
  }
  return removed;
}

}  // namespace maildir
