// maildir-lib/test_disk.hh -- disks that fail, and processes that end, at a chosen system call.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cerrno>
#include <functional>
#include <string>
#include <string_view>

#include <sys/wait.h>
#include <unistd.h>

#include "maildir-lib/delivery.hh"

namespace maildir {

// All calls go one way, by name.
class TestDisk : public DiskCalls {
 public:
  int done = 0;  // calls so far, the one under way with them

  int open(const char* path, int flags, mode_t mode) override {
    return run("open", [&] { return DiskCalls::open(path, flags, mode); });
  }
  ssize_t write(int fd, const void* data, std::size_t size) override {
    return run("write", [&] { return DiskCalls::write(fd, data, size); });
  }
  int fsync(int fd) override {
    return run("fsync", [&] { return DiskCalls::fsync(fd); });
  }
  int link(const char* from, const char* to) override {
    return run("link", [&] { return DiskCalls::link(from, to); });
  }
  int rename(const char* from, const char* to) override {
    return run("rename", [&] { return DiskCalls::rename(from, to); });
  }
  int unlink(const char* path) override {
    return run("unlink", [&] { return DiskCalls::unlink(path); });
  }
  int symlink(const char* text, const char* path) override {
    return run("symlink", [&] { return DiskCalls::symlink(text, path); });
  }
  int exchange(const char* one, const char* other) override {
    return run("exchange", [&] { return DiskCalls::exchange(one, other); });
  }

 protected:
  // 0: the call is made, or stands as it was made; else it fails with this errno.
  virtual int before(std::string_view /*call*/) { return 0; }
  virtual int behind(std::string_view /*call*/) { return 0; }

 private:
  template <typename Call>
  auto run(std::string_view name, Call call) -> decltype(call()) {
    ++done;
    int error = before(name);
    if (error == 0) {
      const auto answer = call();
      error = behind(name);
      if (error == 0) {
        return answer;
      }
    }
    errno = error;
    return -1;
  }
};

// Ends the process before or behind the n-th call; 0: never.
class Killer : public TestDisk {
 public:
  int kill_at = 0;
  bool kills_behind = false;

 protected:
  int before(std::string_view /*call*/) override {
    if (done == kill_at && !kills_behind) {
      ::_exit(9);
    }
    return 0;
  }
  int behind(std::string_view /*call*/) override {
    if (done == kill_at) {
      ::_exit(9);
    }
    return 0;
  }
};

// Every call of this name answers EIO.
class BrokenDisk final : public TestDisk {
 public:
  explicit BrokenDisk(std::string call) : call_(std::move(call)) {}

 protected:
  int before(std::string_view call) override { return call == call_ ? EIO : 0; }

 private:
  std::string call_;
};

// `work` in a process of its own that is killed at a call; false when it came to its end before.
inline bool run_killed(int at, bool behind, const std::function<void(DiskCalls&)>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    Killer disk;
    disk.kill_at = at;
    disk.kills_behind = behind;
    work(disk);
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 9;
}

}  // namespace maildir
