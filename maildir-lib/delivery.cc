// maildir-lib/delivery.cc -- writing a message file: tmp/, fsync, then its name in new/ or cur/.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "maildir-lib/delivery.hh"

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.hh"

namespace maildir {

namespace {

constexpr int max_name_attempts = 10;
constexpr std::size_t write_piece = 64U << 10U;

// What may stand in a name: Dovecot and others write : and / as octal escapes.
std::string host_name() {
  std::array<char, 256> room{};
  if (::gethostname(room.data(), room.size() - 1) != 0) {
    return "localhost";
  }
  std::string name;
  for (const char* c = room.data(); *c != '\0'; ++c) {
    switch (*c) {
      case '/':
        name += "\\057";
        break;
      case ':':
        name += "\\072";
        break;
      case ',':
        name += "\\054";
        break;
      default:
        name += *c;
    }
  }
  return name.substr(0, 100);
}

std::string sizes_in_name(std::uint64_t size, std::uint64_t virtual_size) {
  return ",S=" + std::to_string(size) + ",W=" + std::to_string(virtual_size);
}

unsigned long links_of(const std::string& path) {
  struct stat st {};
  return ::stat(path.c_str(), &st) == 0 ? static_cast<unsigned long>(st.st_nlink) : 0;
}

// link(2) whose answer may be lost on NFS: the file's links tell whether it was done.
int link_safely(const std::string& from, const std::string& to, DiskCalls& calls) {
  const unsigned long before = links_of(from);
  if (calls.link(from.c_str(), to.c_str()) == 0) {
    return 0;
  }
  const int error = errno;
  struct stat a {};
  struct stat b {};
  const bool done = before > 0 && links_of(from) == before + 1 && ::stat(from.c_str(), &a) == 0 &&
                    ::stat(to.c_str(), &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev;
  errno = error;
  return done ? 0 : -1;
}

bool cannot_link(int error) {
  return error == EPERM || error == EOPNOTSUPP || error == ENOSYS;
}

}  // namespace

base::Result<void> sync_folder(const std::string& path, DiskCalls& calls) {
  const base::Fd fd(calls.open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0));
  if (!fd.is_open() || calls.fsync(fd.get()) != 0) {
    return base::errno_error(path, errno);
  }
  return {};
}

int DiskCalls::open(const char* path, int flags, mode_t mode) {
  return ::open(path, flags, mode);
}
ssize_t DiskCalls::write(int fd, const void* data, std::size_t size) {
  return ::write(fd, data, size);
}
int DiskCalls::fsync(int fd) {
  return ::fsync(fd);
}
int DiskCalls::link(const char* from, const char* to) {
  return ::link(from, to);
}
int DiskCalls::rename(const char* from, const char* to) {
  return ::rename(from, to);
}
int DiskCalls::unlink(const char* path) {
  return ::unlink(path);
}

int DiskCalls::symlink(const char* text, const char* path) {
  return ::symlink(text, path);
}

int DiskCalls::exchange(const char* one, const char* other) {
  return ::renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE);
}

DiskCalls& DiskCalls::real() {
  static class System final : public DiskCalls {
  } calls;
  return calls;
}

std::string unique_name(base::WallTime now) {
  static std::atomic<unsigned> counter{0};
  static const std::string host = host_name();
  const auto ms = now.time_since_epoch().count();
  return std::to_string(ms / 1000) + ".M" + std::to_string(ms % 1000 * 1000) + "P" +
         std::to_string(::getpid()) + "Q" + std::to_string(++counter) + "." + host;
}

base::Result<Delivery> Delivery::begin(std::string path, const base::Clock& clock,
                                       const DeliveryOptions& options, DiskCalls& calls) {
  Delivery delivery(std::move(path), options, calls);
  for (int attempt = 0; attempt < max_name_attempts; ++attempt) {
    delivery.name_ = options.name.empty() ? unique_name(clock.now()) : options.name;
    if (!options.name.empty()) {
      calls.unlink(delivery.tmp_path().c_str());
    }
    delivery.fd_.reset(calls.open(delivery.tmp_path().c_str(),
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                  options.mode));
    if (delivery.fd_.is_open()) {
      if (options.zstd_level > 0) {
        delivery.frames_.emplace(options.zstd_level);
      }
      return delivery;
    }
    if (errno != EEXIST) {
      break;
    }
  }
  const int error = errno;
  const std::string tried = delivery.tmp_path();
  delivery.name_.clear();
  return base::errno_error(tried, error);
}

