// dovecot-plugin/packed.hh -- packed mail in Dovecot: links to packs found, opened as streams.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// A mail is asked for by its UID through maildir's own search, so that a rename meanwhile is
// followed; what is found under the name is looked at as a link before anything opens it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "maildir-lib/pack.hh"

#include "dovecot-plugin/compat/mail.hh"

namespace plugin {

// The packs of all Maildirs that a user's mailboxes are in; their last blocks stay uncompressed.
class PackShelf {
 public:
  // Null when the Maildir cannot be opened.
  std::shared_ptr<maildir::Packs> packs_of(const std::string& maildir);

 private:
  std::map<std::string, std::shared_ptr<maildir::Packs>> by_maildir_;
};

// 1: *stream_r is the mail. 0: it is not packed, or not there: maildir's own way tells. -1: it
// cannot be read; the error is set. No exception leaves these.
int open_packed(mail* mail, PackShelf& shelf, istream** stream_r);

// True for the streams that open_packed() makes: what they give is the mail.
bool is_packed(const istream* stream);

// 1: it is packed, and this is what lstat(2) says of the link. 0, -1 as above.
int look_at_packed(mail* mail, struct stat* st_r);

// True when a copy of this mail in `to` must be the whole mail: a link to a pack never leaves the
// Maildir that has the pack.
bool is_packed_elsewhere(mail* mail, mailbox* to);

}  // namespace plugin
