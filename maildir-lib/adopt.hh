// maildir-lib/adopt.hh -- a Maildir of Courier or ExtMail becomes one of Dovecot where it lies.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// Before Dovecot opens an account first, what Courier's servers keep beside the mail is written as
// Dovecot keeps it: UIDs, UIDVALIDITY and POP3's UIDLs (dovecot-uidlist), keywords
// (dovecot-keywords, and letters in the names of files), subscriptions. Courier's own files stay,
// the content of no mail changes, and a base name only where sizes are asked for.
//
// dovecot-uidlist is written last of a folder, by a rename: a folder that has one is done, by an
// earlier run or by Dovecot itself, and is left alone. Until then all may be done again, with the
// same result: a run may be killed at any step. All of it is done under Dovecot's lock on the
// uidlist and the account's own. docs/formats/courier.md
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hh"
#include "base/result.hh"

#include "maildir-lib/beneath.hh"
#include "maildir-lib/delivery.hh"
#include "maildir-lib/upkeep.hh"

namespace maildir {

struct Adoption {
  bool is_rehearsal = false;     // tells what would be done
  bool gives_sizes = false;      // names get S= and W=; Courier does not know them again
  bool renames_folders = false;  // whose names are in UTF-8, as Courier IMAP 5 makes them
  std::chrono::milliseconds patience{30000};  // for Dovecot's lock
  const base::Clock* clock = &base::system_clock();
  DiskCalls* calls = &DiskCalls::real();
};

// What is told of a folder or an account.
struct AdoptNote {
  std::string what;  // a word: dovecot, damaged, keyword, name, subscription, size, shared, filter
  std::string path;
  std::string detail;
  bool needs_you = false;  // something is not as clients had it
};

enum class Adopted {
  now,       // or would be, in a rehearsal
  before,    // it has the UIDVALIDITY of Courier
  dovecots,  // Dovecot has opened it, and clients know its UIDs
  nothing,   // Courier has left nothing in it: Dovecot gives it UIDs
};

// Mails, each that are there.
struct AdoptCounts {
  std::uint64_t uids = 0;      // with the UID they had
  std::uint64_t uidls = 0;     // with the UIDL they had
  std::uint64_t keywords = 0;  // with keywords
  std::uint64_t sized = 0;     // whose names got sizes
};

struct AdoptedFolder {
  std::string disk_name;
  Adopted state = Adopted::nothing;
  AdoptCounts counts;
};

struct AdoptedAccount {
  std::vector<AdoptedFolder> folders;
  std::uint64_t subscriptions = 0;  // written
  std::uint64_t renamed = 0;        // folders
  std::vector<AdoptNote> notes;
};

// not_found when there is no Maildir; unavailable while another run works on it; timeout when
// Dovecot holds a folder's lock. Blocks.
base::Result<AdoptedAccount> adopt_account(const std::string& maildir, const Adoption& how,
                                           Watcher& watcher);

// One folder, at `path`, which is `disk_name` of the account. Under the account's lock.
base::Result<AdoptedFolder> adopt_folder(const Directory& root, const std::string& path,
                                         const std::string& disk_name, const Adoption& how,
                                         std::vector<AdoptNote>& notes);

// A new file, durable, in the place of `path`; under a lock: the name beside it is nobody else's.
base::Result<void> put_file(const std::string& path, std::string_view content, DiskCalls& calls);

}  // namespace maildir