Delivery::Delivery(Delivery&& other) noexcept
    : path_(std::move(other.path_)),
      options_(std::move(other.options_)),
      calls_(other.calls_),
      name_(std::exchange(other.name_, {})),
      fd_(std::move(other.fd_)),
      frames_(std::move(other.frames_)),
      ready_(std::move(other.ready_)),
      size_(other.size_),
      bare_lines_(other.bare_lines_),
      last_(other.last_) {}

Delivery::~Delivery() {
  if (!name_.empty()) {
    calls_->unlink(tmp_path().c_str());
  }
}

base::Result<void> Delivery::write(std::string_view bytes) {
  for (const char c : bytes) {
    bare_lines_ += c == '\n' && last_ != '\r' ? 1 : 0;
    last_ = c;
  }
  size_ += bytes.size();
  if (frames_) {
    if (auto taken = frames_->write(bytes, ready_); !taken) {
      return taken;
    }
  } else {
    ready_ += bytes;
  }
  return ready_.size() < write_piece ? base::Result<void>() : send();
}

base::Result<void> Delivery::send() {
  std::string_view rest = ready_;
  while (!rest.empty()) {
    const ssize_t done = calls_->write(fd_.get(), rest.data(), rest.size());
    if (done < 0 && errno == EINTR) {
      continue;
    }
    if (done < 0) {
      return base::errno_error(tmp_path(), errno);
    }
    rest.remove_prefix(static_cast<std::size_t>(done));
  }
  ready_.clear();
  return {};
}

// All octets and the time of arrival are on the disk.
base::Result<void> Delivery::settle() {
  if (frames_) {
    if (auto ended = frames_->finish(ready_); !ended) {
      return ended;
    }
  }
  if (auto sent = send(); !sent) {
    return sent;
  }
  if (options_.received) {
    const std::array<timespec, 2> times{timespec{*options_.received, 0},
                                        timespec{*options_.received, 0}};
    if (::futimens(fd_.get(), times.data()) != 0) {
      return base::errno_error(tmp_path(), errno);
    }
  }
  if (calls_->fsync(fd_.get()) != 0) {
    return base::errno_error(tmp_path(), errno);
  }
  fd_.reset();
  return {};
}

// From tmp/ to its name, over no other file.
base::Result<void> Delivery::publish(const std::string& target) {
  if (link_safely(tmp_path(), target, *calls_) == 0) {
    if (calls_->unlink(tmp_path().c_str()) == 0 || errno == ENOENT) {
      name_.clear();
    }
    return {};
  }
  if (!cannot_link(errno)) {
    return base::errno_error(target, errno);
  }
  // A file system without hard links: the name is unique, rename does as well.
  if (calls_->rename(tmp_path().c_str(), target.c_str()) != 0) {
    return base::errno_error(target, errno);
  }
  name_.clear();
  return {};
}

base::Result<std::string> Delivery::commit(std::optional<Flags> flags) {
  if (auto settled = settle(); !settled) {
    return settled.error();
  }
  const std::string base = name_ + sizes_in_name(size_, size_ + bare_lines_);
  const std::string folder = path_ + (flags ? "/cur" : "/new");
  std::string name = flags ? name_with_flags(base, *flags) : base;
  const std::string target = folder + "/" + name;
  if (auto published = publish(target); !published) {
    return published.error();
  }
  if (auto synced = sync_folder(folder, *calls_); !synced) {
    calls_->unlink(target.c_str());  // the caller tries again later: it must not be there twice
    return synced.error();
  }
  return name;
}

base::Result<std::string> link_message(const std::string& file, const std::string& folder,
                                       std::uint64_t size, std::uint64_t virtual_size,
                                       const base::Clock& clock, DiskCalls& calls) {
  std::string name = unique_name(clock.now()) + sizes_in_name(size, virtual_size);
  const std::string target = folder + "/new/" + name;
  if (link_safely(file, target, calls) != 0) {
    return base::errno_error(target, errno);
  }
  if (auto synced = sync_folder(folder + "/new", calls); !synced) {
    calls.unlink(target.c_str());
    return synced.error();
  }
  return name;
}

base::Result<std::string> set_flags(const std::string& folder, const std::string& name, bool in_new,
                                    Flags flags, DiskCalls& calls) {
  std::string to = name_with_flags(name, flags);
  const std::string from_path = folder + (in_new ? "/new/" : "/cur/") + name;
  const std::string to_path = folder + "/cur/" + to;
  if (from_path != to_path && calls.rename(from_path.c_str(), to_path.c_str()) != 0) {
    return base::errno_error(from_path, errno);
  }
  return to;
}

}  // namespace maildir
