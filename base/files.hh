// base/files.hh -- reading whole files, and replacing them so that a crash leaves old or new.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// All of it blocks: never on a loop thread. Errors are those of errno_error(), the path in front.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/handle.hh"
#include "base/result.hh"

namespace base {

// The whole file. over_quota when it holds more than `limit` bytes.
Result<std::string> read_file(const std::string& path, std::size_t limit = 64U << 20U);

// Writes a temporary file beside `path`, fsyncs it, renames it over `path` and fsyncs the folder:
// after success the new content survives a power cut; after failure the old file is untouched.
Result<void> replace_file(const std::string& path, std::string_view content, mode_t mode = 0644);

// Renames within a folder and fsyncs it.
Result<void> rename_file(const std::string& from, const std::string& to);

// All of `bytes`, short writes retried.
Result<void> write_all(int fd, std::string_view bytes, std::string_view what);

Result<void> sync_file(int fd, std::string_view what);  // fsync(2)
Result<void> sync_directory(const std::string& path);   // fsync(2) of a folder

Result<Fd> open_file(const std::string& path, int flags, mode_t mode = 0600);  // adds O_CLOEXEC

// Makes `path` and its missing parents with `mode`; an existing folder is fine.
Result<void> make_directories(const std::string& path, mode_t mode = 0755);

// The names in a folder but "." and "..", in no order.
Result<std::vector<std::string>> list_directory(const std::string& path);

// "a/b/c" -> "a/b"; "c" -> "."; "/c" -> "/".
std::string parent_directory(std::string_view path);

}  // namespace base
