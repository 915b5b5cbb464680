// maildir-lib/dotlock.hh -- Dovecot's lock on a folder's uidlist and keywords: a file beside it.
// SPDX-License-Identifier: GPL-3.0-or-later
//
//   lock = PATH ".lock", made by link(2) or O_EXCL, holding pid ":" host
//
// As Dovecot's file-dotlock: a lock of a process of this host that is gone is taken over once it is
// two seconds old, any other after two minutes without a change of lock and file.
#pragma once

#include <chrono>
#include <string>

#include <sys/types.h>

#include "base/result.hh"

namespace maildir {

class Dotlock {
 public:
  // Locks `path`. timeout after `patience`; denied, over_quota and unavailable as the disk says.
  static base::Result<Dotlock> take(const std::string& path, std::chrono::milliseconds patience);

  Dotlock(Dotlock&& other) noexcept;
  Dotlock& operator=(Dotlock&&) = delete;
  Dotlock(const Dotlock&) = delete;
  Dotlock& operator=(const Dotlock&) = delete;
  ~Dotlock();  // unlocks, unless another has taken the lock over

 private:
  Dotlock(std::string lock, dev_t device, ino_t inode)
      : lock_(std::move(lock)), device_(device), inode_(inode) {}

  std::string lock_;  // empty when moved from
  dev_t device_;
  ino_t inode_;
};

}  // namespace maildir
