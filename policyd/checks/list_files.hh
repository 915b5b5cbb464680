// policyd/checks/list_files.hh -- the six list files of one folder: reading, watching, checking.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Changes are found by looking at the files every second or so, not by inotify: a look sees files
// that are replaced by rename, links to elsewhere, network file systems and folders that come later
// all alike, and costs a few microseconds on a worker. A file is read once it has stopped changing,
// so that what an editor writes piece by piece is not taken half.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/log.hh"

#include "policyd/checks/list_set.hh"

namespace policy {

// Tells versions of a file apart; all zero when there is none.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t modified = 0;  // nanoseconds, as is the next
  std::int64_t changed = 0;
  bool operator==(const FileStamp&) const = default;
};
using ListStamps = std::array<FileStamp, list_count>;
// Blocks.
ListStamps look_at_lists(const std::string& folder);

struct ListFiles {
  ListSet lists{};
  ListStamps stamps{};  // as they were just before reading
};

enum class ListRead { changed, all };
// Reads the files of `folder` that have changed since `old` (may be null), or all; one that exists
// but cannot be read stays as it is in `old`. Tells of each file read, and of each line that has no
// effect, in the log. Blocks.
std::shared_ptr<const ListFiles> read_list_files(const std::string& folder, const ListFiles* old,
                                                 ListRead which, base::Log& log);

// "FILE:LINE: text (hint)" for every line that has no effect and every file that cannot be read.
// Blocks.
std::string list_file_problems(const std::string& folder);

// Says when changed files have come to rest.
class ListWatch {
 public:
  // Given what a look has found: true when the lists, read at `in_force`, must be read again. A
  // file that never rests is read every few looks.
  bool is_due(const ListStamps& seen, const ListStamps& in_force);

 private:
  ListStamps last_{};
  int looks_ = 0;  // that found a change which was not read yet
};

}  // namespace policy
