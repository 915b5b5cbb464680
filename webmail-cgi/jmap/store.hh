// webmail-cgi/jmap/store.hh -- one account's Maildir as JMAP sees it: mailboxes, Emails, rows.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A Store lives in a bounded cache of the process, by maildir path. StoreLock hands it out
// locked and refreshed: listings are made again only where the Maildir changed. Pointers into it
// hold as long as the lock. There is no index on disk yet; this is what stands in for it.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/handle.hh"
#include "base/result.hh"

#include "maildir-lib/mailbox.hh"

#include "webmail-cgi/account.hh"

namespace webmail::jmap {

// One file of an Email: where it lies.
struct Copy {
  std::uint32_t box = 0;   // index into Store::boxes()
  std::uint32_t mail = 0;  // index into its mails()
};

struct Email {
  std::string digits;        // of its id
  std::vector<Copy> copies;  // never empty, none flagged deleted
  bool seen = false;         // in every copy
  bool draft = false;        // in any copy
};

struct Box {
  std::unique_ptr<maildir::Mailbox> mailbox;
  std::string id;
  std::vector<const Email*> emails;  // newest first, each once
  std::size_t unread = 0;            // neither $seen nor $draft
};

// What lists show of a mail beyond its file's name and time.
struct Row {
  std::string header;  // the bytes of the header, blank line included
  std::string preview;
  bool has_attachment = false;
  bool is_whole = false;  // preview and has_attachment are known
};

class Store {
 public:
  // Opened files and mails read are kept from growing by these.
  static constexpr std::size_t max_row_bytes = 8U << 20U;  // of all rows kept for one account
  static constexpr std::size_t list_octets = 1U << 20U;    // of a mail read for its row

  explicit Store(maildir::Directory root)
      : root_(std::make_unique<maildir::Directory>(std::move(root))) {}
  static base::Result<std::unique_ptr<Store>> open(const std::string& maildir);

  base::Result<void> refresh(base::WallTime now);

  const std::vector<Box>& boxes() const { return boxes_; }
  const Box* find_box(std::string_view id) const;
  const Email* find(std::string_view digits) const;
  std::vector<const Email*> all_newest_first() const;
  std::size_t size() const { return emails_.size(); }
  const std::string& state() const { return state_; }
  const maildir::Subscriptions& subscriptions() const { return subscriptions_; }

  const maildir::Mail& mail(const Copy& copy) const {
    return boxes_[copy.box].mailbox->mails()[copy.mail];
  }
  const maildir::Mail& mail(const Email& email) const { return mail(email.copies.front()); }

  base::Result<base::Fd> open(const Email& email) const;
  base::Result<std::string> read(const Email& email) const;
  // Its row; with `whole` also what needs the body. Valid until the next call.
  base::Result<const Row*> row(const Email& email, bool whole);

 private:
  base::Result<bool> refresh_folders();
  base::Result<bool> refresh_mails(base::WallTime now);
  void index();
  void index_box(std::uint32_t box, std::unordered_map<std::string, std::unique_ptr<Email>>& old);
  void set_state();
  void forget_rows(std::size_t needed);

  std::unique_ptr<maildir::Directory> root_;
  std::vector<Box> boxes_;
  maildir::Subscriptions subscriptions_;
  std::unordered_map<std::string, std::unique_ptr<Email>> emails_;  // by GUID
  std::unordered_map<std::string_view, const Email*> by_digits_;
  std::string state_;

  struct KeptRow {
    std::string digits;
    Row row;
  };
  std::list<KeptRow> rows_;  // the one used last in front
  std::unordered_map<std::string_view, std::list<KeptRow>::iterator> row_at_;
  std::size_t row_bytes_ = 0;
};

// A locked Store. not_found when the account has no Maildir (yet).
class StoreLock {
 public:
  static base::Result<StoreLock> take(const Account& account);

  Store* operator->() const { return store_; }
  Store& operator*() const { return *store_; }

 private:
  StoreLock(std::shared_ptr<void> keep, std::unique_lock<std::mutex> lock, Store* store)
      : keep_(std::move(keep)), lock_(std::move(lock)), store_(store) {}

  std::shared_ptr<void> keep_;
  std::unique_lock<std::mutex> lock_;
  Store* store_;
};

}  // namespace webmail::jmap
