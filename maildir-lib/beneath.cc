// maildir-lib/beneath.cc -- folders of an account, opened so that no symbolic link leads out of it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/beneath.hh"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildir {

namespace {

// File systems that keep nanoseconds count in clock ticks; others in seconds.
constexpr std::chrono::milliseconds fine_grain{100};
constexpr std::chrono::milliseconds coarse_grain{2000};
constexpr std::int64_t second = 1'000'000'000;

bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

base::Result<base::Fd> open_at(int folder, const std::string& path, const std::string& name,
                               int flags) {
  if (!is_plain_name(name)) {
    return base::make_error(base::Errc::denied, path + ": not a name of one file");
  }
  base::Fd fd(
      ::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags));
  if (!fd.is_open()) {
    const int err = errno == ELOOP ? EACCES : errno;
    return base::errno_error(path + "/" + name, err);
  }
  return fd;
}

Stamp to_stamp(const struct stat& st) {
  const auto nanoseconds = [](const struct timespec& t) {
    return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
  };
  return {st.st_dev, st.st_ino, nanoseconds(st.st_mtim), nanoseconds(st.st_ctim),
          static_cast<std::uint64_t>(st.st_size)};
}

void close_dir(DIR* dir) {
  ::closedir(dir);
}

}  // namespace

bool Stamp::is_racy(base::WallTime now) const {
  const auto age = now.time_since_epoch() - std::chrono::nanoseconds(std::max(modified, changed));
  const bool is_fine = modified % second != 0 || changed % second != 0;
  return age < (is_fine ? fine_grain : coarse_grain);
}

base::Result<Directory> Directory::open(const std::string& path) {
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!fd.is_open()) {
    return base::errno_error(path, errno);
  }
  return Directory(std::move(fd), path);
}

base::Result<Directory> Directory::again() const {
  base::Fd fd(::openat(fd_.get(), ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  if (!fd.is_open()) {
    return base::errno_error(path_, errno);
  }
  return Directory(std::move(fd), path_);
}

base::Result<Directory> Directory::open_directory(const std::string& name) const {
  auto fd = open_at(fd_.get(), path_, name, O_DIRECTORY);
  if (!fd) {
    return fd.error();
  }
  return Directory(std::move(*fd), path_ + "/" + name);
}

base::Result<base::Fd> Directory::open_file(const std::string& name) const {
  auto fd = open_at(fd_.get(), path_, name, 0);
  if (!fd) {
    return fd.error();
  }
  struct stat st {};
  if (::fstat(fd->get(), &st) != 0 || !S_ISREG(st.st_mode)) {
    return base::make_error(base::Errc::denied, path_ + "/" + name + ": not a regular file");
  }
  return std::move(*fd);
}

base::Result<std::string> Directory::read_file(const std::string& name, std::size_t limit) const {
  const auto fd = open_file(name);
  if (!fd) {
    return fd.error();
  }
  return read_all(fd->get(), limit);
}

base::Result<std::optional<std::string>> Directory::read_link(const std::string& name) const {
  std::array<char, PATH_MAX> room{};
  const ssize_t size = is_plain_name(name)
                           ? ::readlinkat(fd_.get(), name.c_str(), room.data(), room.size())
                           : (errno = EACCES, -1);
  if (size < 0 && errno != EINVAL) {
    return base::errno_error(path_ + "/" + name, errno);
  }
  return size < 0 ? std::optional<std::string>()
                  : std::optional(std::string(room.data(), static_cast<std::size_t>(size)));
}

Stamp Directory::stamp() const {
  return stamp_of(fd_.get());
}

std::optional<Stamp> Directory::stamp(const std::string& name) const {
  struct stat st {};
  if (!is_plain_name(name) || ::fstatat(fd_.get(), name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) {
    return std::nullopt;
  }
  return to_stamp(st);
}

base::Result<std::vector<DirectoryEntry>> Directory::list() const {
  // A descriptor of its own: reading moves the position, which a duplicate would share.
  base::Fd again(::openat(fd_.get(), ".", O_RDONLY | O_CLOEXEC | O_DIRECTORY));
  const base::Handle<DIR, close_dir> dir(again.is_open() ? ::fdopendir(again.get()) : nullptr);
  if (!dir) {
    return base::errno_error(path_, errno);
  }
  again.release();
  std::vector<DirectoryEntry> entries;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {  // NOLINT(concurrency-mt-unsafe): own DIR
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") {
      entries.push_back({std::string(name), entry->d_type == DT_DIR, entry->d_type == DT_REG,
                         entry->d_type == DT_LNK, entry->d_type == DT_UNKNOWN});
    }
    errno = 0;
  }
  if (errno != 0) {
    return base::errno_error(path_, errno);
  }
  return entries;
}

base::Result<std::string> read_start(int fd, std::size_t limit) {
  return read_part(fd, 0, limit);
}

base::Result<std::string> read_part(int fd, std::uint64_t from, std::size_t limit) {
  struct stat st {};
  if (::fstat(fd, &st) != 0) {
    return base::errno_error("fstat", errno);
  }
  const auto size = static_cast<std::uint64_t>(st.st_size);
  std::string text;
  text.reserve(std::min<std::size_t>(size > from ? size - from : 0, limit));
  std::array<char, 65536> room;
  while (text.size() < limit) {
    const ssize_t got = ::pread(fd, room.data(), std::min(room.size(), limit - text.size()),
                                static_cast<off_t>(from + text.size()));
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return base::errno_error("read", errno);
    }
    if (got == 0) {
      break;
    }
    text.append(room.data(), static_cast<std::size_t>(got));
  }
  return text;
}

base::Result<std::string> read_all(int fd, std::size_t limit) {
  auto text = read_start(fd, limit + 1);
  if (text && text->size() > limit) {
    return base::make_error(base::Errc::over_quota, "a file larger than is read");
  }
  return text;
}

Stamp stamp_of(int fd) {
  struct stat st {};
  return ::fstat(fd, &st) == 0 ? to_stamp(st) : Stamp{};
}

}  // namespace maildir
