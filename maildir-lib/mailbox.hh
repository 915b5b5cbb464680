// maildir-lib/mailbox.hh -- the mails of one folder, listed again only when something changed.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Reads alone. A listing is kept with the stamps of new/, cur/, dovecot-uidlist and
// dovecot-keywords; a stamp younger than two seconds is not trusted (what happens within the grain
// of the clock would not show). A known name is never looked at twice: only new ones cost a stat().
// One thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "maildir-lib/beneath.hh"
#include "maildir-lib/filename.hh"
#include "maildir-lib/folder.hh"
#include "maildir-lib/uidlist.hh"

namespace maildir {

inline constexpr std::size_t max_mail_bytes = 192U << 20U;  // what is read into memory of one mail

struct Mail {
  std::string name;           // as last seen in new/ or cur/
  std::string guid;           // the uidlist's, else the base name
  std::uint64_t size = 0;     // octets, uncompressed
  std::int64_t received = 0;  // seconds: the file's mtime, Dovecot's INTERNALDATE
  Flags flags;
  bool in_new = false;

  std::string_view base() const { return base_name(name); }
};

// The octets of an open mail file, uncompressed; over_quota beyond max_mail_bytes.
base::Result<std::string> read_mail(int fd);
// The first `limit` of them.
base::Result<std::string> read_mail_start(int fd, std::size_t limit);

class Mailbox {
 public:
  Mailbox(const Directory& maildir, Folder folder)
      : maildir_(maildir), folder_(std::move(folder)) {}

  // Lists again when needed; true when anything is different. not_found when the folder is gone.
  base::Result<bool> refresh(base::WallTime now);

  // Newest first; of one second, the larger GUID first. Mail flagged deleted is among them.
  const std::vector<Mail>& mails() const { return mails_; }
  const Folder& folder() const { return folder_; }
  const Keywords& keywords() const { return keywords_; }
  const std::string& guid() const { return guid_; }  // of the folder; empty without a uidlist
  std::uint64_t digest() const { return digest_; }   // changes with every name, flag and keyword

  // The file of a mail; found again when its flags were changed meanwhile.
  base::Result<base::Fd> open(const Mail& mail) const;
  // Its octets, uncompressed.
  base::Result<std::string> read(const Mail& mail) const;

 private:
  struct Stamps {
    std::optional<Stamp> fresh;
    std::optional<Stamp> cur;
    std::optional<Stamp> uidlist;
    std::optional<Stamp> keywords;
    bool operator==(const Stamps&) const = default;
    bool is_racy(base::WallTime now) const;
  };

  base::Result<Directory> open_folder() const;
  static Stamps stamps_of(const Directory& folder);
  base::Result<void> list(const Directory& folder, const char* which,
                          std::unordered_map<std::string, Mail>& known, std::vector<Mail>& mails);
  void apply_uidlist(const Directory& folder, std::vector<Mail>& mails);
  static std::optional<Mail> first_look(const Directory& folder, const std::string& name);

  const Directory& maildir_;  // outlives this
  Folder folder_;
  Stamps stamps_;
  bool trusted_ = false;  // stamps_ was old enough when the listing was made
  std::vector<Mail> mails_;
  Keywords keywords_;
  std::string guid_;
  std::uint64_t digest_ = 0;
};

}  // namespace maildir
