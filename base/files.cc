// base/files.cc -- whole-file reads, atomic replacement, folders.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/files.hh"

#include <array>
#include <cerrno>
#include <cstdio>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/random.hh"
#include "base/text.hh"

namespace base {

namespace {

using Directory = Handle<DIR, [](DIR* dir) { ::closedir(dir); }>;

// Removes the temporary file unless it was renamed into place.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) {}
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  TemporaryFile(TemporaryFile&&) = delete;
  TemporaryFile& operator=(TemporaryFile&&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) {
      ::unlink(path_.c_str());
    }
  }
  const std::string& path() const { return path_; }
  void keep() { path_.clear(); }

 private:
  std::string path_;
};

}  // namespace

Result<Fd> open_file(const std::string& path, int flags, mode_t mode) {
  Fd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
  if (!fd.is_open()) {
    return errno_error(path, errno);
  }
  return fd;
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) {
    return fd.error();
  }
  std::string content;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = ::read(fd->get(), buffer.data(), buffer.size());
    if (got == 0) {
      return content;
    }
    if (got < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno_error(path, errno);
    }
    if (content.size() + static_cast<std::size_t>(got) > limit) {
      return make_error(Errc::over_quota,
                        path + ": larger than " + std::to_string(limit) + " bytes");
    }
    content.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

Result<void> rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return errno_error("rename " + from + " to " + to, errno);
  }
  return sync_directory(parent_directory(to));
}

Result<void> write_all(int fd, std::string_view bytes, std::string_view what) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno_error(what, errno);
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> sync_file(int fd, std::string_view what) {
  if (::fsync(fd) != 0) {
    return errno_error(what, errno);
  }
  return {};
}

Result<void> sync_directory(const std::string& path) {
  const auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) {
    return fd.error();
  }
  return sync_file(fd->get(), path);
}

Result<void> replace_file(const std::string& path, std::string_view content, mode_t mode) {
  TemporaryFile temporary(path + ".tmp." + hex(bytes_of(random_bytes(6))));
  const auto fd = open_file(temporary.path(), O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!fd) {
    return fd.error();
  }
  if (auto written = write_all(fd->get(), content, path); !written) {
    return written.error();
  }
  if (auto synced = sync_file(fd->get(), path); !synced) {
    return synced.error();
  }
  if (::rename(temporary.path().c_str(), path.c_str()) != 0) {
    return errno_error(path, errno);
  }
  temporary.keep();
  return sync_directory(parent_directory(path));
}

Result<void> make_directories(const std::string& path, mode_t mode) {
  if (::mkdir(path.c_str(), mode) == 0) {
    return {};
  }
  int err = errno;
  if (err == ENOENT && parent_directory(path) != path) {
    if (auto made = make_directories(parent_directory(path), mode); !made) {
      return made.error();
    }
    err = ::mkdir(path.c_str(), mode) == 0 ? 0 : errno;
  }
  struct stat info {};
  const bool is_folder =
      err == 0 || (err == EEXIST && ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode));
  return is_folder ? Result<void>() : Result<void>(errno_error(path, err));
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const Directory dir(::opendir(path.c_str()));
  if (!dir) {
    return errno_error(path, errno);
  }
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") {
      names.emplace_back(name);
    }
    errno = 0;
  }
  if (errno != 0) {
    return errno_error(path, errno);
  }
  return names;
}

std::string parent_directory(std::string_view path) {
  while (path.size() > 1 && path.ends_with('/')) {
    path.remove_suffix(1);
  }
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return ".";
  }
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

}  // namespace base
