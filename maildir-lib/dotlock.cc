// maildir-lib/dotlock.cc -- Dovecot's lock on a folder's uidlist and keywords: a file beside it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/dotlock.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.hh"
#include "base/files.hh"
#include "base/random.hh"
#include "base/text.hh"

namespace maildir {

namespace {

constexpr std::chrono::seconds pid_check_age{2};
constexpr std::chrono::seconds stale_age{120};
constexpr std::chrono::milliseconds pause{20};
constexpr std::size_t max_lock_bytes = 512;

std::string host_name() {
  std::array<char, 256> room{};
  return ::gethostname(room.data(), room.size() - 1) == 0 ? room.data() : "localhost";
}

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             base::system_clock().now().time_since_epoch())
      .count();
}

// The process of this host that wrote the lock; 0 when it does not say.
pid_t local_owner(const std::string& lock) {
  const auto text = base::read_file(lock, max_lock_bytes);
  if (!text) {
    return 0;
  }
  const std::string_view words = base::trim(*text);
  const std::size_t colon = words.find(':');
  if (colon == std::string_view::npos || words.substr(colon + 1) != host_name()) {
    return 0;
  }
  return std::max(0, base::parse_number<pid_t>(words.substr(0, colon)).value_or(0));
}

// True when nobody holds the lock any more, though its file is there.
bool is_stale(const std::string& path, const std::string& lock, const struct stat& st) {
  const std::int64_t now = seconds_now();
  if (st.st_mtime < now - pid_check_age.count()) {
    if (const pid_t owner = local_owner(lock); owner > 0) {
      return ::kill(owner, 0) != 0 && errno == ESRCH;
    }
  }
  struct stat file {};
  std::int64_t changed = std::max<std::int64_t>(st.st_ctime, st.st_mtime);
  if (::stat(path.c_str(), &file) == 0) {
    changed = std::max<std::int64_t>(changed, file.st_ctime);
  }
  return changed < now - stale_age.count();
}

// The lock as it is now: a client of NFS asks the server when the folder is opened, and may else
// take another host's lock for the one that it knew before.
bool look_at(const std::string& lock, struct stat& st) {
  (void)base::open_file(base::parent_directory(lock), O_RDONLY | O_DIRECTORY);
  return ::lstat(lock.c_str(), &st) == 0;
}

void remove_if_stale(const std::string& path, const std::string& lock) {
  struct stat before {};
  struct stat after {};
  if (look_at(lock, before) && is_stale(path, lock, before) && look_at(lock, after) &&
      before.st_ino == after.st_ino && before.st_ctime == after.st_ctime) {
    ::unlink(lock.c_str());
  }
}

}  // namespace

base::Result<Dotlock> Dotlock::take(const std::string& path, std::chrono::milliseconds patience) {
  const std::string lock = path + ".lock";
  const std::string mine = path + ".lock." + base::hex(base::bytes_of(base::random_bytes(8)));
  auto fd = base::open_file(mine, O_WRONLY | O_CREAT | O_EXCL, 0600);
  if (!fd) {
    return fd.error();
  }
  struct stat st {};
  auto written = base::write_all(fd->get(), std::to_string(::getpid()) + ":" + host_name(), mine);
  const bool is_made = written && ::fstat(fd->get(), &st) == 0;
  fd->reset();  // which sends what was written to a server of NFS: others read it in the lock
  const auto end = base::system_clock().ticks() + patience;
  int error = EEXIST;
  while (is_made) {
    struct stat own {};
    // On NFS the answer may get lost: two links say that it was done.
    if (::link(mine.c_str(), lock.c_str()) == 0 ||
        (::stat(mine.c_str(), &own) == 0 && own.st_nlink == 2)) {
      error = 0;
      break;
    }
    error = errno;
    if (error != EEXIST || base::system_clock().ticks() >= end) {
      break;
    }
    remove_if_stale(path, lock);
    std::this_thread::sleep_for(pause);
    // Its age counts from when it becomes the lock.
    ::utimensat(AT_FDCWD, mine.c_str(), nullptr, 0);
  }
  ::unlink(mine.c_str());
  if (!is_made) {
    return written ? base::errno_error(mine, errno) : written.error();
  }
  if (error == EEXIST) {
    return base::make_error(base::Errc::timeout, lock + " is held by another process");
  }
  if (error != 0) {
    return base::errno_error(lock, error);
  }
  return Dotlock(lock, st.st_dev, st.st_ino);
}

Dotlock::Dotlock(Dotlock&& other) noexcept
    : lock_(std::exchange(other.lock_, {})), device_(other.device_), inode_(other.inode_) {}

Dotlock::~Dotlock() {
  struct stat st {};
  if (!lock_.empty() && ::lstat(lock_.c_str(), &st) == 0 && st.st_dev == device_ &&
      st.st_ino == inode_) {
    ::unlink(lock_.c_str());
  }
}

}  // namespace maildir
