// webmail-cgi/jmap/store.hh -- the index of an account, locked and up to date, for one method.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Open indexes are kept in a bounded cache of the process, by maildir path. One that is damaged is
// made anew from the Maildir before anybody sees it; ids stay. Worker threads, but where it says
// otherwise. docs/formats/index.md
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "base/result.hh"

#include "maildir-lib/index.hh"

#include "webmail-cgi/account.hh"

namespace webmail::jmap {

class StoreLock {
 public:
  // not_found when the account has no Maildir (yet).
  static base::Result<StoreLock> take(const Account& account);

  maildir::Index* operator->() const { return index_; }
  maildir::Index& operator*() const { return *index_; }

 private:
  StoreLock(std::shared_ptr<void> keep, std::unique_lock<std::mutex> lock, maildir::Index* index)
      : keep_(std::move(keep)), lock_(std::move(lock)), index_(index) {}

  std::shared_ptr<void> keep_;
  std::unique_lock<std::mutex> lock_;
  maildir::Index* index_;
};

// Goes on with a first build for about `budget`.
base::Result<void> build_index(const Account& account, std::chrono::milliseconds budget);

// Whether the index of an account was left unfinished by its last user. Any thread; never waits for
// a disk.
bool is_index_unfinished(const Account& account);

// The index gave Errc::corrupt to a method: the next user makes it anew.
void distrust_index(const Account& account);

// Called whenever an index had to be made anew, on the thread that does it. Set once, at the start.
using IndexReport = std::function<void(const Account& account, const base::Error& why)>;
void report_rebuilt_indexes(IndexReport report);

}  // namespace webmail::jmap
