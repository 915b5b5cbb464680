// maildir-lib/beneath.hh -- folders of an account, opened so that no symbolic link leads out of it.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Every step below the first goes by openat(2) with O_NOFOLLOW; only folders and regular files
// open. All of it blocks.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hh"
#include "base/handle.hh"
#include "base/result.hh"

namespace maildir {

// What tells that a folder or file is the same as before. Times in nanoseconds.
struct Stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t modified = 0;
  std::int64_t changed = 0;
  std::uint64_t size = 0;
  bool operator==(const Stamp&) const = default;

  // True when it may change again without looking different: it is younger than the grain of the
  // file system's clock, with room to spare.
  bool is_racy(base::WallTime now) const;
};

struct DirectoryEntry {
  std::string name;
  bool is_directory = false;
  bool is_file = false;
  bool is_link = false;
  bool is_unknown = false;  // the file system does not say
};

class Directory {
 public:
  // The one step that follows links: the administrator's own path.
  static base::Result<Directory> open(const std::string& path);

  base::Result<Directory> again() const;  // this folder once more
  base::Result<Directory> open_directory(const std::string& name) const;
  // A regular file for reading; denied for anything else.
  base::Result<base::Fd> open_file(const std::string& name) const;
  // The whole of a small file; not_found, over_quota.
  base::Result<std::string> read_file(const std::string& name, std::size_t limit) const;

  // The text of a symbolic link, never followed; nothing when it is something else.
  base::Result<std::optional<std::string>> read_link(const std::string& name) const;

  Stamp stamp() const;  // its own
  // Nothing when there is no such name. Links are not followed.
  std::optional<Stamp> stamp(const std::string& name) const;
  base::Result<std::vector<DirectoryEntry>> list() const;

 private:
  explicit Directory(base::Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

  base::Fd fd_;
  std::string path_;  // for errors
};

// The first octets of an open file, at most `limit`.
base::Result<std::string> read_start(int fd, std::size_t limit);

// Octets of an open file from an offset on, at most `limit`.
base::Result<std::string> read_part(int fd, std::uint64_t from, std::size_t limit);

// All octets of an open file, at most `limit`; over_quota beyond.
base::Result<std::string> read_all(int fd, std::size_t limit);

Stamp stamp_of(int fd);

}  // namespace maildir
