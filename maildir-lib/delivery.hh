// maildir-lib/delivery.hh -- writing a message file: tmp/, fsync, then its name in new/ or cur/.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// No locks: a name is made once in the world, and link(2) never takes the place of another file.
// Killed at any step, the mail is either in the folder whole, or a rest lies in tmp/ that nobody
// reads and that Dovecot removes after 36 hours. Right on NFS, where an answer may get lost: what
// counts is how many links the file has. docs/formats/maildir.md
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <sys/types.h>

#include "base/clock.hh"
#include "base/handle.hh"
#include "base/result.hh"

#include "maildir-lib/filename.hh"
#include "maildir-lib/zstd.hh"

namespace maildir {

// The calls that change a disk; a test puts its own in their place to let them fail. As the system
// calls of those names: -1 and errno.
class DiskCalls {
 public:
  virtual ~DiskCalls() = default;
  virtual int open(const char* path, int flags, mode_t mode);
  virtual ssize_t write(int fd, const void* data, std::size_t size);
  virtual int fsync(int fd);
  virtual int link(const char* from, const char* to);
  virtual int rename(const char* from, const char* to);
  virtual int unlink(const char* path);
  virtual int symlink(const char* text, const char* path);
  virtual int exchange(const char* one, const char* other);  // renameat2(2), RENAME_EXCHANGE

  static DiskCalls& real();

 protected:
  DiskCalls() = default;
  DiskCalls(const DiskCalls&) = default;
  DiskCalls& operator=(const DiskCalls&) = default;
};

// Makes what was made, renamed and removed in a folder durable.
base::Result<void> sync_folder(const std::string& path, DiskCalls& calls);

struct DeliveryOptions {
  int zstd_level = 0;                    // 0: as it is
  std::optional<std::int64_t> received;  // seconds, the file's mtime; else now
  mode_t mode = 0600;
  // Of the file, before its sizes; made once in the world when empty. Who gives one sees to it that
  // nobody else uses it: what a killed run of his left in tmp/ under that name is removed.
  std::string name{};
};

// The name of a file that no other host, process or call makes: seconds.MmicrosecondsPpidQn.host.
std::string unique_name(base::WallTime now);

// One message. Blocks. One thread.
class Delivery {
 public:
  // Into the folder with tmp/, new/ and cur/ at `path`.
  static base::Result<Delivery> begin(std::string path, const base::Clock& clock,
                                      const DeliveryOptions& options,
                                      DiskCalls& calls = DiskCalls::real());
  Delivery(Delivery&& other) noexcept;
  Delivery& operator=(Delivery&&) = delete;
  Delivery(const Delivery&) = delete;
  Delivery& operator=(const Delivery&) = delete;
  ~Delivery();  // what was not committed is removed

  // The message's next octets, with LF or CRLF line ends: they are kept as they are.
  base::Result<void> write(std::string_view bytes);

  // Makes it durable and gives it its name: in new/, or in cur/ when it has flags. After success it
  // survives a power cut; after failure there is no mail. over_quota when the disk is full.
  base::Result<std::string> commit(std::optional<Flags> flags = std::nullopt);

 private:
  Delivery(std::string path, DeliveryOptions options, DiskCalls& calls)
      : path_(std::move(path)), options_(std::move(options)), calls_(&calls) {}

  base::Result<void> send();
  base::Result<void> settle();
  base::Result<void> publish(const std::string& target);
  std::string tmp_path() const { return path_ + "/tmp/" + name_; }

  std::string path_;
  DeliveryOptions options_;
  DiskCalls* calls_;
  std::string name_;  // in tmp/; empty when there is nothing to remove
  base::Fd fd_;
  std::optional<FrameWriter> frames_;
  std::string ready_;
  std::uint64_t size_ = 0;
  std::uint64_t bare_lines_ = 0;  // line ends without CR
  char last_ = '\0';
};

// The same mail under one more name, in another folder of the file system: hard-linked. `size` and
// `virtual_size` go into the name. Durable on success. unavailable when it cannot be linked.
base::Result<std::string> link_message(const std::string& file, const std::string& folder,
                                       std::uint64_t size, std::uint64_t virtual_size,
                                       const base::Clock& clock,
                                       DiskCalls& calls = DiskCalls::real());

// Gives a message file other flags: a rename, in cur/. The new name. not_found when the file has
// another name by now: list again.
base::Result<std::string> set_flags(const std::string& folder, const std::string& name, bool in_new,
                                    Flags flags, DiskCalls& calls = DiskCalls::real());

}  // namespace maildir
